"""The inbox: the log of what RingCentral told us, word for word.

`web` appends bodies and answers; everything else happens later, from here. The append and the decision whether a bell
must be rung are one script, one round trip.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final, cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from runtime import bells, faults, keys, streams
from runtime.bells import Stage
from runtime.redis_line import Line

_APPEND: Final = """
-- Store bodies. KEYS: inbox, rung, bells. ARGV: rung time (ms), bell, bodies. Gives 1 when the bell must be rung.
for i = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'body', ARGV[i]) end
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[3], 'LT', tonumber(redis.call('TIME')[1]) + 2, ARGV[2])
return 1
"""


class Entry(msgspec.Struct, frozen=True):
    """One stored body. `id` is its place in the inbox."""

    id: str
    body: bytes

    @property
    def arrived_at(self) -> float:
        """Seconds since 1970, by Redis's clock."""
        return streams.added_at(self.id)


class Inbox:
    """One account's inbox, for appending. Safe to share between threads."""

    def __init__(self, redis: Redis, account: str, line: Line | None = None) -> None:
        self._redis = redis
        self._account = account
        self._line = line or Line(redis)
        names = (keys.inbox(account), keys.rung(account, Stage.TRACK), keys.BELLS)
        self._words = (len(names), *names, bells.RUNG_SECONDS * 1000, bells.member(Stage.TRACK, account))
        self._script = redis.register_script(_APPEND)

    def append(self, *bodies: bytes) -> None:
        """Store bodies, all or none, and see to it that they are tracked. Raises RedisError.

        When this returns, Redis has them.
        """
        faults.point("receive.before-append")
        must_ring = self._line.run(self._script, *self._words, *bodies)
        faults.point("receive.after-append")
        if must_ring:
            with suppress(RedisError):  # the bodies are stored, and the clock rings within seconds in our place
                bells.ring(self._redis, Stage.TRACK, self._account)


def arrived(redis: Redis, account: str, *, since: float, until: float) -> Iterator[Entry]:
    """Read what arrived from `since` to `until` (seconds), in order."""
    first, last = str(max(0, int(since * 1000))), str(int(until * 1000))
    for place, fields in streams.entries(redis, keys.inbox(account), first=first, last=last):
        yield Entry(place.decode(), fields.get(b"body", b""))


def tracked_to(redis: Redis, account: str) -> str:
    """Give the place up to which track has read: that of the last body it has folded."""
    return (cast("bytes | None", redis.get(keys.inbox_cursor(account))) or b"0-0").decode()
