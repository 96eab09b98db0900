"""The trail of actions: who did what by hand, by the dashboard or by the API, so that it can be asked later.

A stream that upkeep trims to the retention. It never holds a token, a secret or a phone number.
"""

import secrets
from typing import Final

import msgspec
from redis import Redis

from runtime import keys, streams
from runtime.streams import Fields, Page

_LONGEST: Final = 200

_RECORD: Final = """
-- Write an action down, once, though the answer to that be lost and it be sent again. KEYS: trail. ARGV: action, mark.
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 20)) do
  if entry[2][4] == ARGV[2] then return 0 end
end
redis.call('XADD', KEYS[1], '*', 'action', ARGV[1], 'mark', ARGV[2])
return 1
"""


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


def record(redis: Redis, action: Action) -> None:
    """Write an action down."""
    texts = {name: getattr(action, name)[:_LONGEST] for name in ("who", "via", "address", "what", "target", "detail")}
    words: list[str | bytes] = [msgspec.json.encode(Action(**texts)), secrets.token_hex(8)]
    redis.register_script(_RECORD)(keys=[keys.ACTIONS], args=words)


def page(redis: Redis, *, after: str | None = None, limit: int = 50) -> Page[Action]:
    """Read what was done, newest first, before the action whose id is `after`."""
    return streams.page(redis, keys.ACTIONS, _read, after=after, limit=limit)


def _read(place: str, fields: Fields) -> Action:
    action = msgspec.json.decode(fields[b"action"], type=Action)
    return msgspec.structs.replace(action, id=place, at=streams.added_at(place))
