"""All gauges: states of an installation, read when Prometheus asks, a few round trips for everything.

Nothing is scanned and nothing grows with the number of calls: lengths, first members, and what others have counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import Metric
from redis import Redis

from runtime import bells, budget, completeness, keys, safety
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import backlog
from runtime.metrics import (
    BELLS_LATE,
    BELLS_WAITING,
    BUDGET_GATE,
    BUDGET_LEFT,
    BUDGET_LIMIT,
    CALLS_INDEXED,
    INBOX,
    OLDEST_DUE,
    OLDEST_OPEN,
    QUARANTINE,
    REDIS_MEMORY,
    REDIS_MEMORY_LIMIT,
    REDIS_UNSAFE,
    SESSIONS,
    gauge,
)
from runtime.safety import Verdict


def all(redis: Redis, accounts: Sequence[str]) -> list[Metric]:  # noqa: A001 - read as gauges.all
    """Read them."""
    now = redis_time(redis)
    return [
        *_accounts(redis, accounts, now),
        *_budgets(redis, accounts),
        *_bells(redis, now),
        _safety(redis),
        *_memory(redis),
        *backlog.gauges(redis),
        *completeness.gauges(redis, accounts),
    ]


def _accounts(redis: Redis, names: Sequence[str], now: float) -> Iterator[Metric]:
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            for key in (keys.open_sessions(name), keys.quiet(name), keys.due(name), keys.calls(name)):
                pipeline.zcard(key)
            pipeline.xlen(keys.inbox(name))
            pipeline.xlen(keys.quarantine(name))
            pipeline.zrange(keys.open_sessions(name), 0, 0, withscores=True)
            pipeline.zrange(keys.due(name), 0, 0, withscores=True)
        answers = iter(pipeline.execute())
    read = ("open", "quiet", "due", "calls", "inbox", "quarantine", "oldest open", "oldest due")
    rows = {name: {one: next(answers) for one in read} for name in names}
    states = ("open", "quiet", "due")
    yield gauge(SESSIONS, [((name, state), row[state]) for name, row in rows.items() for state in states])
    for metric, column in ((CALLS_INDEXED, "calls"), (INBOX, "inbox"), (QUARANTINE, "quarantine")):
        yield gauge(metric, [((name,), row[column]) for name, row in rows.items()])
    for metric, column in ((OLDEST_OPEN, "oldest open"), (OLDEST_DUE, "oldest due")):
        yield gauge(metric, [((name,), _age(row[column], now)) for name, row in rows.items()])


def _age(first: Sequence[tuple[bytes, float]], now: float) -> float:
    """Say how long ago the first member's time was; 0 where there is none, or it is still to come."""
    return max(0.0, now - first[0][1]) if first else 0.0


def _budgets(redis: Redis, names: Sequence[str]) -> Iterator[Metric]:
    left = budget.left(redis, names)
    yield gauge(BUDGET_LEFT, [(labels, state.tokens) for labels, state in left.items()])
    yield gauge(BUDGET_LIMIT, [(labels, state.limit) for labels, state in left.items()])
    yield gauge(BUDGET_GATE, [(labels, state.gate_seconds) for labels, state in left.items()])


def _bells(redis: Redis, now: float) -> Iterator[Metric]:
    with redis.pipeline(transaction=False) as pipeline:
        for stage in Stage:
            pipeline.llen(bells.queue_key(stage))
        pipeline.zrange(keys.BELLS, 0, 0, withscores=True)
        *waiting, first = pipeline.execute()
    yield gauge(BELLS_WAITING, [((stage.value,), count) for stage, count in zip(Stage, waiting, strict=True)])
    yield gauge(BELLS_LATE, [((), _age(first, now))])


def _safety(redis: Redis) -> Metric:
    checks = safety.readiness(redis)
    return gauge(REDIS_UNSAFE, [((one.name,), float(one.verdict is Verdict.FAILED)) for one in checks])


def _memory(redis: Redis) -> Iterator[Metric]:
    said: Mapping[str, Any] = redis.info("memory")
    for metric, name in ((REDIS_MEMORY, "used_memory"), (REDIS_MEMORY_LIMIT, "maxmemory")):
        if name in said:  # a managed Redis may hide it
            yield gauge(metric, [((), float(said[name]))])
