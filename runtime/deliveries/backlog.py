"""Backlog: how far behind a destination is, for people and for Prometheus."""

from typing import Any, cast

import msgspec
from prometheus_client.core import Metric
from redis import Redis

from runtime import keys, outcome_log, streams
from runtime.clocks import redis_time
from runtime.deliveries import attempts, destinations, waiting
from runtime.deliveries.attempts import Attempt
from runtime.deliveries.destinations import UnknownDestination
from runtime.metrics import BACKLOG, BACKLOG_SECONDS, DEAD_LETTERS, gauge

_LAST: int = 5


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a destination stands. `unread` events of the log were not looked at yet (it may not want all of them).

    `waiting` events are tried again or held, `asked` are to be sent again because somebody asked; `backlog` is the sum.
    `oldest` is since when the oldest of them should be there (seconds), `lag` how long ago that is. What is held is not
    late before that is over. `left_alone_until` is when something is sent there again (seconds), where nearly all
    failed.
    """

    backlog: int
    unread: int
    waiting: int
    asked: int
    dead: int
    oldest: float | None
    lag: float
    last_attempts: tuple[Attempt, ...] = ()
    left_alone_until: float | None = None


def status(redis: Redis, destination_id: str) -> Status:
    """Say where a destination stands. Raises UnknownDestination."""
    if not redis.hexists(keys.DESTINATIONS, destination_id):
        raise UnknownDestination(destination_id)
    last = attempts.page(redis, destination_id, limit=_LAST).items
    until = destinations.left_alone_until(redis, destination_id)
    return msgspec.structs.replace(_status(redis, destination_id), last_attempts=last, left_alone_until=until)


def gauges(redis: Redis) -> list[Metric]:
    """Read the states of all destinations as Prometheus wants them."""
    found = {one.id: _status(redis, one.id) for one in destinations.all(redis)}
    kinds = ("unread", "waiting", "asked")
    return [
        gauge(BACKLOG, [((name, kind), getattr(one, kind)) for name, one in found.items() for kind in kinds]),
        gauge(BACKLOG_SECONDS, [((name,), one.lag) for name, one in found.items()]),
        gauge(DEAD_LETTERS, [((name,), one.dead) for name, one in found.items()]),
    ]


def _status(redis: Redis, destination_id: str) -> Status:
    now = redis_time(redis)
    unread, next_place = _unread(redis, *destinations.cursor(redis, destination_id))
    queues = waiting.everything(redis, destination_id)
    times = [one.owed_since for queue in queues.values() for one in queue if one.owed_since <= now]
    times += [streams.added_at(next_place)] if next_place else []
    count = sum(map(len, queues.values()))
    asked = redis.zcard(keys.asked(destination_id))
    return Status(
        backlog=unread + count + asked,
        unread=unread,
        waiting=count,
        asked=asked,
        dead=redis.hlen(keys.dead(destination_id)),
        oldest=min(times, default=None),
        lag=max(0.0, now - min(times, default=now)),
    )


def _unread(redis: Redis, place: str, taken: int) -> tuple[int, str | None]:
    """Count the entries after `place`, `taken` of all that ever were being taken up, and find the first of them."""
    first = cast("list[Any]", redis.xrange(keys.OUTCOMES, min=f"({place}", count=1))
    if not first:
        return 0, None
    _, added = outcome_log.end(redis)
    return max(1, added - taken), first[0][0].decode()
