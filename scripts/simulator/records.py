"""Write a scenario's records as the call log lists them: final, provisional, and with a recording."""

from typing import Any

from scripts.simulator.chance import digits
from scripts.simulator.moments import written
from scripts.simulator.scenarios.ringout_parts import FAMILIES
from scripts.simulator.scripting import Leg, Record
from scripts.simulator.take import Take
from scripts.simulator.world import Endpoint, Role

CONNECTED = frozenset({"Accepted", "Call connected"})
_QUEUE_LEGS_MID_CALL = ("Stopped", "IP Phone Offline")


class RecordWriter:
    """Write records of one account, with links below one base URL."""

    def __init__(self, base_url: str, account_id: str) -> None:
        self._account = f"{base_url}/restapi/v1.0/account/{account_id}"

    def final(self, take: Take, *, recorded: bool, now: float) -> list[dict[str, Any]]:
        """Write the session's records as they stay, with their recording if it has arrived."""
        documents = []
        for record, record_id in zip(take.session.records, take.ids.record_ids, strict=True):
            document = self._head(take, record_id, now) | self._common(take, record)
            if record.message is not None:
                document["message"] = self._message(take, record)
            if recorded and is_recordable(record):
                document["recording"] = self._recording(take)
            document["billing"] = {"costIncluded": 0.0, "costPurchased": 0.0}
            document["legs"] = [self._leg(take, leg, record, recorded=recorded) for leg in record.legs]
            documents.append(document)
        return documents

    def provisional(self, take: Take, *, now: float) -> list[dict[str, Any]]:
        """Write the first record as it may be listed mid-call, to be rewritten once the call has ended."""
        record, record_id = take.session.records[0], take.ids.record_ids[0]
        shape = _as_queue_call if take.call.scenario.always_provisional else _as_in_progress
        final = self.final(take, recorded=False, now=now)[0]
        return [shape(final, take, now) | {"id": record_id, "type": record.type}]

    def _head(self, take: Take, record_id: str, now: float) -> dict[str, Any]:
        return {
            "uri": f"{self._account}/call-log/{record_id}?view=Detailed",
            "id": record_id,
            "sessionId": take.ids.session_id,
            "lastModifiedTime": written(now),
        }

    def _common(self, take: Take, entry: Record | Leg) -> dict[str, Any]:
        """Write what a record and a leg have in common."""
        milliseconds = round((take.when(entry.end) - take.when(entry.start)) * 1000)
        document: dict[str, Any] = {
            "telephonySessionId": take.ids.telephony_session_id,
            "startTime": written(take.when(entry.start)),
            "duration": milliseconds // 1000,
            "durationMs": milliseconds,
            "type": entry.type,
            "internalType": "Local" if entry.transport == "VoIP" else "LongDistance",
            "direction": entry.direction,
            "action": entry.action.format(action=FAMILIES[take.call.family]),
            "result": entry.result,
            "to": _end(take.call.cast[entry.target]),
            "from": _end(take.call.cast[entry.source]),
            "transport": entry.transport,
        }
        if entry.extension is not None:
            document["extension"] = self._extension(take.call.cast[entry.extension])
        if entry.reason is not None:
            document["reason"] = entry.reason
        return document

    def _leg(self, take: Take, leg: Leg, record: Record, *, recorded: bool) -> dict[str, Any]:
        document = self._common(take, leg)
        document["legType"] = leg.leg_type.format(family=take.call.family)
        if leg.master:
            document["master"] = True
            if record.message is not None:
                document["message"] = self._message(take, record)
        if recorded and is_recordable(leg):
            document["recording"] = self._recording(take)
        if leg.transfers_to is not None:
            target = take.call.sessions[leg.transfers_to]
            document["transferee"] = {"telephonySessionId": take.ids.telephony_session_id}
            document["transferTarget"] = {"telephonySessionId": target.telephony_session_id}
        return document

    def _extension(self, endpoint: Endpoint) -> dict[str, Any]:
        # RingCentral writes this id as a number here, and as a string everywhere else.
        return {
            "uri": f"{self._account}/extension/{endpoint.extension_id}",
            "id": int(endpoint.extension_id or 0),
        }

    def _message(self, take: Take, record: Record) -> dict[str, str]:
        owner = take.call.cast[record.extension or Role.AGENT].extension_id
        number = digits(10, take.ids.seed, "message")
        uri = f"{self._account}/extension/{owner}/message-store/{number}"
        return {"id": number, "type": record.message or "", "uri": uri}

    def _recording(self, take: Take) -> dict[str, str]:
        number = digits(10, take.ids.seed, "recording")
        uri = f"{self._account}/recording/{number}"
        return {"id": number, "uri": uri, "type": "Automatic", "contentUri": f"{uri}/content"}


def is_recordable(entry: Record | Leg) -> bool:
    """Say whether a recording can be kept of it: only connected voice calls have one."""
    return entry.type == "Voice" and entry.result in CONNECTED


def _as_in_progress(final: dict[str, Any], _take: Take, now: float) -> dict[str, Any]:
    """Turn a final record into one of a call still on: no duration, no reason, result `In Progress`."""
    unknown = ("duration", "durationMs", "reason", "message", "recording")
    happened = [leg for leg in final["legs"] if leg["startTime"] <= written(now)]
    legs = [
        {key: value for key, value in leg.items() if key not in unknown} | {"result": "In Progress"}
        for leg in happened or final["legs"][:1]
    ]
    document = {key: value for key, value in final.items() if key not in unknown}
    return document | {"result": "In Progress", "legs": legs}


def _as_queue_call(final: dict[str, Any], take: Take, now: float) -> dict[str, Any]:
    """Turn a queue call's record into what is listed mid-call: an outbound VoIP call to phones that stopped.

    It starts later than the final one and lacks the `Accept` leg.
    """
    phones = [leg for leg in final["legs"] if leg["legType"] == "PstnToSip"]
    milliseconds = max(0, round((now - take.started_at) * 400))
    spent = {"duration": milliseconds // 1000, "durationMs": milliseconds}
    legs = [
        leg | spent | {"result": result, "reason": "Stopped" if result == "Stopped" else "No Digital Line"}
        for leg, result in zip(phones, _QUEUE_LEGS_MID_CALL, strict=False)
    ]
    document = {key: value for key, value in final.items() if key not in {"reason", "message", "extension"}}
    return (
        document
        | spent
        | {
            "startTime": legs[0]["startTime"],
            "direction": "Outbound",
            "action": "VoIP Call",
            "result": "Stopped",
            "to": legs[0]["to"],
            "legs": legs,
        }
    )


def _end(endpoint: Endpoint) -> dict[str, str]:
    known = {
        "phoneNumber": endpoint.phone_number,
        "name": endpoint.name,
        "location": endpoint.location,
        "extensionId": endpoint.extension_id,
        "extensionNumber": endpoint.extension_number,
    }
    return {key: value for key, value in known.items() if value is not None}
