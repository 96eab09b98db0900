"""An installation in good health, to plant faults in."""

from collections.abc import Iterator

import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from tests.doctor.clinic import Clinic, Receiver
from tests.workers.conftest import PLENTY


@pytest.fixture(scope="module")
def platform() -> Iterator[RunningSimulator]:
    with running_simulator(Configuration(limits=PLENTY)) as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def clinic(redis_url: str, platform: RunningSimulator, receiver: Receiver) -> Iterator[Clinic]:
    platform.fault("clear")
    receiver.answer = {}
    with Clinic(redis_url, platform, receiver) as clinic:
        yield clinic
