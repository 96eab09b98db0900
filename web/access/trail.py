"""Write down who did what: every request that changed something, by whichever door it came.

The name of the route says what was done, its arguments to what. Bodies are never written down: they may hold secrets.
"""

from flask import Flask, Response, g, request
from redis import Redis
from redis.exceptions import RedisError

from runtime import actions
from runtime.actions import Action
from runtime.logs import log
from web.access.roles import Role, may
from web.access.visitors import Visitor, visitor

_FAILED = 400


def add_trail(app: Flask, redis: Redis) -> None:
    """Have every action of somebody who was let in written down once it is done."""

    @app.after_request
    def write_down(response: Response) -> Response:
        who = visitor()
        changes = not may(Role.READER, request.method)
        if who is not None and changes and response.status_code < _FAILED and request.endpoint:
            _write(redis, _action(who, response))
        return response


def note(detail: str) -> None:
    """Say more of what this request does than its route tells, in a few words without numbers and names."""
    g.detail = detail


def made(target: str) -> None:
    """Say what this request has made, where the address of its answer does not."""
    g.made = target


def _action(who: Visitor, response: Response) -> Action:
    created = response.headers.get("Location", "").rpartition("/")[2] if response.status_code == 201 else ""  # noqa: PLR2004 - Created
    target = g.get("made") or created or "/".join(map(str, (request.view_args or {}).values()))
    word = (request.endpoint or "").rpartition(".")[2].replace("_", " ")
    return Action(
        who=who.name or who.role,
        via=who.via,
        address=who.address,
        what=word,
        target=target,
        detail=g.get("detail", ""),
    )


def _write(redis: Redis, action: Action) -> None:
    """Write it down; what was done is done, so a Redis that went away just now makes it a line of the log."""
    try:
        actions.record(redis, action)
    except RedisError as error:
        log.error("action.not_written_down", what=action.what, via=action.via, error=type(error).__name__)
