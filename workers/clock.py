"""The clock: rings the bell of whatever is due. It decides nothing and may run any number of times."""

import math
from collections.abc import Iterable
from typing import Final, cast

from redis import Redis
from redis.exceptions import RedisError

from runtime import bells, keys
from runtime.bells import DueBells, Stage
from runtime.clocks import redis_time
from runtime.logs import log
from runtime.metrics import FAILURES, Recorder
from runtime.settings import Settings
from workers.destinations.breaker import LONGEST_PAUSE
from workers.stopping import Stopping

LONGEST_TICK: Final = 0.25
"""Seconds; bells may be set to earlier times meanwhile."""

SHORTEST_TICK: Final = 0.05

SECONDS_BETWEEN_WINDINGS: Final = 60.0

ALWAYS_SET: Final = (Stage.RESOLVE, Stage.UPKEEP)
"""Stages that always have a next time. Track has one only while a call is about to end."""


def run(settings: Settings, redis: Redis, recorder: Recorder, stopping: Stopping) -> None:
    """Ring what is due, when it is, until `stopping` is set; wait out a Redis that does not answer."""
    due = DueBells(redis, frozenset(account.name for account in settings.accounts))
    tick, wound_for = LONGEST_TICK, math.inf
    told: str | None = None
    while not stopping.wait(tick):
        wound_for += tick
        tick = LONGEST_TICK
        try:
            if wound_for == math.inf:
                wind(settings, redis)
                wound_for = 0
            elif wound_for >= SECONDS_BETWEEN_WINDINGS:
                set_what_is_missing(settings, redis)
                wound_for = 0
            due.ring()
            tick = max(SHORTEST_TICK, min(due.next_in, LONGEST_TICK))
            told = None
        except RedisError as error:
            wound_for, kind = math.inf, type(error).__name__
            recorder.count(FAILURES, "clock", kind)
            if kind != told:  # once, not four times a second for as long as it lasts
                log.warning("clock.waits", error=kind)
            told = kind


def wind(settings: Settings, redis: Redis) -> None:
    """Have every bell rung now, whatever a first start, or what went wrong before, left unset."""
    now = redis_time(redis)
    redis.zadd(keys.BELLS, dict.fromkeys(_bells(settings, bells.OF_ACCOUNTS) + _of_destinations(redis), now), lt=True)


def set_what_is_missing(settings: Settings, redis: Redis) -> None:
    """Set the bells that should be set and are not: a Redis may lose what it held without a word.

    One that is set to later than it ever would be was set before Redis's clock was put back.
    """
    now = redis_time(redis)
    missing = {**dict.fromkeys(_bells(settings, ALWAYS_SET), now), **_of_endings(settings, redis)}
    redis.zadd(keys.BELLS, missing, nx=True)
    for stage, longest in ((Stage.RESOLVE, settings.reconcile_seconds), (Stage.UPKEEP, SECONDS_BETWEEN_WINDINGS)):
        redis.zadd(keys.BELLS, dict.fromkeys(_bells(settings, (stage,)), now + longest), lt=True)
    if others := _of_destinations(redis):  # one that is left alone for now listens to nothing else, and sets it anew
        redis.zadd(keys.BELLS, dict.fromkeys(others, now + LONGEST_PAUSE), xx=True, lt=True)


def _bells(settings: Settings, stages: Iterable[Stage]) -> list[str]:
    return [bells.member(stage, account.name) for account in settings.accounts for stage in stages]


def _of_endings(settings: Settings, redis: Redis) -> dict[str, float]:
    """Give the bells of accounts with calls that are about to end, and when the first of them does."""
    names = [account.name for account in settings.accounts]
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.zrange(keys.quiet(name), 0, 0, withscores=True)
        first = pipeline.execute()
    return {bells.member(Stage.TRACK, name): rows[0][1] for name, rows in zip(names, first, strict=True) if rows}


def _of_destinations(redis: Redis) -> list[str]:
    ids = cast("list[bytes]", redis.hkeys(keys.DESTINATIONS))
    return [bells.member(Stage.DELIVER, one.decode()) for one in ids]
