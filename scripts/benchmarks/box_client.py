"""A simulated account as a benchmark uses it: have calls played, switch faults, and ask what really happened."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from subprocess import PIPE
from typing import Any, TypeVar

import msgspec

from scripts.simulator.configuration import Configuration
from scripts.supervisor import box as supervised
from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT

PATIENCE_SECONDS = 120.0  # dealing many calls, or telling of them, takes a while
STOP_SECONDS = 5.0

T = TypeVar("T")


class Conversation(msgspec.Struct, frozen=True):
    """The sessions that are one conversation have the same `id`."""

    id: str


class Truth(msgspec.Struct, frozen=True, rename="camel"):
    """What really happened in one session; the times are None until they have come."""

    telephony_session_id: str
    outcome: str
    conversation: Conversation
    ended_at: datetime | None = None
    record_visible_at: datetime | None = None


class SeenRequest(msgspec.Struct, frozen=True, rename="camel"):
    """One API request as RingCentral saw it. `time` is in seconds since 1970."""

    time: float
    group: str
    path: str
    status: int
    during_penalty: bool


class Box:
    """One simulated account at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = supervised.local_session()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def subscribe(self, address: str, *, verification_token: str) -> None:
        """Have notifications posted to `address`."""
        with closing(supervised.Box(self.url)) as box:
            box.subscribe(address, verification_token=verification_token)

    def play(self, count: int, *, rate: float, speed: float) -> None:
        """Begin `count` calls, `rate` a second."""
        self._ask("POST", "calls", {"count": count, "rate": rate, "speed": speed})

    def fault(self, name: str, **fields: Any) -> None:
        """Switch a fault; names and fields are those of the simulator's fault table."""
        self._ask("POST", "faults", {"fault": name, **fields})

    def truths(self) -> tuple[Truth, ...]:
        """Tell of every call, whether it was played already or not."""
        return self.truths_as(Truth)

    def truths_as(self, kind: type[T]) -> tuple[T, ...]:
        """Tell as much of every call as `kind` holds."""
        return tuple(msgspec.convert(one, type=kind) for one in self._ask("GET", "truth")["items"])

    def requests(self) -> tuple[SeenRequest, ...]:
        """List the API requests so far."""
        return msgspec.convert(self._ask("GET", "requests")["items"], type=tuple[SeenRequest, ...])

    def status(self) -> dict[str, Any]:
        """Tell what was sent and asked so far, and which subscriptions there are."""
        told: dict[str, Any] = self._ask("GET", "status")
        return told

    def _ask(self, method: str, name: str, body: Any = None) -> Any:
        url = f"{self.url}/simulator/{name}"
        reply = self._http.request(method, url, json=body, timeout=PATIENCE_SECONDS)
        reply.raise_for_status()
        return reply.json() if reply.content else None


@contextmanager
def played(configurations: Sequence[Configuration], watchdog: Watchdog) -> Iterator[tuple[Box, ...]]:
    """Run the simulator in a process of its own while the block runs; give one client for each account."""
    chosen = msgspec.json.encode(configurations).decode()
    group = Group(
        [sys.executable, "-m", "scripts.benchmarks.box_process", chosen], watchdog=watchdog, stdout=PIPE, cwd=ROOT
    )
    try:
        with group.output as output:
            boxes = tuple(Box(url) for url in msgspec.json.decode(output.readline(), type=list[str]))
            yield boxes
            for box in boxes:
                box.close()
    finally:
        group.stop(grace=STOP_SECONDS)
