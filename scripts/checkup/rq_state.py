"""Read what RQ keeps in Redis: its workers, its jobs, and where each job stands."""

from typing import Any, Final, cast

import msgspec
from redis import Redis
from rq.defaults import RQ_KEY_PREFIX

from telephony.times import any_time

PREFIX: Final = f"{RQ_KEY_PREFIX}:"
WAITING: Final = frozenset({"queued", "started", "scheduled", "deferred"})
"""States of a job that has yet to be done; it must stand in some list for that."""
_FOR_EVER: Final = -1
"""The time to live of a key that has none."""


class Worker(msgspec.Struct, frozen=True):
    """One worker that lives; `heard_at` is its last heartbeat by its own machine's clock."""

    name: str
    queues: tuple[str, ...]
    heard_at: float


class Job(msgspec.Struct, frozen=True):
    """One job."""

    id: str
    status: str
    made_at: float


def workers(redis: Redis) -> list[Worker]:
    """List the workers that live."""
    found = []
    for key in cast("set[bytes]", redis.smembers(f"{PREFIX}workers")):
        fields = cast("dict[bytes, bytes]", redis.hgetall(key))
        if fields:
            queues = fields.get(b"queues", b"").decode().split(",")
            name = key.decode().removeprefix(f"{PREFIX}worker:")
            found.append(Worker(name, tuple(filter(None, queues)), _moment(fields.get(b"last_heartbeat", b""))))
    return found


def jobs(redis: Redis) -> list[Job]:
    """List all jobs that are kept until somebody does them: one that a worker has taken itself is forgotten in time."""
    found = []
    for key in redis.scan_iter(match=f"{PREFIX}job:*", count=1000):
        job_id = key.decode().removeprefix(f"{PREFIX}job:")
        if ":" not in job_id and redis.type(key) == b"hash" and redis.ttl(key) == _FOR_EVER:
            fields: Any = redis.hmget(key, ["status", "created_at"])
            found.append(Job(job_id, (fields[0] or b"").decode(), _moment(fields[1] or b"")))
    return found


def placed(redis: Redis) -> set[str]:
    """Give the ids of all jobs that stand in a queue or a registry."""
    found: set[str] = set()
    for key in redis.scan_iter(match=f"{PREFIX}*", count=1000):
        kind = redis.type(key)
        if kind == b"list":
            members: Any = redis.lrange(key, 0, -1)
        elif kind == b"zset":
            members = redis.zrange(key, 0, -1)
        else:
            continue
        found.update(member.decode(errors="replace").partition(":")[0] for member in members)
    return found


def _moment(text: bytes) -> float:
    moment = any_time(text.decode())
    return 0.0 if moment is None else moment.timestamp()
