"""What is made behind everybody's back is made anew in its time, and more seldom where that takes long."""

import threading

import pytest

from tests.simulator.waiting import wait_until
from web import cached
from web.cached import KEPT_TIMES, Behind


class Clock:
    """A stopwatch that goes on by what is made."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cached, "stopwatch", clock)
    return clock


def is_made() -> bool:
    """Say whether nothing is being made."""
    return all(thread.name != "behind" for thread in threading.enumerate())


@pytest.mark.parametrize(("takes", "kept"), [(0.5, 20.0), (9.0, KEPT_TIMES * 9.0)])
def test_what_takes_long_to_make_is_kept_for_longer(clock: Clock, takes: float, kept: float) -> None:
    made: list[float] = []

    def make() -> int:
        clock.now += takes
        made.append(clock.now)
        return len(made)

    behind = Behind(make, seconds=20.0)
    behind.get()
    wait_until(is_made, seconds=5)

    clock.now = made[0] + kept - 0.1
    assert behind.get() == 1
    wait_until(is_made, seconds=5)
    clock.now = made[0] + kept + 0.1
    behind.get()
    wait_until(is_made, seconds=5)
    assert len(made) == 2
