"""Deliver: send every destination what it wants of the outcome log, in order for each call.

A bell begins a shift in a thread of its own, so one process serves many destinations at once and a slow one keeps
nobody waiting: the RQ job only opens the door. A lease makes sure that a destination has one runner anywhere.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from redis.exceptions import RedisError

from runtime import bells
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.leases import Lease, LeaseHeld, LeaseLost, lease
from runtime.logs import log
from runtime.metrics import FAILURES, TAKEN_OVER
from workers.delivering.deliverer import Deliverer
from workers.dependencies import Dependencies, current
from workers.stopping import Stopping

IN_FLIGHT: Final = 16
"""Events on their way to one destination at the same time; never two of one call."""

LEASE_SECONDS: Final = 3.0
"""How long a killed runner's destination stays untouched; a runner commits several times a second."""

SHIFT_SECONDS: Final = 20.0
SLICE_SECONDS: Final = 2.0
"""How long a runner stays at least, even when bells of other destinations wait for a place."""

PAUSE_SECONDS: Final = 0.1
LINGER_SECONDS: Final = 1.0

PARKED_SECONDS: Final = 60.0
"""How long a destination is left alone after a failure of ours."""


def serve(destination: str) -> None:
    """Serve one destination's bell. Called by RQ; returns as soon as a shift has begun."""
    current().shifts.begin(run, destination)


def run(destination: str, *, linger: float = LINGER_SECONDS) -> None:
    """Run one shift for a destination, unless another runner has it; wait `linger` seconds for more."""
    dependencies = current()
    try:
        with lease(dependencies.redis, destination, Stage.DELIVER, seconds=LEASE_SECONDS) as held:
            _shift(destination, held, dependencies, linger)
    except LeaseHeld:
        return
    except LeaseLost:
        log.warning("deliver.overtaken", destination=destination)
        dependencies.recorder.count(TAKEN_OVER, Stage.DELIVER)
    except RedisError as error:  # its bell rings again, within seconds of Redis's return
        _failed(destination, error, dependencies)
    except Exception as error:  # noqa: BLE001 - the outermost of this thread: nobody else would tell
        log.exception("deliver.failed", destination=destination)
        _failed(destination, error, dependencies)
        until = redis_time(dependencies.redis) + PARKED_SECONDS
        bells.put_off(dependencies.redis, Stage.DELIVER, destination, until)


def _failed(destination: str, error: Exception, dependencies: Dependencies) -> None:
    dependencies.recorder.count(FAILURES, Stage.DELIVER, type(error).__name__)
    log.warning("deliver.waits", destination=destination, error=type(error).__name__)


def _shift(destination: str, held: Lease, dependencies: Dependencies, linger: float) -> None:
    """Step until there is nothing to do for a while, or it is time to make room for others."""
    senders = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="send")
    try:
        _steps(Deliverer(destination, held, dependencies, senders), dependencies.stopping, linger)
    finally:
        senders.shutdown(cancel_futures=True)


def _steps(runner: Deliverer, stopping: Stopping, linger: float) -> None:
    began = last_busy = stopwatch()
    while True:
        tally = runner.step()
        now = stopwatch()
        last_busy = now if tally.busy else last_busy
        slice_is_over = tally.others_wait and now - began > SLICE_SECONDS
        if stopping.is_set() or slice_is_over or now - began > SHIFT_SECONDS:
            runner.leave()
            return
        if not tally.busy and (tally.shut or now - last_busy >= linger) and runner.rest():
            return
        if not tally.busy:
            stopping.wait(PAUSE_SECONDS)
