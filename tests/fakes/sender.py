"""A receiver without a network: answers as told, and remembers what it was sent."""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from runtime.deliveries.attempts import Blame
from workers.destinations.verdicts import Answer, Verdict


class Sent(Struct, frozen=True):
    """What arrived."""

    url: str
    event_id: str
    body: bytes


def delivered() -> Answer:
    """Answer 200."""
    return Answer(verdict=Verdict.DELIVERED, status=200, seconds=0.01)


def refused(retry_after: float | None = None) -> Answer:
    """Answer 500."""
    return Answer(
        verdict=Verdict.TEMPORARY, blame=Blame.THEIRS, status=500, seconds=0.01, excerpt="no", retry_after=retry_after
    )


def gone() -> Answer:
    """Answer 410."""
    return Answer(verdict=Verdict.GONE, blame=Blame.THEIRS, status=410, seconds=0.01)


def forbidden() -> Answer:
    """Refuse to send at all."""
    return Answer(verdict=Verdict.PERMANENT, blame=Blame.CONFIGURATION, seconds=0.0, error="nothing is sent there")


class FakeSender:
    """Behaves like the real one in what matters here: it answers once `seconds` are over."""

    def __init__(self) -> None:
        self.answer: Callable[[Sent], Answer] = lambda _: delivered()
        self.seconds = 0.0
        self.sent: list[Sent] = []

    def send(self, url: str, event_id: str, body: bytes, secrets: Sequence[str], *, now: float) -> Answer:
        """Take an event, and answer."""
        assert secrets
        assert now
        sent = Sent(url, event_id, body)
        self.sent.append(sent)
        time.sleep(self.seconds)
        return self.answer(sent)

    def ids(self) -> list[str]:
        """Give the ids of what was sent, in their order."""
        return [one.event_id for one in self.sent]
