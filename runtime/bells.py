"""Bells: RQ jobs that say "look at this account", and the times at which the clock rings them again.

A job carries an account's name (for deliver: a destination's id) and nothing else; all it needs is in Redis. A bell
that is lost, doubled or late is therefore harmless: its stage looks at what there is, and the clock rings again for
whatever is due.
"""

import math
from collections.abc import Container, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from runtime import faults, keys
from runtime.leases import Lease
from runtime.redis_line import Line

RUNG_SECONDS: Final = 10
"""How long a bell counts as rung. A runner renews it; after a kill the clock rings again this much later at most."""

RUNG_BRIEFLY_SECONDS: Final = 3
"""The same for deliver, whose runners commit several times a second: after a kill its destinations wait no longer."""

MOST_QUEUED: Final = 1000
"""Bells of a stage that wait for a worker, beyond which the clock rings none; it looks again until there is room."""

JOB_TIMEOUT_SECONDS: Final = 120
FAILURE_TTL_SECONDS: Final = 86400


class Stage(StrEnum):
    """A stage that is served by RQ workers, each from a queue of its own."""

    TRACK = "track"
    RESOLVE = "resolve"
    UPKEEP = "upkeep"
    DELIVER = "deliver"
    REPLAY = "replay"
    RINGOUT = "ringout"


JOBS: Final[Mapping[Stage, str]] = MappingProxyType(
    {
        Stage.TRACK: "workers.track.serve",
        Stage.RESOLVE: "workers.resolve.serve",
        Stage.UPKEEP: "workers.upkeep.serve",
        Stage.DELIVER: "workers.deliver.serve",
        Stage.REPLAY: "workers.replay.serve",
        Stage.RINGOUT: "workers.ringouts.serve",
    }
)
"""The only functions a worker will ever run. By name, because `web` never imports `workers`."""

OF_ACCOUNTS: Final = (Stage.TRACK, Stage.RESOLVE, Stage.UPKEEP, Stage.REPLAY, Stage.RINGOUT)
"""The stages that are run for each account; DELIVER is run for each destination."""


def queue_name(stage: Stage) -> str:
    """Name the RQ queue of a stage."""
    return f"legwork-{stage}"


def queue_key(stage: Stage) -> str:
    """Name the list in which RQ keeps the bells of a stage that wait for a worker."""
    return Queue.redis_queue_namespace_prefix + queue_name(stage)


def rung_seconds(stage: Stage) -> int:
    """Say how long a bell of this stage counts as rung."""
    return RUNG_BRIEFLY_SECONDS if stage is Stage.DELIVER else RUNG_SECONDS


def ring(redis: Redis, stage: Stage, account: str) -> None:
    """Enqueue the job that serves `stage` for `account`. Whether it is needed was decided by the caller."""
    # A job that fails is not retried by RQ: the clock rings again, which is the one retry policy of bells.
    with redis.pipeline(transaction=True) as pipeline:
        Queue(queue_name(stage), connection=redis, serializer=JSONSerializer).enqueue(
            JOBS[stage],
            account,
            job_timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURE_TTL_SECONDS,
            description=stage.value,
            pipeline=pipeline,  # or RQ would begin with a transaction of its own, for the queue's name
        )
        pipeline.execute()


def waiting(redis: Redis, stage: Stage) -> int:
    """Count the bells of a stage that nobody has taken up yet."""
    return redis.llen(queue_key(stage))


def member(stage: Stage, account: str) -> str:
    """Write a stage of an account as a member of the bells."""
    return f"{stage}|{account}"


def keep(stage: Stage, account: str, now: float) -> tuple[tuple[str, ...], ...]:
    """Give the commands with which a runner, at each commit, keeps others from being rung beside it."""
    seconds = rung_seconds(stage)
    return (
        ("SET", keys.rung(account, stage), "1", "PX", str(seconds * 1000)),
        ("ZADD", keys.BELLS, f"{now + seconds:.3f}", member(stage, account)),
    )


def due_at(stage: Stage, account: str, when: float) -> tuple[str, ...]:
    """Give the command that has the clock ring `stage` at `when` (seconds), unless it does so earlier anyway."""
    return ("ZADD", keys.BELLS, "LT", f"{when:.3f}", member(stage, account))


def ring_at(redis: Redis, stage: Stage, account: str, when: float) -> None:
    """Have the clock ring `stage` at `when` (seconds), unless it does so earlier anyway."""
    redis.zadd(keys.BELLS, {member(stage, account): when}, lt=True)


def put_off(redis: Redis, stage: Stage, account: str, until: float) -> None:
    """End a runner's shift in one step; the clock rings `until` then (seconds), whenever it would have otherwise."""
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.zadd(keys.BELLS, {member(stage, account): until})
        pipeline.delete(keys.rung(account, stage))
        pipeline.execute()


