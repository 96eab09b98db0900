"""Borrow a stage's lease for a moment, to commit what only its runner may.

Whoever looks at calls besides the stage itself (a replay, a backfill) asks RingCentral without the lease and holds it
only to judge and commit, so that live calls wait for some milliseconds and not for the network.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.leases import Lease, LeaseHeld, lease
from workers.stopping import Stopping

PATIENCE_SECONDS: Final = 30.0
"""How long a runner is waited for: a shift of track may take twenty seconds, and leaves a gap before the next."""

_LOOK_SECONDS: Final = 0.02


@contextmanager
def borrowed(redis: Redis, account: str, stage: Stage, stopping: Stopping) -> Iterator[Lease]:
    """Hold `stage` of `account` while the block runs, as soon as its runner has left. Raises LeaseHeld."""
    until = stopwatch() + PATIENCE_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                held = lease(redis, account, stage)
                entered = held.__enter__()
            except LeaseHeld:
                if stopwatch() > until or stopping.wait(_LOOK_SECONDS):
                    raise
            else:
                break
        stack.callback(_ring_again, redis, account, stage)
        stack.push(held)
        yield entered


def _ring_again(redis: Redis, account: str, stage: Stage) -> None:
    """Have a bell rung that came meanwhile and found the stage taken."""
    if redis.delete(keys.rung(account, stage)):
        bells.ring_at(redis, stage, account, redis_time(redis))
