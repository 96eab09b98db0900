"""Look at the workers: is there one for each stage, is the clock going, does RQ hold what nobody will ever do."""

from typing import Final, cast

from runtime import bells, guarding, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from scripts.checkup import rq_state
from scripts.checkup.findings import Findings, Patient, error, warning

LATE_SECONDS: Final = 30.0
"""A bell that should have been rung so long ago."""

UNGUARDED_SECONDS: Final = 300.0
"""The guardian looks each minute."""

MANY_WAITING: Final = 200
YOUNG_SECONDS: Final = 20.0
"""A job so young may be between two lists."""


def every_stage(patient: Patient) -> Findings:
    """Each stage has a worker that lives."""
    served = {queue for worker in rq_state.workers(patient.redis) for queue in worker.queues}
    for stage in Stage:
        if bells.queue_name(stage) not in served:
            yield error(f"no worker serves {stage}", f"start `python -m workers {stage}` (see the Procfile)")


def one_queue(patient: Patient) -> Findings:
    """No worker listens to several queues: RQ loses jobs then."""
    for worker in rq_state.workers(patient.redis):
        if len(worker.queues) > 1:
            yield error(
                f"worker {worker.name} serves {len(worker.queues)} queues; a kill would lose jobs",
                "start workers only with `python -m workers STAGE`, one stage each",
            )


def bells_rung(patient: Patient) -> Findings:
    """Bells are rung when they are due."""
    now = redis_time(patient.redis)
    late = cast("list[bytes]", patient.redis.zrange(keys.BELLS, "-inf", now - LATE_SECONDS, byscore=True))
    if late:
        yield error(
            f"{len(late)} bells are late, {late[0].decode()} the most: no clock is running",
            "start `python -m workers clock`",
        )


def guardian(patient: Patient) -> Findings:
    """The guardian looks after each account's subscription, and is not hindered."""
    now = redis_time(patient.redis)
    names = [account.name for account in patient.accounts]
    for name, guarded in zip(names, guarding.load_all(patient.redis, names), strict=True):
        if guarded.checked_at is not None and now - guarded.checked_at > UNGUARDED_SECONDS:
            yield error(
                f"account {name}: nobody looked after the subscription for {_ago(now - guarded.checked_at)}",
                "start `python -m workers upkeep` and `python -m workers clock`; look at the log of upkeep if they run",
            )
        if guarded.problem:
            yield error(
                f"account {name}: the guardian is hindered ({guarded.problem}); it is {guarded.health}",
                "run ./scripts/subscribe.py repair, which does the same and says what RingCentral answers",
            )
        elif guarded.gap_from is not None:
            yield error(
                f"account {name}: nobody has delivered notifications for {_ago(now - guarded.gap_from)}",
                "run ./scripts/subscribe.py repair; the call log of that time is compared then",
            )


def _ago(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes"


def queues(patient: Patient) -> Findings:
    """No stage is far behind its bells."""
    for stage in Stage:
        count = bells.waiting(patient.redis, stage)
        if count > MANY_WAITING:
            yield warning(f"{count} bells wait for a worker of {stage}", f"start more of `python -m workers {stage}`")


def failed_jobs(patient: Patient) -> Findings:
    """No job of ours has failed."""
    for stage in Stage:
        count = patient.redis.zcard(f"{rq_state.PREFIX}failed:{bells.queue_name(stage)}")
        if count:
            yield warning(
                f"{count} jobs of {stage} have failed",
                f"look at the log of {stage} for the exception; the clock has rung again since, so nothing is lost",
            )


def orphaned_jobs(patient: Patient) -> Findings:
    """RQ holds no job that stands in no list: nobody would ever do it."""
    now, placed = redis_time(patient.redis), rq_state.placed(patient.redis)
    orphans = [
        job
        for job in rq_state.jobs(patient.redis)
        if job.status in rq_state.WAITING and job.id not in placed and now - job.made_at > YOUNG_SECONDS
    ]
    if orphans:
        yield warning(
            f"{len(orphans)} jobs are orphaned, {orphans[0].id} for one",
            f"delete them (`redis-cli DEL {rq_state.PREFIX}job:{orphans[0].id}`); the clock rings for what is due",
        )
