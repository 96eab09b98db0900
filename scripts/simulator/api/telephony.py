"""A running session as the call-control API shows it, and the extension a token belongs to."""

from typing import Any

from flask import Request

from scripts.simulator.api.call_log import extension_id
from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.moments import written
from scripts.simulator.notifications import party_body
from scripts.simulator.problems import ApiError
from scripts.simulator.scripting import Step
from scripts.simulator.take import Take
from scripts.simulator.world import EXTENSIONS


def show_session(box: Box, _request: Request, telephony_session_id: str) -> Reply:
    """Show the parties of a session that is on; one that has ended is not found."""
    take, now = box.player.find(telephony_session_id), box.clock()
    if take is None or not take.begins_at <= now < take.ends_at:
        raise ApiError("not_found", "telephonySessionId")
    latest = {step.party: step for step in take.session.steps if take.when(step.at) <= now}
    return Reply(
        {
            "id": telephony_session_id,
            "sessionId": take.ids.session_id,
            "creationTime": written(take.begins_at),
            "origin": {"type": take.session.origin},
            "parties": [_party(take, step, box.configuration.account_id) for step in latest.values()],
        }
    )


def show_extension(box: Box, _request: Request, extension: str) -> Reply:
    """Show an extension and the account it belongs to."""
    own = extension_id(extension)
    account = box.configuration.account_id
    uri = f"{box.base_url}/restapi/v1.0/account/{account}"
    return Reply(
        {
            "uri": f"{uri}/extension/{own}",
            "id": int(own),
            "account": {"uri": uri, "id": account},
            "extensionNumber": EXTENSIONS[own].extension_number,
            "name": EXTENSIONS[own].name,
            "type": "User",
            "status": "Enabled",
        }
    )


def _party(take: Take, step: Step, account_id: str) -> dict[str, Any]:
    """Write a party as the API has it: the account and extension stand below `owner`."""
    body = party_body(take, step, account_id)
    owner = {key: body.pop(key) for key in ("accountId", "extensionId") if key in body}
    kept = ("id", "direction", "from", "to", "status", "muted", "standAlone", "park")
    return {key: body[key] for key in kept} | {"owner": owner}
