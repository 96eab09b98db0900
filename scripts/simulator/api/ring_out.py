"""The RingOut endpoints: place, look at, cancel."""

from typing import Any

from flask import Request

from scripts.simulator.api import asked
from scripts.simulator.api.call_log import extension_id
from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.problems import ApiError
from scripts.simulator.ringouts import FORWARDING, Placed
from scripts.simulator.world import AGENTS, MAIN_NUMBER

_SHORTEST = 7
_COMPANY = frozenset({MAIN_NUMBER, *(agent.phone_number for agent in AGENTS)})


def place(box: Box, request: Request, extension: str) -> Reply:
    """Call two numbers, one after the other."""
    own, body = extension_id(extension), asked.json_object(request)
    source, target = _caller(body), _number(_object(body, "to"), "ringout_to")
    caller_id = _object(body, "callerId").get("phoneNumber")
    if caller_id is not None and caller_id not in _COMPANY:
        raise ApiError("ringout_caller_id", str(caller_id))
    if not isinstance(body.get("playPrompt", False), bool):
        raise ApiError("bad_parameter", "playPrompt")
    return _shown(box, box.ringouts.place(source, target), own)


def show(box: Box, _request: Request, extension: str, ringout_id: str) -> Reply:
    """Show the status, as long as there is one."""
    return _shown(box, box.ringouts.find(ringout_id), extension_id(extension))


def cancel(box: Box, _request: Request, extension: str, ringout_id: str) -> Reply:
    """Hang up, while the two are not connected."""
    extension_id(extension)
    box.ringouts.cancel(ringout_id)
    return Reply(status=204)


def _caller(body: dict[str, Any]) -> str:
    source = _object(body, "from")
    if "forwardingNumberId" in source:
        number = FORWARDING.get(str(source["forwardingNumberId"]))
        if number is None:
            raise ApiError("not_found", "forwardingNumberId")
        return number
    return _number(source, "ringout_from")


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise ApiError("bad_parameter", name)
    return value


def _number(end: dict[str, Any], problem: str) -> str:
    number = end.get("phoneNumber", "")
    if not isinstance(number, str) or len(number) < _SHORTEST or not number.lstrip("+").isdecimal():
        raise ApiError(problem)
    return number


def _shown(box: Box, placed: Placed, extension: str) -> Reply:
    live = placed.live(box.clock()) or placed.takes[0].session.live[0]
    account = f"{box.base_url}/restapi/v1.0/account/{box.configuration.account_id}"
    return Reply(
        {
            "uri": f"{account}/extension/{extension}/ring-out/{placed.id}",
            "id": placed.id,
            "status": {"callStatus": live.call, "callerStatus": live.caller, "calleeStatus": live.callee},
        }
    )
