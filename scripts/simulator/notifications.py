"""Write a scenario's step as the notification RingCentral would post."""

from typing import Any

from scripts.simulator.chance import digits
from scripts.simulator.moments import written
from scripts.simulator.scripting import Party, Step
from scripts.simulator.take import FIRST_SEQUENCE, Take
from scripts.simulator.world import Cast, Endpoint


def party_body(take: Take, step: Step, account_id: str) -> dict[str, Any]:
    """Write the one party a notification is about."""
    party, cast = take.session.parties[step.party - 1], take.call.cast
    body: dict[str, Any] = {"accountId": account_id}
    if party.owner is not None:
        body["extensionId"] = cast[party.owner].extension_id
    body |= {
        "id": take.ids.party_id(step.party),
        "direction": party.direction,
        "to": _end(cast[party.target]),
        "from": _end(cast[party.source]),
        "status": _status(take, step),
        "park": {},
        "missedCall": step.missed,
        "standAlone": False,
        "muted": False,
    }
    if party.queue_call:
        body |= {"queueCall": True, "uiCallInfo": _screen_text(party, cast)}
    return body


def notification_body(take: Take, number: int, account_id: str) -> dict[str, Any]:
    """Write the `body` of the session's step `number`, counted from 0."""
    step = take.session.steps[number]
    return {
        "sequence": FIRST_SEQUENCE + number,
        "sessionId": take.ids.session_id,
        "telephonySessionId": take.ids.telephony_session_id,
        "serverId": "10.0.0.1.SIM",
        "eventTime": written(take.when(step.at)),
        "parties": [party_body(take, step, account_id)],
        "origin": {"type": take.session.origin},
    }


def notification(
    body: dict[str, Any], *, account_id: str, subscription_id: str, owner_id: str, uuid: str, now: float
) -> dict[str, Any]:
    """Put a body into its envelope. The event names the extension whenever the party has one."""
    extension_id = body["parties"][0].get("extensionId")
    extension = f"/extension/{extension_id}" if extension_id else ""
    return {
        "uuid": uuid,
        "event": f"/restapi/v1.0/account/{account_id}{extension}/telephony/sessions",
        "timestamp": written(now),
        "subscriptionId": subscription_id,
        "ownerId": owner_id,
        "body": body,
    }


def notification_uuid(session_seed: int, number: int, subscription_id: str) -> str:
    """Make the 19 digits that name one notification to one subscription."""
    return digits(19, session_seed, number, subscription_id)


def _end(endpoint: Endpoint) -> dict[str, str]:
    known = {
        "phoneNumber": endpoint.phone_number,
        "name": endpoint.name,
        "extensionId": endpoint.extension_id,
    }
    return {key: value for key, value in known.items() if value is not None}


def _status(take: Take, step: Step) -> dict[str, Any]:
    status: dict[str, Any] = {"code": step.code}
    if step.reason is not None:
        status["reason"] = step.reason
    if step.park_data is not None:
        status["parkData"] = step.park_data
    if step.peer is not None:
        peer = take.call.sessions[1 - take.place if step.peer_in is None else step.peer_in]
        status["peerId"] = {
            "sessionId": peer.session_id,
            "telephonySessionId": peer.telephony_session_id,
            "partyId": peer.party_id(step.peer),
        }
    status["rcc"] = False
    return status


def _screen_text(party: Party, cast: Cast) -> dict[str, Any]:
    """Write what a queue agent's phone shows."""
    queue, caller = cast[party.target], cast[party.source]
    return {
        "primary": {"type": "QueueName", "value": queue.name},
        "additional": {"type": "CallerIdName", "value": caller.name or caller.phone_number},
    }
