"""A deliver stage that runs here: a destination, a sender that answers as told, and shifts begun by hand."""

from collections.abc import Iterator

import pytest
from redis import Redis

from runtime.deliveries import destinations
from runtime.metrics import Recorder
from runtime.settings import load
from telephony.destinations import Destination, Draft
from tests.fakes.sender import FakeSender
from workers import deliver, dependencies
from workers.dependencies import Dependencies


class Stage:
    """The deliver stage in this process."""

    def __init__(self, redis: Redis, sender: FakeSender, recorder: Recorder) -> None:
        self.redis = redis
        self.sender = sender
        self.recorder = recorder

    def add(self, **draft: object) -> Destination:
        """Add a destination."""
        wanted = Draft(**{"url": "https://crm.example/hook", **draft})  # type: ignore[arg-type]
        return destinations.create(self.redis, wanted, keys=())[0]

    def run(self, destination: Destination) -> None:
        """Run one shift."""
        deliver.run(destination.id, linger=0)


@pytest.fixture
def stage(redis: Redis) -> Iterator[Stage]:
    sender, recorder = FakeSender(), Recorder(redis)
    made = Dependencies(load({"REDIS_URL": "redis://127.0.0.1:1"}), redis, recorder, sender)
    dependencies.install(made)
    yield Stage(redis, sender, recorder)
    made.shifts.finish()