_REST: Final = """
-- Give a runner's lease back, and end its shift, unless news has come in. KEYS: rung, bells, sorted set of what is due,
-- lease, log it reads (if any). ARGV: bell, earliest next time (seconds), place in the log, latest next time ('' for
-- none), token of the lease ('' for none). Gives 1 when the shift is over, 0 when there is news. Where another runner
-- has the stage by now, its bell is that one's as well.
local holder = redis.call('HGET', KEYS[4], 'token')
if holder and holder == ARGV[5] then redis.call('DEL', KEYS[4]) elseif holder and ARGV[5] ~= '' then return 1 end
if KEYS[5] and #redis.call('XRANGE', KEYS[5], '(' .. ARGV[3], '+', 'COUNT', 1) > 0 then return 0 end
redis.call('DEL', KEYS[1])
local first = tonumber(redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2])
local again, latest = first and math.max(first, tonumber(ARGV[2])), tonumber(ARGV[4])
if latest and (not again or latest < again) then again = latest end
if again then
  redis.call('ZADD', KEYS[2], again, ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return 1
"""


def rest(
    redis: Redis,
    stage: Stage,
    account: str,
    *,
    due: str,
    not_before: float = 0,
    at_latest: float | None = None,
    read_to: tuple[str, str] | None = None,
    held: Lease | None = None,
) -> bool:
    """End a runner's shift in one step: set the next bell from `due`, or say False where the log it reads has news.

    It has `read_to` a place of that log. The bell is rung `at_latest` then (seconds), whatever is due when. The lease
    that is `held` is given back with it: a bell that was rung before would find the stage taken.
    """
    logs, place = (read_to[:1], read_to[1]) if read_to else ((), "")
    names = [keys.rung(account, stage), keys.BELLS, due, keys.lease(account, stage), *logs]
    latest, token = "" if at_latest is None else f"{at_latest:.3f}", held.token if held else ""
    words = [member(stage, account), f"{not_before:.3f}", place, latest, token]
    is_over = bool(redis.register_script(_REST)(keys=names, args=words))
    if held:
        held.is_given_back = True
    return is_over


_DUE: Final = """
-- Find the bells whose time has come, and say in how many milliseconds that of the next one does (-1: there is none).
-- KEYS: bells. ARGV: how many at most.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local due = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])
local following = redis.call('ZRANGE', KEYS[1], #due, #due, 'WITHSCORES')
return {due, following[2] and math.max(0, math.ceil((tonumber(following[2]) - now) * 1000)) or -1}
"""

_TAKE: Final = """
-- Claim one bell for ringing, and look at it again in two seconds. KEYS: rung, bells, the stage's queue.
-- ARGV: bell, rung time (s), how many may be queued. Gives 1 to the one who shall ring it, 0 while it is rung already.
-- While too many are queued it counts as rung until after the next look, so that nobody else rings it either.
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[2], now + 2, ARGV[1])
if redis.call('LLEN', KEYS[3]) >= tonumber(ARGV[3]) then
  if redis.call('TTL', KEYS[1]) < 3 then redis.call('SET', KEYS[1], '1', 'EX', 4) end
  return 0
end
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 1 end
return 0
"""


class DueBells:
    """Finds the bells whose time has come and rings them: for the clock, which looks several times a second."""

    def __init__(self, redis: Redis, accounts: Container[str]) -> None:
        """Know the `accounts` there are."""
        self._redis = redis
        self._accounts = accounts
        self._line = Line(redis)
        self._due, self._take = redis.register_script(_DUE), redis.register_script(_TAKE)
        self.next_in = 0.0
        """Seconds from the last look until the time of the next bell comes."""

    def ring(self, limit: int = 100) -> int:
        """Ring every bell whose time has come and that nobody is serving; give how many were rung. Raises RedisError.

        A bell of a stage or an account that is no more is dropped: its jobs could only fail, for ever.
        """
        rung = 0
        due, following = self._line.run(self._due, 1, keys.BELLS, limit)
        self.next_in = following / 1000 if following >= 0 else math.inf
        for bell in due:
            stage, account = self._read(bell.decode())
            if stage is None:
                self._redis.zrem(keys.BELLS, bell)
            elif self._claim(bell, stage, account):
                faults.point("clock.taken")
                ring(self._redis, stage, account)
                rung += 1
        return rung

    def _claim(self, bell: bytes, stage: Stage, account: str) -> bool:
        names = (keys.rung(account, stage), keys.BELLS, queue_key(stage))
        return bool(self._line.run(self._take, len(names), *names, bell, rung_seconds(stage), MOST_QUEUED))

    def _read(self, bell: str) -> tuple[Stage | None, str]:
        name, _, account = bell.partition("|")
        stage = Stage(name) if name in JOBS else None
        if stage in OF_ACCOUNTS and account not in self._accounts:
            return None, account
        return stage, account
