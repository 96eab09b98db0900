"""Since when calls are kept: for the retention, but for those that were written under a shorter one.

What is stored of a call has a time to live from when it was written. So where the retention is made longer, the calls
of until then are gone when they would have been, and must not be looked for as if they were missing. Their places in
lists have no time to live: those are struck off once nothing is left of a call.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.stored import readable

SPARE_SECONDS: Final = 3600.0
"""How long after upkeep other processes may go on by a shorter retention: they are restarted one after the other."""


class Shorter(msgspec.Struct, frozen=True):
    """A retention, in seconds, by which something was written `until` then (seconds since 1970)."""

    seconds: float
    until: float


class Lifetimes(msgspec.Struct, frozen=True):
    """The retention that upkeep goes by, in seconds, and the shorter ones by which something may have been written."""

    seconds: float
    shorter: tuple[Shorter, ...] = ()

    def changed(self, seconds: float, *, now: float) -> "Lifetimes":
        """Go by another retention from `now` on; shorter ones are forgotten once all of their calls would be over."""
        kept = tuple(one for one in self.shorter if one.seconds < seconds and one.until > now - seconds)
        if self.seconds >= seconds:
            return Lifetimes(seconds, kept)
        return Lifetimes(seconds, (*kept, Shorter(self.seconds, now + SPARE_SECONDS)))

    def begin(self, *, now: float) -> float:
        """Say since when all calls are kept. Seconds since 1970."""
        return max(now - self.seconds, *(min(one.until, now - one.seconds) for one in self.shorter), 0.0)


def note(redis: Redis, seconds: float, *, now: float) -> float:
    """Note that the retention is `seconds`; say since when calls are kept. For upkeep."""
    before = _load(redis, seconds)
    after = before.changed(seconds, now=now)
    if after != before or not redis.exists(keys.RETENTION):
        redis.set(keys.RETENTION, msgspec.json.encode(after))
    return after.begin(now=now)


def kept_since(redis: Redis, seconds: float, *, now: float) -> float:
    """Say since when calls are kept where the retention is `seconds`. Seconds since 1970."""
    return max(now - seconds, _load(redis, seconds).begin(now=now))


class Keeping:
    """Tells calls that are older than anything that is kept; Redis is asked once, and not about those of this hour."""

    def __init__(self, redis: Redis, seconds: float) -> None:
        self._redis = redis
        self._seconds = seconds
        self._since: float | None = None

    def is_over(self, end: float, *, now: float) -> bool:
        """Say whether nothing is kept any more of a call that ended then. Seconds since 1970."""
        if now - end >= self._seconds or now - end < SPARE_SECONDS:
            return now - end >= self._seconds
        self._since = kept_since(self._redis, self._seconds, now=now) if self._since is None else self._since
        return end <= self._since


def strike_off(
    redis: Redis, account: str, listing: str, ids: Sequence[str], *, kept: Sequence[Callable[[str, str], str]]
) -> int:
    """Take those of `ids` out of a sorted set of which none of the keys `kept` is left; give their number."""
    with redis.pipeline(transaction=False) as pipeline:
        for one in ids:
            pipeline.exists(*(key(account, one) for key in kept))
        gone = [one for one, there in zip(ids, pipeline.execute(), strict=True) if not there]
    if gone:
        redis.zrem(listing, *gone)
    return len(gone)


def _load(redis: Redis, seconds: float) -> Lifetimes:
    text = cast("bytes | None", redis.get(keys.RETENTION))
    return readable(text, _DECODER) or Lifetimes(seconds)


_DECODER: Final = msgspec.json.Decoder(Lifetimes)
