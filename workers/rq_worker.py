"""RQ, set up as Legwork needs it: one queue, JSON, no fork, and nothing run but our own jobs.

One queue, because RQ loses jobs when a worker listens to several (it pops them with BLPOP). No fork, because a job of
ours takes milliseconds and a fork costs four times as much as the job. Short times to live, because with RQ's own a job
whose worker was killed waits seven minutes to be seen again.
"""

from types import FrameType
from typing import Any, Final

from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from runtime import faults
from runtime.bells import JOBS, Stage, queue_name
from runtime.logs import log
from workers.dependencies import Dependencies

WORKER_TTL_SECONDS: Final = 30
MONITORING_SECONDS: Final = 5
MAINTENANCE_SECONDS: Final = 15

_ALLOWED: Final = frozenset(JOBS.values())


class ForbiddenJob(Exception):  # noqa: N818 - named for what happened
    """A job in the queue names a function that is none of ours. Whoever wrote it can write to Redis."""


class BellJob(Job):
    """A job that runs only what `runtime.bells.JOBS` names, and neither calls back nor sends anything afterwards."""

    @property
    def func(self) -> Any:
        """The function to run. Raises ForbiddenJob before anything is imported."""
        if self.func_name not in _ALLOWED or self.instance is not None:
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

    def __init__(self, stage: Stage, redis: "Redis", dependencies: Dependencies) -> None:
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

    def execute_job(self, job: Job, queue: Queue) -> Any:
        """Serve a bell."""
        faults.point("worker.taken")
        return super().execute_job(job, queue)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the job that runs, and tell it to be quick."""
        self._stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ leaves it untyped
