"""Outcomes for a trial: calls with one revision or more, published as the workers do."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from redis import Redis

from runtime import outcome_log
from runtime.leases import lease
from telephony import endings, events
from telephony.events import CallEvent, Trigger
from telephony.sessions import Session
from telephony.times import moment_at

ACCOUNT: Final = "default"
REVISED_EVERY: Final = 10
"""One call in so many has a second revision."""

_TOGETHER: Final = 100


def outcomes(count: int) -> Iterator[CallEvent]:
    """Make `count` outcomes; of some calls two, the second a little after the first."""
    later: list[tuple[int, int]] = []
    number = made = 0
    while made < count:
        if later and (later[0][0] <= made or count - made <= len(later)):
            yield _outcome(later.pop(0)[1], 2)
        else:
            number += 1
            if number % REVISED_EVERY == 0:
                later.append((made + 7 * REVISED_EVERY, number))
            yield _outcome(number, 1)
        made += 1


def publish(redis: Redis, made: Sequence[CallEvent], *, per_second: float) -> dict[str, float]:
    """Publish outcomes at that pace, and say when each was."""
    times: dict[str, float] = {}
    begun = time.monotonic()
    for first in range(0, len(made), _TOGETHER):
        some = made[first : first + _TOGETHER]
        with lease(redis, ACCOUNT, "trial") as held:
            held.commit([outcome_log.published(ACCOUNT, event, retention=86400) for event in some])
        times.update(dict.fromkeys((event.id for event in some), time.time()))
        time.sleep(max(0.0, begun + (first + len(some)) / per_second - time.monotonic()))
    return times


def _outcome(number: int, revision: int) -> CallEvent:
    session = Session(f"s-trial{number}")
    return events.call_event(
        session,
        endings.ending(session),
        revision=revision,
        confirmed=True,
        trigger=Trigger.WEBHOOK,
        record_seen=None,
        now=moment_at(time.time()),
    )
