"""The trail of actions: who did what by hand, by the dashboard or by the API, so that it can be asked later.

A stream that upkeep trims to the retention. It never holds a token, a secret or a phone number.
"""

from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import keys

_LONGEST: Final = 200


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing somebody did. `at` is seconds, set when it is read; `what` our word, `target` the id it was done to."""

    who: str
    via: str
    address: str
    what: str
    target: str = ""
    detail: str = ""
    id: str = ""
    at: float = 0.0


class Page(msgspec.Struct, frozen=True):
    """Some actions, newest first, and what to ask for to get those before them; None when there are none."""

    items: tuple[Action, ...]
    next: str | None


def record(redis: "Redis", action: Action) -> None:
    """Write an action down."""
    texts = {name: getattr(action, name)[:_LONGEST] for name in ("who", "via", "address", "what", "target", "detail")}
    redis.xadd(keys.ACTIONS, {"action": msgspec.json.encode(Action(**texts))})


def page(redis: "Redis", *, after: str | None = None, limit: int = 50) -> Page:
    """Read what was done, newest first, before the action whose id is `after`."""
    newest = f"({after}" if after else "+"
    rows = cast("list[Any]", redis.xrevrange(keys.ACTIONS, max=newest, count=limit + 1))
    items = tuple(_read(row_id.decode(), fields[b"action"]) for row_id, fields in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else None)


def _read(row_id: str, text: bytes) -> Action:
    at = int(row_id.partition("-")[0]) / 1000
    return msgspec.structs.replace(msgspec.json.decode(text, type=Action), id=row_id, at=at)
