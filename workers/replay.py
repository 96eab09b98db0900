"""Replay: look at calls again because somebody asked, a few at a time, and backfill history.

One runner per account. It asks RingCentral without holding anything, and judges and commits under the lease of
resolve, so that there is still one writer of what becomes of a call. A dry run judges alike and commits only what it
found.
"""

from typing import Final

import msgspec

from runtime import bells, faults, keys, replays
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.leases import Lease, LeaseHeld, lease
from runtime.logs import log
from runtime.metrics import FAILURES
from runtime.replays import Level, Progress, Replay, State
from workers.dependencies import Dependencies, current
from workers.replaying import replay_choice
from workers.replaying.backfill import Backfill, passed
from workers.replaying.replay_delivery import Redelivery
from workers.replaying.replay_errand import Errand, Step
from workers.replaying.replay_records import Refetch
from workers.resolving.pacing import pause_after
from workers.resolving.sweep import was_there
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    RingCentralError,
)
from workers.turns import turn

SHIFT_SECONDS: Final = 20.0

LEASE_SECONDS: Final = 40.0
"""A page of a thousand records may take its time, and is not worth a second request."""

HOPELESS_SECONDS: Final = 86400.0
"""How long RingCentral is asked again and again for what it has no answer for, though it answers: once a minute."""

AWAY_SECONDS: Final = 21600.0
"""So long nobody rests from asking, but an hour at most, though some requests do not get through. Nobody was there, and
that RingCentral had no answer then is not known."""

LEFT_SECONDS: Final = 300.0
"""How long one that only a later version can read is left to it."""

HELD_SECONDS: Final = 2.0
"""When to come back where a stage's runner did not leave its lease for long."""


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    redis, name = dependencies.redis, dependencies.account(account).name
    with turn(dependencies, Stage.REPLAY, account), lease(redis, name, Stage.REPLAY, seconds=LEASE_SECONDS) as held:
        _shift(account, held, dependencies)
        bells.rest(redis, Stage.REPLAY, account, due=keys.replays_due(account), held=held)


def _shift(account: str, held: Lease, dependencies: Dependencies) -> None:
    """Step until nothing is due, but no longer than a shift; nor past one step when others wait, or we must stop."""
    began = stopwatch()
    while stopwatch() - began < SHIFT_SECONDS and not dependencies.stopping.is_set():
        now = redis_time(dependencies.redis)
        replay_id = replays.next_due(dependencies.redis, account, now)
        if replay_id is None:
            return
        held.commit(bells.keep(Stage.REPLAY, account, now))
        Runner(account, held, dependencies).step(replay_id)
        if bells.waiting(dependencies.redis, Stage.REPLAY):
            return


class Runner:
    """One account's runner: takes replays one step further."""

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._made = dependencies
        self._redis = dependencies.redis
        self._retention = dependencies.settings.retention_seconds

    def step(self, replay_id: str) -> None:
        """Choose some calls, or look at some, and say when to go on."""
        now, replay = redis_time(self._redis), replays.load(self._redis, self._account, replay_id)
        if replay is None:
            is_there = self._redis.hexists(keys.replay(self._account, replay_id), "asked")  # what a later version reads
            left = ("ZADD", keys.replays_due(self._account), f"{now + LEFT_SECONDS:.3f}", replay_id)
            gone = replays.forgotten(self._redis, self._account, replay_id)
            self._lease.commit([left] if is_there else gone)
            return
        try:
            step = self._next(replay, now)
        except RingCentralError as error:
            step = Step(replay.progress, error=error)
        except LeaseHeld:
            step = Step(replay.progress, again_at=now + HELD_SECONDS)
        self._commit(replay, _got_on(step) if step.error is None else self._after(step.error, step, replay, now))

    def _next(self, replay: Replay, now: float) -> Step:
        if replay.cancelled:
            return Step(_over(replay.progress, State.CANCELLED, now, why=_passed_over(replay, replay.progress)))
        if replay.progress.state is State.WAITING:
            begun = msgspec.structs.replace(replay.progress, started_at=now, state=State.SELECTING)
            if replay.asked.level is Level.BACKFILL:
                begun = msgspec.structs.replace(begun, state=State.RUNNING)
            return Step(begun, again_at=now)
        errand = Errand(replay, self._made, self._lease)
        if replay.progress.state is State.SELECTING:
            return replay_choice.step(errand, now)
        if replay.asked.level is Level.BACKFILL:
            return Backfill(errand).step(now)
        if replay.left == 0:
            return Step(_over(replay.progress, State.DONE, now))
        return Redelivery(errand).step(now) if replay.asked.level is Level.DELIVER else Refetch(errand).step(now)

    def _after(self, error: RingCentralError, step: Step, replay: Replay, now: float) -> Step:
        """Wait out what will be over; end what will not: a backfill can only ask for the same page again.

        So does what RingCentral has had no answer for in a day, though it was there.
        """
        why, progress = " ".join((type(error).__name__, *error.codes)), step.progress
        if was_there(error):
            progress = _stuck(progress, now)
        is_hopeless = progress.stuck_since is not None and now - progress.stuck_since >= HOPELESS_SECONDS
        is_refused = isinstance(error, Refused | NotFound) and replay.asked.level is Level.BACKFILL
        if isinstance(error, Forbidden) or is_refused or (is_hopeless and was_there(error)):
            told = "; ".join(filter(None, (why, _passed_over(replay, progress))))
            return Step(_over(progress, State.FAILED, now, why=told))
        if not isinstance(error, RateLimited):
            self._made.recorder.count(FAILURES, Stage.REPLAY, type(error).__name__)
        if isinstance(error, BrokenConfiguration):
            log.warning("replay.not_asked", account=self._account, error=why)
        again_at = max(step.again_at or now, now + pause_after(error))
        return Step(msgspec.structs.replace(progress, why=why), again_at=again_at)

    def _commit(self, replay: Replay, step: Step) -> None:
        if step.progress.state in replays.OVER:
            commands = replays.ended(replay, step.progress, retention=self._retention)
            log.info("replay.over", account=self._account, replay=replay.id, state=step.progress.state)
        else:
            commands = replays.progressed(
                replay, step.progress, retention=self._retention, again_at=step.again_at or 0.0
            )
        self._lease.commit([*step.commands, *commands])
        faults.point("replay.committed")


def _stuck(progress: Progress, now: float) -> Progress:
    """Note since when RingCentral has had no answer, as far as it was asked."""
    since, at = progress.stuck_since, progress.stuck_at
    was_asked = at is not None and at <= now < at + AWAY_SECONDS
    return msgspec.structs.replace(progress, stuck_since=now if since is None or not was_asked else since, stuck_at=now)


def _got_on(step: Step) -> Step:
    """Note that a replay is not stuck (any more); one that only waits for the budget may be."""
    if step.progress.stuck_since is None or step.progress.why is not None:
        return step
    return msgspec.structs.replace(step, progress=msgspec.structs.replace(step.progress, stuck_since=None))


def _passed_over(replay: Replay, progress: Progress) -> str | None:
    """Say what a backfill that ends early has passed over, for whoever brings in the rest."""
    return passed(progress) if replay.asked.level is Level.BACKFILL else None


def _over(progress: Progress, state: State, now: float, *, why: str | None = None) -> Progress:
    return msgspec.structs.replace(progress, state=state, finished_at=now, why=why)
