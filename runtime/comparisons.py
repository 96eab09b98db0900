"""Comparisons: stretches of RingCentral's call log that shall be held against what we know, beside the usual pace.

A gap in the subscription, the night's wider look, what somebody asks for: each is written down here and carried out by
resolve, window by window, with what the budget has to spare. Its position is stored with the commits that it leads to.
"""

import secrets
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.leases import Command
from runtime.stored import readable
from telephony.narrowing import Narrowing

HANDFUL: Final = 3
"""Requests of a comparison that somebody asked for which do not wait for the budget to be idle, nor for others."""

MOST_NAMED: Final = 50
KEPT: Final = 50
"""Comparisons that are kept after they are done."""


class Why(StrEnum):
    """What a comparison is for."""

    GAP = "gap"
    NIGHTLY = "nightly"
    ASKED = "asked"


class Comparison(msgspec.Struct, frozen=True, rename="camel"):
    """One stretch of the log, in the order of calls' starts; it is compared up to `position`. Times are seconds.

    `in_log` counts the calls the log showed, `missing` those nobody had told of, `healed` those that got their first
    outcome from it: missing ones, and such that were open or given up. The latter two are counted with what they say,
    so that a kill counts none twice; a call whose record came only a moment ago may heal later. `requests` that were
    cut short count, too. `passed_over` is for how many seconds of it RingCentral has no answer.
    """

    id: str
    why: Why
    since: float
    until: float
    asked_at: float
    position: float
    in_log: int = 0
    missing: int = 0
    healed: int = 0
    requests: int = 0
    done_at: float | None = None
    calls: tuple[str, ...] = ()
    passed_over: float = 0.0
    narrowing: Narrowing = Narrowing()

    def as_of(self, now: float) -> "Comparison":
        """Give it as it can be at `now`: what it reaches beyond that was still to come when the clock was put back."""
        if self.until <= now:
            return self
        since, position = min(self.since, now), min(self.position, now)
        return msgspec.structs.replace(self, since=since, until=now, position=position)

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for its first few pages, and RingCentral has answers for it."""
        return self.why is Why.ASKED and self.requests < HANDFUL and self.narrowing == Narrowing()

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        whole = self.until - self.since
        return 1.0 if self.done_at is not None or whole <= 0 else (self.position - self.since) / whole


def ask(redis: Redis, account: str, why: Why, *, since: float, until: float, name: str = "") -> Comparison:
    """Have a stretch of the log compared; one of the same `name` only once. It is begun at once."""
    now = redis_time(redis)
    one = Comparison(name or f"cmp_{secrets.token_hex(6)}", why, since, until, now, since)
    if redis.hsetnx(keys.comparisons(account), one.id, msgspec.json.encode(one)):
        _forget_old(redis, account)
    bells.ring_at(redis, Stage.RESOLVE, account, now)
    return get(redis, account, one.id) or one


def get(redis: Redis, account: str, comparison_id: str) -> Comparison | None:
    """Find a comparison."""
    text = cast("bytes | None", redis.hget(keys.comparisons(account), comparison_id))
    return None if text is None else next(_read([text]), None)


def all(redis: Redis, account: str) -> tuple[Comparison, ...]:  # noqa: A001 - read as `comparisons.all`
    """List the comparisons, the oldest first."""
    found = cast("list[bytes]", redis.hvals(keys.comparisons(account)))
    return tuple(sorted(_read(found), key=lambda one: (one.asked_at, one.id)))


def pending(texts: Iterable[bytes], *, now: float) -> Comparison | None:
    """Give, of the comparisons as they are stored, the one to go on with, as it can be at `now`.

    What somebody waits for comes first, then those of gaps, then the oldest.
    """
    waiting = [one for one in _read(texts) if one.done_at is None]
    first = min(waiting, key=_turn, default=None)
    return None if first is None else first.as_of(now)


def _turn(one: Comparison) -> tuple[bool, bool, float, str]:
    return not one.is_waited_for, one.why is not Why.GAP, one.asked_at, one.id


def write(account: str, one: Comparison) -> Command:
    """Give the command that stores how far a comparison is."""
    return ("HSET", keys.comparisons(account), one.id, msgspec.json.encode(one))


def _forget_old(redis: Redis, account: str) -> None:
    done = [one.id for one in all(redis, account) if one.done_at is not None]
    if old := done[:-KEPT]:
        redis.hdel(keys.comparisons(account), *old)


def _read(texts: Iterable[bytes]) -> Iterator[Comparison]:
    """Read comparisons; those that only a later version can read are left to it."""
    return filter(None, (readable(text, _DECODER) for text in texts))


_DECODER: Final = msgspec.json.Decoder(Comparison)
