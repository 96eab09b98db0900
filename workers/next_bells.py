"""The bells that wait in a stage's queue, taken without RQ: what it does around a job costs more than most shifts.

docs/adr/0043-one-job-serves-the-bells-behind-it.md says why.
"""

from typing import Final

import msgspec
from redis import Redis
from rq.job import Job

from runtime.bells import JOB_TIMEOUT_SECONDS, Stage, queue_key
from runtime.redis_line import Line

_CLAIM: Final = """
-- Give what a job calls that is being taken, and have it forgotten in time. KEYS: job, jobs being taken, jobs that were
-- served before (if any), which are forgotten now. ARGV: its id, seconds.
for served = 3, #KEYS do redis.call('UNLINK', KEYS[served]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('LREM', KEYS[2], 1, ARGV[1])
return redis.call('HGET', KEYS[1], 'data')
"""

_GIVE_BACK: Final = """
-- Put a job back where it was taken. KEYS: job, queue. ARGV: its id.
redis.call('PERSIST', KEYS[1])
redis.call('LPUSH', KEYS[2], ARGV[1])
"""


class Taken(msgspec.Struct, frozen=True):
    """A bell taken out of its queue: the id of its job, and what the job calls, as RQ has written it."""

    job_id: str
    data: bytes


class NextBells:
    """Takes the bells that wait in a stage's queue, one at a time and without RQ. For one worker.

    A bell whose taker is killed is lost, as any may be: the clock rings again, see `rung_seconds`. Its job expires,
    or is found where RQ puts those that it takes itself, and cleared away by RQ.
    """

    def __init__(self, redis: Redis, stage: Stage) -> None:
        self._queue = queue_key(stage)
        self._taking = f"{self._queue}:intermediate"
        self._claim, self._give_back = redis.register_script(_CLAIM), redis.register_script(_GIVE_BACK)
        self._line = Line(redis)
        self._served: list[str] = []

    def take(self, *, wait: float) -> Taken | None:
        """Take the bell that has waited longest, or the first that is rung within `wait` seconds. Raises RedisError."""
        found = self._line.call("BLMOVE", self._queue, self._taking, "LEFT", "RIGHT", str(wait))
        if found is None:
            return None
        job_id = found.decode()
        kept = 2 * JOB_TIMEOUT_SECONDS  # one that takes too long ends only when what it waits for does
        names = [_job_key(job_id), self._taking, *self._served]
        data = self._line.run(self._claim, len(names), *names, job_id, kept)
        self._served.clear()
        return Taken(job_id, data or b"")

    def done(self, taken: Taken) -> None:
        """Have a bell that was served forgotten when the next one is taken, at the latest by `forget`."""
        self._served.append(_job_key(taken.job_id))

    def forget(self) -> None:
        """Forget a bell that was served. Raises RedisError."""
        if self._served:
            self._line.call("UNLINK", *self._served)
            self._served.clear()

    def give_back(self, taken: Taken) -> None:
        """Leave a bell to RQ after all, as the first. Raises RedisError."""
        self._line.run(self._give_back, 2, _job_key(taken.job_id), self._queue, taken.job_id)


def _job_key(job_id: str) -> str:
    """Name the hash in which RQ keeps a job."""
    return Job.redis_job_namespace_prefix + job_id
