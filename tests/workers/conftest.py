"""An installation to try the workers in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from tests.workers.office import Office

PLENTY = {"light": 6000, "medium": 6000, "heavy": 6000, "auth": 6000}

MakeOffice = Callable[..., Office]


@pytest.fixture
def platform() -> Iterator[RunningSimulator]:
    """Run RingCentral in a box, with nothing in its call log."""
    with running_simulator(Configuration(limits=PLENTY)) as running:
        yield running


@pytest.fixture
def an_office(redis_url: str, platform: RunningSimulator) -> Iterator[MakeOffice]:
    """Make an installation with settings of its own."""
    made: list[Office] = []

    def make(**settings: Any) -> Office:
        made.append(Office(redis_url, platform, **settings))
        return made[-1]

    yield make
    for office in made:
        office.close()


@pytest.fixture
def office(an_office: MakeOffice) -> Office:
    """Make an installation with the settings everybody has."""
    return an_office()
