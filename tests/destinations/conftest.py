"""An endpoint, and senders that may reach it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.deliveries.destinations import new_secret
from runtime.setting_values import networks
from tests.destinations.endpoint import Endpoint
from workers.destinations.sender import Sender
from workers.destinations.verdicts import Answer

NOW = 1_700_000_000.0

Send = Callable[..., Answer]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint().running() as endpoint:
        yield endpoint


@pytest.fixture
def a_sender() -> Iterator[Callable[..., Sender]]:
    """Make senders that may talk to this machine, unless told otherwise, and that lose patience soon."""
    made: list[Sender] = []

    def make(*, allow: str = "127.0.0.0/8", **settings: Any) -> Sender:
        sender = Sender(networks(allow), **{"connect_timeout": 0.4, "total": 0.6, **settings})
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.close()


@pytest.fixture
def send(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> Send:
    """Send an event to the endpoint."""
    sender = a_sender()
    secret = new_secret()

    def one(body: bytes = b'{"a":1}', *, event_id: str = "s-1/1", url: str | None = None) -> Answer:
        return sender.send(url or endpoint.url, event_id, body, [secret], now=NOW)

    return one
