"""A simulator in a hurry, and a client of it."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from tests.simulator.client import Client
from tests.simulator.waiting import wait_until

Play: TypeAlias = Callable[..., list[str]]  # (count=1, scenario=None, *, rate=2000) -> telephonySessionIds
HASTE = 100.0  # played seconds per second


@pytest.fixture
def configuration() -> Configuration:
    """Lift the limits, and have no record change behind a test's back."""
    return Configuration(recording_share=0.0, limits={"light": 1000, "medium": 1000, "heavy": 1000, "auth": 1000})


@pytest.fixture
def simulator(configuration: Configuration) -> Iterator[RunningSimulator]:
    with running_simulator(configuration) as running:
        yield running


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Client]:
    client = Client(simulator.url)
    yield client
    client.session.close()


@pytest.fixture
def play(simulator: RunningSimulator) -> Play:
    """Play calls to their end, records included, and give their ids."""

    def play(count: int = 1, scenario: str | None = None, *, rate: float = 2000) -> list[str]:
        ids = simulator.play(count=count, rate=rate, scenario=scenario, speed=HASTE)
        wait_until(lambda: all(row["played"] and row["recordVisibleAt"] for row in simulator.truth()))
        return ids

    return play
