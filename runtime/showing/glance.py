"""Everything at a glance: what is on, what was published last, and how it all goes. Read only, and bounded.

Every read takes a bounded number of entries, so a glance costs the same however many calls are kept.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from heapq import nlargest
from itertools import islice
from typing import Final

import msgspec
from redis import Redis

from runtime import bells, keys, ledger, outcome_log
from runtime.bells import Stage
from runtime.clocks import as_seconds
from runtime.deliveries import backlog, destinations
from runtime.deliveries.backlog import Status
from runtime.deliveries.destinations import UnknownDestination
from telephony.destinations import Destination
from telephony.events import CallData, CallEvent, Trigger
from telephony.sessions import Session
from telephony.times import parse_time

CALLS: Final = 20
EVENTS: Final = 20
MEASURED: Final = 200
"""So many calls published last are measured."""

BEHIND_SECONDS: Final = 300.0
LATE_SECONDS: Final = 60.0
MANY_BELLS: Final = 10
"""When somebody is told, as docs/ops/alerts.yml has it."""


class OnNow(msgspec.Struct, frozen=True):
    """A call that is on. `heard_at` is in seconds."""

    account: str
    session: Session
    heard_at: float


class Waits(msgspec.Struct, frozen=True):
    """How many sessions of an account are on, pause before their end, and wait for their record.

    `oldest_heard` is when the one on that was silent for longest was last heard of (seconds), `oldest` its id.
    `behind_since` is since when the call log should have been asked; None where it was in time.
    """

    on: int
    quiet: int
    due: int
    quarantined: int
    oldest: str | None
    oldest_heard: float | None
    behind_since: float | None


class Bells(msgspec.Struct, frozen=True):
    """The bells that nobody takes up, by their stage, and since when the clock rings none (seconds)."""

    untaken: dict[Stage, int]
    late_since: float | None


class Speed(msgspec.Struct, frozen=True):
    """Seconds from the end of calls to their first outcomes: half are below `p50`, all but a twentieth below `p95`."""

    calls: int
    p50: float | None
    p95: float | None


class Delivering(msgspec.Struct, frozen=True):
    """A destination and where it stands."""

    destination: Destination
    status: Status


def on_now(redis: Redis, accounts: Sequence[str]) -> tuple[OnNow, ...]:
    """Give the calls that are on, those heard of last first: which they are, the lists of open ones tell nearly."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.zrevrange(keys.open_sessions(account), 0, CALLS - 1, withscores=True)
        lists = zip(accounts, pipeline.execute(), strict=True)
    found = ((heard, account, one.decode()) for account, rows in lists for one, heard in rows)
    newest = [(account, one) for _, account, one in nlargest(CALLS, found)]
    blobs = ledger.fetched(redis, [keys.session(*one) for one in newest])
    calls = [
        OnNow(account, tracked.session, tracked.heard_at)
        for (account, one), blob in zip(newest, blobs, strict=True)
        for tracked in ledger.tracked_of(account, [one], [blob]).values()
    ]
    return tuple(sorted(calls, key=lambda call: call.heard_at, reverse=True))


def published_last(redis: Redis) -> tuple[tuple[str, CallEvent], ...]:
    """Give the events published last, each with its account, the newest first."""
    entries = islice(outcome_log.newest_first(redis, page=EVENTS), EVENTS)
    return tuple((entry.account, event) for entry in entries if (event := outcome_log.event_of(entry.document)))


def waits(redis: Redis, accounts: Sequence[str]) -> dict[str, Waits]:
    """Count what the sessions of each account wait for."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            for key in (keys.open_sessions(account), keys.quiet(account), keys.due(account)):
                pipeline.zcard(key)
            pipeline.xlen(keys.quarantine(account))
            pipeline.zrange(keys.open_sessions(account), 0, 0, withscores=True)
            pipeline.zrange(keys.due(account), 0, 0, withscores=True)
        pipeline.time()
        *answers, time = pipeline.execute()
    before = as_seconds(*time) - BEHIND_SECONDS
    return {account: _waits(*answers[6 * at : 6 * at + 6], before=before) for at, account in enumerate(accounts)}


def _waits(
    on: int,
    quiet: int,
    due: int,
    quarantined: int,
    oldest: Sequence[tuple[bytes, float]],
    first_due: Sequence[tuple[bytes, float]],
    *,
    before: float,
) -> Waits:
    return Waits(
        on,
        quiet,
        due,
        quarantined,
        oldest=oldest[0][0].decode() if oldest else None,
        oldest_heard=float(oldest[0][1]) if oldest else None,
        behind_since=_since(first_due, before=before),
    )


def bells_rung(redis: Redis, accounts: Sequence[str]) -> Bells:
    """Say whose bells nobody takes up: where somebody does, one waits of each account and destination at a time.

    However many accounts there are, no more wait than the clock rings.
    """
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.hlen(keys.DESTINATIONS)
        pipeline.zrange(keys.BELLS, 0, 0, withscores=True)
        pipeline.time()
        for stage in Stage:
            pipeline.llen(bells.queue_key(stage))
        served, first, time, *counts = pipeline.execute()
    usual = {stage: len(accounts) if stage in bells.OF_ACCOUNTS else served for stage in Stage}
    most = {stage: min(count + MANY_BELLS, bells.MOST_QUEUED - 1) for stage, count in usual.items()}
    untaken = {stage: count for stage, count in zip(Stage, counts, strict=True) if count > most[stage]}
    return Bells(untaken, _since(first, before=as_seconds(*time) - LATE_SECONDS))


def _since(first: Sequence[tuple[bytes, float]], *, before: float) -> float | None:
    """Give the first member's time, if it is before another."""
    return float(first[0][1]) if first and first[0][1] < before else None


class Speeds:
    """Measures how soon after their end calls get their first outcome, over those published last.

    Each event is read once: what is kept of it are its seconds. History that was brought in says nothing of it.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._place = "0-0"
        self._took: deque[float] = deque(maxlen=MEASURED)

    def now(self) -> Speed:
        """Read what was published since the last time, and say how soon that was. Raises RedisError."""
        entries = outcome_log.after(self._redis, self._place, most=MEASURED)
        if len(entries) == MEASURED:  # so many that those kept are no longer wanted
            entries = [*islice(outcome_log.newest_first(self._redis, page=MEASURED), MEASURED)][::-1]
        for entry in entries:
            self._place = entry.place
            event = outcome_log.event_of(entry.document)
            if event is not None and (took := _seconds(event.data)) is not None:
                self._took.append(took)
        return _speed(sorted(self._took))


def _seconds(data: CallData) -> float | None:
    """Say how soon after the end of its call an outcome was told; None where nobody waited for it, as with history."""
    if data.revision != 1 or data.trigger is Trigger.BACKFILL:
        return None
    ended, published = parse_time(data.timing.ended_at or ""), parse_time(data.timing.published_at)
    return (published - ended).total_seconds() if ended and published else None


def _speed(took: Sequence[float]) -> Speed:
    if not took:
        return Speed(0, None, None)
    return Speed(len(took), took[len(took) // 2], took[len(took) * 95 // 100])


def delivering(redis: Redis) -> tuple[Delivering, ...]:
    """Say where each destination stands, the oldest first."""
    return tuple(_delivering(redis))


def _delivering(redis: Redis) -> Iterator[Delivering]:
    for one in destinations.all(redis):
        with suppress(UnknownDestination):  # somebody has just removed it
            yield Delivering(one, backlog.status(redis, one.id))
