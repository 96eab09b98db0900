"""What upkeep does about calls that nobody can account for, how often it counts, and what Prometheus is told of it."""

from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys, operator_log
from runtime import completeness as kept
from runtime.audit import Hour
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.completeness import Completeness
from telephony.completeness import Standing
from telephony.operator_events import What
from workers.housekeeping import completeness

ACCOUNT = "acme"


def test_they_are_asked_about_at_once(redis: Redis) -> None:
    lose(redis, "s-1")

    check(redis)

    now = redis_time(redis)
    assert redis.zscore(keys.due(ACCOUNT), "s-1") == pytest.approx(now, abs=5)
    assert redis.zscore(keys.BELLS, bells.member(Stage.RESOLVE, ACCOUNT)) == pytest.approx(now, abs=5)


@pytest.mark.parametrize(("count", "said"), [(1, "1 call cannot"), (2, "2 calls cannot"), (7, "7 calls cannot")])
def test_only_those_that_the_count_before_had_found_are_told_of(redis: Redis, count: int, said: str) -> None:
    lose(redis, *(f"s-{number}" for number in range(count)))
    check(redis)
    assert operator_log.alerts(redis) == ()
    lose(redis, *(f"s-{number}" for number in range(count)), "s-new")

    check(redis)

    (alert,) = operator_log.alerts(redis)
    assert (alert.what, alert.account) == (What.COMPLETENESS_UNEXPLAINED, ACCOUNT)
    assert alert.message.startswith(said)
    assert (len(alert.details), "s-new" in alert.details) == (min(count, completeness.MOST_NAMED), False)


def test_that_is_told_until_every_call_is_accounted_for(redis: Redis) -> None:
    lose(redis, "s-1")
    for _ in range(2):
        check(redis)
        lose(redis, "s-1")
    redis.hset(keys.suppressed(ACCOUNT), "s-1", "erased")
    lose(redis, "s-2")

    check(redis)
    assert len(operator_log.alerts(redis)) == 1

    check(redis)
    assert operator_log.alerts(redis) == ()


@pytest.mark.parametrize(("seconds_ago", "is_counted"), [(10, False), (49, False), (51, True)])
def test_counting_takes_but_a_small_share_of_the_time(redis: Redis, seconds_ago: float, is_counted: object) -> None:
    lose(redis, "s-1")
    kept.keep(
        redis, ACCOUNT, Completeness(redis_time(redis) - seconds_ago, took=50 * completeness.SHARE, calls=Hour(0.0))
    )

    completeness.check(redis, ACCOUNT, retention=3600)

    last = kept.last(redis, ACCOUNT)
    assert last is not None
    assert bool(last.calls.known) is is_counted


def test_what_was_counted_last_is_what_prometheus_is_told(redis: Redis) -> None:
    standings = {Standing.PUBLISHED: 3, Standing.WAITING: 2}
    kept.keep(redis, ACCOUNT, Completeness(100.0, 0.1, Hour(0.0, known=5, in_log=4, standings=standings)))
    redis.set(keys.completeness("spoiled"), b"{")
    operator_log.raise_alert(redis, What.ACCOUNT_PARKED, ACCOUNT, "No.", account=ACCOUNT)

    told: dict[Any, float] = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in kept.gauges(redis, [ACCOUNT, "spoiled", "never-counted"])
        for sample in metric.samples
    }

    calls: dict[Any, float] = {("legwork_calls", ACCOUNT, one.value): standings.get(one, 0) for one in Standing}
    assert told == {
        **calls,
        ("legwork_calls_known", ACCOUNT): 5,
        ("legwork_calls_in_log", ACCOUNT): 4,
        ("legwork_calls_counted_at_seconds", ACCOUNT): 100.0,
        ("legwork_operator_alert", "account.parked", ACCOUNT, "critical"): 1,
    }


def test_without_accounts_there_are_no_counts(redis: Redis) -> None:
    assert [metric.samples for metric in kept.gauges(redis, [])] == [[]] * 5


def lose(redis: Redis, *calls: str) -> None:
    """Have calls in the list of all, of which nothing else is left."""
    redis.zadd(keys.calls(ACCOUNT), dict.fromkeys(calls, redis_time(redis) - 60))
    redis.delete(keys.due(ACCOUNT))


def check(redis: Redis) -> None:
    """Count, as if counting had taken no time."""
    completeness.check(redis, ACCOUNT, retention=3600)
    last = kept.last(redis, ACCOUNT)
    assert last is not None
    kept.keep(redis, ACCOUNT, msgspec.structs.replace(last, took=0.0))
