"""Turns: a stage of an account has one runner at a time. Who comes second leaves, and so does who was too slow."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.bells import Stage
from runtime.leases import LeaseHeld, LeaseLost
from runtime.logs import log
from runtime.metrics import TAKEN_OVER
from workers.dependencies import Dependencies


@contextmanager
def turn(dependencies: Dependencies, stage: Stage, account: str) -> Iterator[None]:
    """End the block, which takes the lease of the stage, where another runner has it or has taken it over."""
    try:
        yield
    except LeaseHeld:
        return
    except LeaseLost:
        log.warning(f"{stage}.overtaken", account=account)
        dependencies.recorder.count(TAKEN_OVER, stage)
