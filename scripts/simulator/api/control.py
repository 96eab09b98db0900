"""The control API: what a test or a demonstration tells the simulator. See the package's docstring."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from flask import Request, Response, request

from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.fault_table import FAULTS, FaultRequest, switch
from scripts.simulator.ringouts import plan_of
from scripts.simulator.scenarios import SCENARIOS


class PlayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /simulator/calls` takes."""

    count: int
    rate: float = 1.0
    scenario: str | None = None
    speed: float = 1.0


def _play(box: Box, request: Request) -> Reply:
    asked = msgspec.json.decode(request.get_data(), type=PlayRequest)
    if asked.count < 1 or asked.rate <= 0 or asked.speed <= 0:
        raise ValueError("count, rate and speed must be above 0")
    scenario = None if asked.scenario is None else SCENARIOS[asked.scenario]
    takes = box.player.play(asked.count, rate=asked.rate, scenario=scenario, speed=asked.speed)
    return Reply({"telephonySessionIds": [take.ids.telephony_session_id for take in takes]}, 201)


def _truth(box: Box, _request: Request) -> Reply:
    return Reply(box.truth())


def _status(box: Box, _request: Request) -> Reply:
    return Reply(box.status())


def _requests(box: Box, _request: Request) -> Reply:
    return Reply({"items": box.requests.all()})


def _scenarios(_box: Box, _request: Request) -> Reply:
    return Reply({"items": [{"name": name, "sessions": len(one.sessions)} for name, one in SCENARIOS.items()]})


def _faults(box: Box, _request: Request) -> Reply:
    known = {name: {"meaning": fault.meaning, "fields": fault.fields} for name, fault in FAULTS.items()}
    return Reply({"on": box.faults.document(), "known": known})


def _switch(box: Box, request: Request) -> Reply:
    switch(box, msgspec.json.decode(request.get_data(), type=FaultRequest))
    return Reply({"on": box.faults.document()})


def _ringouts(box: Box, _request: Request) -> Reply:
    return Reply(box.ringouts.document())


def _plan_ringouts(box: Box, request: Request) -> Reply:
    box.ringouts.plan = plan_of(msgspec.json.decode(request.get_data()))
    return Reply(box.ringouts.document())


def _notifications(box: Box, request: Request) -> Reply:
    documents = msgspec.json.decode(request.get_data(), type=list[dict[str, Any]])
    return Reply({"statuses": box.deliveries.post_now(documents)})


_ROUTES: tuple[tuple[str, str, Callable[[Box, Request], Reply]], ...] = (
    ("POST", "/calls", _play),
    ("GET", "/truth", _truth),
    ("GET", "/status", _status),
    ("GET", "/requests", _requests),
    ("GET", "/scenarios", _scenarios),
    ("GET", "/faults", _faults),
    ("POST", "/faults", _switch),
    ("POST", "/notifications", _notifications),
    ("GET", "/ringouts", _ringouts),
    ("POST", "/ringouts", _plan_ringouts),
)


def control_views(box: Box) -> dict[tuple[str, str], Callable[[], Response]]:
    """Make the views of one box, by method and path."""
    return {(method, f"/simulator{path}"): partial(_answer, handler, box) for method, path, handler in _ROUTES}


def _answer(handler: Callable[[Box, Request], Reply], box: Box) -> Response:
    """Answer a control request; one that makes no sense is told why."""
    try:
        reply = handler(box, request)
    except KeyError as fault:
        reply = Reply({"error": f"there is no {fault}"}, 400)
    except ValueError as fault:  # msgspec's errors are ValueErrors too
        reply = Reply({"error": str(fault)}, 400)
    return reply.response({})
