"""The completeness ledger: for each account and hour, where every call stands that began in it.

The calls are those that any notification or the call log ever showed: two lists, written by two stages, of which each
holds what the other may have missed. What became of a call is read from its own records, never from a counter. The
records of a call change together, in commits, so what is read of it in one step fits together.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec
from redis import Redis

from runtime import keys, ledger, lifetimes, streams
from runtime.clocks import redis_time
from runtime.ledger import Resolution, State
from runtime.stored import readable
from telephony.completeness import Evidence, Standing, standing

T = TypeVar("T")

HOUR: Final = 3600.0

CLOSED_AFTER_SECONDS: Final = 2 * HOUR
"""An hour that has been over for so long, and all of whose calls have their last word, is counted once..."""

COUNTED_FOR_SECONDS: Final = 6 * HOUR
"""... and again when it was counted so long ago, or a call was added to it."""

MOST_NAMED: Final = 100
"""Unexplained calls that are named of each hour; the others are counted."""

_TOGETHER: Final = 1000
_FINAL: Final = (Standing.PUBLISHED, Standing.SUPPRESSED)


class Unexplained(msgspec.Struct, frozen=True, rename="camel"):
    """A call that is nowhere it should be, and what is missing."""

    telephony_session_id: str
    because: str


class Hour(msgspec.Struct, frozen=True, rename="camel"):
    """The calls that began in one hour. `since` is its beginning (seconds); `quarantined` bodies arrived in it.

    `known` are all, `in_log` those that RingCentral's log has shown; `standings` says where all of them are, `triggers`
    what made us look at those that are published.
    """

    since: float
    known: int = 0
    in_log: int = 0
    standings: dict[Standing, int] = {}
    triggers: dict[str, int] = {}
    quarantined: int = 0
    unexplained: tuple[Unexplained, ...] = ()

    def count(self, place: Standing) -> int:
        """Count the calls that stand there."""
        return self.standings.get(place, 0)

    @property
    def explained(self) -> int:
        """Count the calls that are accounted for."""
        return self.known - self.count(Standing.UNEXPLAINED)


class _Counted(msgspec.Struct, frozen=True):
    """An hour as it was counted before: when, and how long the two lists were."""

    at: float
    lengths: tuple[int, int]
    hour: Hour


_COUNTED: Final = msgspec.json.Decoder(_Counted)


def hours(redis: Redis, account: str, *, since: float, until: float, fresh: bool = False) -> Iterator[Hour]:
    """Count the hours from the one that holds `since` to the one that holds `until`, the oldest first.

    `fresh` counts the hours anew that are over for good, too. What is read of a call in one step is what it was then;
    calls go on from hour to hour, so a sum over hours is of the moment only once it is quiet. Calls that began before
    anything is kept are left out: what is stored of them goes by itself, and their places in the lists only after that.
    """
    now = redis_time(redis)
    kept_since = lifetimes.kept_since(redis, math.inf, now=now)
    starts = [HOUR * number for number in range(int(since // HOUR), int(until // HOUR) + 1)]
    quarantined = _quarantined(redis, account, starts)
    before = {} if fresh else _counted_before(redis, account, starts)
    for start, lengths in _lengths(redis, account, starts):
        known = before.get(start)
        if lengths == (0, 0) or start + HOUR <= kept_since:
            hour = Hour(start)
        elif start < kept_since:
            hour = _count(redis, account, start, since=kept_since)
        elif known is not None and known.lengths == lengths and now - known.at < COUNTED_FOR_SECONDS:
            hour = known.hour
        else:
            hour = _count(redis, account, start)
            if now > start + HOUR + CLOSED_AFTER_SECONDS and _is_final(hour):
                counted = msgspec.json.encode(_Counted(now, lengths, hour))
                redis.hset(keys.audited(account), f"{start:.0f}", counted)
        yield msgspec.structs.replace(hour, quarantined=bodies) if (bodies := quarantined.get(start)) else hour


def total(found: Iterable[Hour]) -> Hour:
    """Add hours up."""
    known = in_log = quarantined = 0
    standings, triggers = Counter[Standing](), Counter[str]()
    unexplained: list[Unexplained] = []
    since = float("inf")
    for hour in found:
        since = min(since, hour.since)
        if not (hour.known or hour.quarantined):  # as most of most accounts: thousands are counted each minute
            continue
        known, in_log, quarantined = known + hour.known, in_log + hour.in_log, quarantined + hour.quarantined
        standings.update(hour.standings)
        triggers.update(hour.triggers)
        unexplained += hour.unexplained
    return Hour(since, known, in_log, dict(standings), dict(triggers), quarantined, tuple(unexplained[:MOST_NAMED]))


def forget(redis: Redis, account: str, *, before: float) -> None:
    """Forget what the call log showed and what was counted of the calls that began before `before`.

    The list of all calls is the index's, which knows when nothing of a call is left.
    """
    redis.zremrangebyscore(keys.listed(account), "-inf", before)
    counted = [name.decode() for name in cast("list[bytes]", redis.hkeys(keys.audited(account)))]
    if stale := [name for name in counted if float(name) + HOUR < before]:
        redis.hdel(keys.audited(account), *stale)
    suppressed = [name.decode() for name in cast("list[bytes]", redis.hkeys(keys.suppressed(account)))]
    known = {one for one, score in _scores(redis, keys.calls(account), suppressed) if score is not None}
    if gone := [one for one in suppressed if one not in known]:
        redis.hdel(keys.suppressed(account), *gone)


def _count(redis: Redis, account: str, start: float, *, since: float = 0.0) -> Hour:
    known, listed = _calls_of(redis, account, max(start, since), start + HOUR)
    standings, triggers = Counter[Standing](), Counter[str]()
    unexplained: list[Unexplained] = []
    for page in _pages(sorted(known)):
        for one, evidence, trigger in _evidence(redis, account, page, listed):
            place, because = standing(evidence)
            standings[place] += 1
            if place is Standing.PUBLISHED:
                triggers[trigger or "webhook"] += 1
            elif place is Standing.UNEXPLAINED and len(unexplained) < MOST_NAMED:
                unexplained.append(Unexplained(one, because))
    return Hour(start, len(known), len(listed), dict(standings), dict(triggers), 0, tuple(unexplained))


def _calls_of(redis: Redis, account: str, start: float, end: float) -> tuple[set[str], set[str]]:
    """Give the calls of an hour, or of what is left of it, and which of them the call log has shown.

    The two lists may differ by a moment about when a call began: it belongs to the hour that the first one says.
    """
    known, shown = (_between(redis, key, start, end) for key in (keys.calls(account), keys.listed(account)))
    only_shown = sorted(shown - known)
    elsewhere = {one for one, score in _scores(redis, keys.calls(account), only_shown) if score is not None}
    only_known = sorted(known - shown)
    shown_elsewhere = {one for one, score in _scores(redis, keys.listed(account), only_known) if score is not None}
    return known | (shown - elsewhere), (shown - elsewhere) | shown_elsewhere


_LAST: Final = """
-- Give the last published revision of each call ('' for none). KEYS: their revisions.
local last = {}
for place, key in ipairs(KEYS) do last[place] = redis.call('HGET', key, 'last') or '' end
return last
"""


def _evidence(
    redis: Redis, account: str, ids: Sequence[str], listed: set[str]
) -> Iterator[tuple[str, Evidence, str | None]]:
    """Read what is stored of some calls, in one step; give each with what made us look at it."""
    script = redis.register_script(_LAST)
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.mget([keys.resolution(account, one) for one in ids])
        script(keys=[keys.revisions(account, one) for one in ids], client=pipeline)
        pipeline.zmscore(keys.due(account), list(ids))
        pipeline.zmscore(keys.open_sessions(account), list(ids))
        pipeline.hmget(keys.suppressed(account), list(ids))
        blobs, *parts = pipeline.execute()
    resolutions = ledger.resolutions_of(account, ids, blobs)
    for one, *row in zip(ids, *parts, strict=True):
        resolution = resolutions.get(one)
        if one in resolutions.unreadable and row[0]:  # a later version wrote it: the outcome log tells enough
            resolution = Resolution(State.RESOLVED, int(row[0]))
        evidence = msgspec.structs.replace(_put_together(resolution, *row), listed=one in listed)
        if standing(evidence)[0] is Standing.UNEXPLAINED:  # only now: this is the largest of all
            tracked = ledger.tracked(redis, account, [one]).get(one)
            evidence = msgspec.structs.replace(evidence, has_ended=tracked and tracked.ended_at is not None)
        yield one, evidence, resolution.trigger if resolution else None


def _put_together(resolution: Resolution | None, last: bytes, due: Any, is_open: Any, suppressed: Any) -> Evidence:
    return Evidence(
        state=resolution.state.value if resolution else None,
        revision=resolution.revision if resolution else 0,
        published=int(last) if last else None,
        is_due=due is not None,
        is_open=is_open is not None,
        is_suppressed=suppressed is not None,
    )


def _between(redis: Redis, key: str, start: float, end: float) -> set[str]:
    rows = cast("list[bytes]", redis.zrange(key, f"{start:.3f}", f"({end:.0f}", byscore=True))
    return {member.decode() for member in rows}


def _scores(redis: Redis, key: str, ids: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    for page in _pages(ids):
        yield from zip(page, redis.zmscore(key, list(page)), strict=True)


_LENGTHS: Final = """
-- Count the calls of each hour in two lists. KEYS: the lists. ARGV: when the hours begin, and when the last one ends.
local lengths = {}
for place = 1, #ARGV - 1 do
  for _, list in ipairs(KEYS) do
    lengths[#lengths + 1] = redis.call('ZCOUNT', list, ARGV[place], '(' .. ARGV[place + 1])
  end
end
return lengths
"""


def _lengths(redis: Redis, account: str, starts: Sequence[float]) -> Iterator[tuple[float, tuple[int, int]]]:
    """Say how many calls began in each hour by the two lists; most hours of most accounts have none."""
    script, lists = redis.register_script(_LENGTHS), [keys.calls(account), keys.listed(account)]
    for page in _pages(starts):
        bounds = [f"{start:.0f}" for start in (*page, page[-1] + HOUR)]
        found = cast("list[int]", script(keys=lists, args=bounds))
        yield from zip(page, zip(found[::2], found[1::2], strict=True), strict=True)


def _counted_before(redis: Redis, account: str, starts: Sequence[float]) -> Mapping[float, _Counted]:
    found = cast("list[bytes | None]", redis.hmget(keys.audited(account), [f"{start:.0f}" for start in starts]))
    counted = {start: readable(text, _COUNTED) for start, text in zip(starts, found, strict=True)}
    return {start: one for start, one in counted.items() if one is not None}


def _is_final(hour: Hour) -> bool:
    return 0 < hour.known == sum(hour.count(place) for place in _FINAL)


_IDS: Final = """
-- Give the ids of some entries, without what they hold. KEYS: stream. ARGV: first, last, how many.
local entries, ids = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3]), {}
for place, entry in ipairs(entries) do ids[place] = entry[1] end
return ids
"""


def _quarantined(redis: Redis, account: str, starts: Sequence[float]) -> Mapping[float, int]:
    """Count the bodies no notification could be read from, by the hour in which they arrived."""
    found = Counter[float]()
    place, last = f"{starts[0] * 1000:.0f}", f"{(starts[-1] + HOUR) * 1000 - 1:.0f}"
    script = redis.register_script(_IDS)
    while ids := cast("list[bytes]", script(keys=[keys.quarantine(account)], args=[place, last, _TOGETHER])):
        found.update(HOUR * (streams.added_at(one.decode()) // HOUR) for one in ids)
        place = f"({ids[-1].decode()}"
    return found


def _pages(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + _TOGETHER] for at in range(0, len(items), _TOGETHER))
