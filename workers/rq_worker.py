"""RQ, set up as Legwork needs it: one queue, JSON, no fork, and nothing run but our own jobs.

One queue, because RQ loses jobs when a worker listens to several (it pops them with BLPOP). No fork, because with one
a job that finds little to do costs four times as much. Short times to live, because with RQ's own a job whose worker
was killed waits seven minutes to be seen again. And bells behind the one RQ has handed out are taken without RQ: what
it does around a job costs several times what ours does for an account that has little news.
docs/adr/0043-one-job-serves-the-bells-behind-it.md has the figures.
"""

from contextlib import suppress
from types import FrameType
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException

from runtime import faults
from runtime.bells import JOB_TIMEOUT_SECONDS, JOBS, Stage, queue_name
from runtime.clocks import stopwatch
from runtime.logs import log, without_numbers
from workers.dependencies import Dependencies
from workers.next_bells import NextBells, Taken

WORKER_TTL_SECONDS: Final = 30
MONITORING_SECONDS: Final = 5
MAINTENANCE_SECONDS: Final = 15

BEHIND_SECONDS: Final = 10.0
"""How long a worker serves bells behind its job's before RQ sees to itself again."""

LINGER_SECONDS: Final = 0.5
"""How long it waits for another one."""

_ALLOWED: Final = frozenset(JOBS.values())


class ForbiddenJob(Exception):
    """A job in the queue names a function that is none of ours. Whoever wrote it can write to Redis."""


class BellJob(Job):
    """A job that runs only what `runtime.bells.JOBS` names, and neither calls back nor sends anything afterwards."""

    @property
    def is_ours(self) -> bool:
        """Whether it calls a function of ours, with nothing else. Raises DeserializationError."""
        return self.func_name in _ALLOWED and self.instance is None

    @property
    def func(self) -> Any:
        """The function to run. Raises ForbiddenJob before anything is imported."""
        if not self.is_ours:
            log.error("job.forbidden", job=self.id)
            raise ForbiddenJob(self.id)
        return super().func

    @property
    def success_callback(self) -> None:
        """Nothing: a callback in a job of ours was written by somebody else."""

    @property
    def failure_callback(self) -> None:
        """Nothing, as above."""

    @property
    def stopped_callback(self) -> None:
        """Nothing, as above."""

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """Do nothing: RQ would request any address a job names, with the traceback."""


class StageWorker(SimpleWorker):
    """Serves the bells of one stage, in this process."""

    job_class = BellJob

    def __init__(self, stage: Stage, redis: Redis, dependencies: Dependencies) -> None:
        super().__init__(
            [Queue(queue_name(stage), connection=redis, serializer=JSONSerializer, job_class=BellJob)],
            connection=redis,
            serializer=JSONSerializer,
            job_class=BellJob,
            worker_ttl=WORKER_TTL_SECONDS,
            job_monitoring_interval=MONITORING_SECONDS,
            maintenance_interval=MAINTENANCE_SECONDS,
            log_job_description=False,
        )
        self._stopping = dependencies.stopping
        self._next = NextBells(redis, stage)

    def _set_ip_address(self, connection: Redis) -> None:
        """Note where we come from; redis-py cannot read it of a socket with a space or an equals sign in its path."""
        try:
            super()._set_ip_address(connection)
        except ValueError:
            self.ip_address = "unknown"

    def execute_job(self, job: Job, queue: Queue) -> Any:
        """Serve a bell."""
        faults.point("worker.taken")
        return super().execute_job(job, queue)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Serve the bell of a job, then those behind it: as a part of it, so that RQ knows that we are busy."""
        done = super().perform_job(job, queue, execution)
        until = stopwatch() + BEHIND_SECONDS
        with suppress(RedisError):  # RQ meets it next, and waits until Redis is back
            while not self._stopping.is_set() and stopwatch() < until and self._serve_next():
                pass
            self._next.forget()
        return done

    def _serve_next(self) -> bool:
        """Serve the bell that has waited longest; False where none is rung, or one that is for RQ to judge."""
        taken = self._next.take(wait=LINGER_SECONDS)
        if taken is None:
            return False
        faults.point("worker.taken")
        try:
            is_served = self._serve(taken)
        except Exception:  # noqa: BLE001 - whatever it was, RQ meets it next, and keeps what it was
            is_served = False
        self._next.done(taken) if is_served else self._next.give_back(taken)
        return is_served

    def _serve(self, taken: Taken) -> bool:
        """Do what a job says, if it is one of ours."""
        job = BellJob(taken.job_id, connection=self.connection, serializer=JSONSerializer)
        job.restore({b"data": taken.data})
        if job.is_ours:
            with self.death_penalty_class(JOB_TIMEOUT_SECONDS, JobTimeoutException, job_id=job.id):
                job.func(*job.args, **job.kwargs)
        return job.is_ours

    def run_maintenance_tasks(self) -> None:
        """Do what RQ does now and then; and announce this worker anew where Redis has lost that it is there."""
        if not self.connection.hexists(self.key, "queues"):  # RQ's heartbeat writes the time alone
            self.connection.delete(self.key)
            self.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # as above

    def handle_job_failure(self, job: Job, queue: Queue, *, exc_string: str = "", **more: Any) -> None:  # type: ignore[override]  # RQ names what it gives
        """Keep no phone number with a failure: whoever erases a person does not look into RQ's keys."""
        super().handle_job_failure(job, queue, exc_string=without_numbers(exc_string), **more)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the job that runs, and tell it to be quick."""
        self._stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ leaves it untyped
