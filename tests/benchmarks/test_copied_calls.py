"""A copied call is in Redis what a committed one is: else its room and its time would be another's."""

from typing import Any

from redis import Redis

from runtime import keys
from scripts.benchmarks.copied_calls import fill
from scripts.benchmarks.finished_calls import FinishedCalls

ACCOUNT, NOW = "account", 1_790_000_000.0


def left(redis: Redis, name: str) -> dict[str, Any]:
    """Tell all that a call has left, but for places in the log."""
    revisions: Any = redis.hgetall(keys.revisions(ACCOUNT, name))
    places = sorted(place for field, place in revisions.items() if field.isdigit())
    entries: list[Any] = [redis.xrange(keys.OUTCOMES, place, place) for place in places]
    sets = [keys.listed(ACCOUNT).encode(), *redis.scan_iter(match=f"{keys.calls(ACCOUNT)}*")]
    stored = [keys.session(ACCOUNT, name), keys.resolution(ACCOUNT, name), keys.revisions(ACCOUNT, name)]
    return {
        "stored": redis.mget(stored[:2]),
        "revisions": {field: value for field, value in revisions.items() if value not in places},
        "entries": [fields for ((_, fields),) in entries],
        "sets": {one: score for one in sets if (score := redis.zscore(one, name)) is not None},
        "expire": [redis.ttl(one) > 0 for one in stored],
    }


def test_a_copy_leaves_what_a_commit_leaves(redis: Redis) -> None:
    calls = FinishedCalls(ACCOUNT, dealt=24)
    names = [calls.name(number) for number in range(len(calls), 2 * len(calls))]
    fill(redis, ACCOUNT, calls, 2 * len(calls), now=NOW, committed=2 * len(calls))
    committed = [left(redis, name) for name in names]
    redis.flushdb()

    fill(redis, ACCOUNT, calls, 2 * len(calls), now=NOW, committed=len(calls))

    assert [left(redis, name) for name in names] == committed
