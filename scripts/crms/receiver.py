"""A server that plays several CRMs, each under a path of its own, and keeps a journal of all that reached it."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler

from msgspec import Struct

from scripts.crms.taking import taking


class Arrival(Struct, frozen=True):
    """One request: when it came (seconds), which event, what its body was, and what it was answered."""

    at: float
    event_id: str
    digest: bytes
    status: int


Manner = Callable[[float], int]
"""How a CRM behaves: takes its time, and gives the status to answer; it is told how many seconds it exists."""


def at_once(_: float) -> int:
    """Take everything."""
    return 200


def gone(_: float) -> int:
    """Be there no more."""
    return 410


def half_the_time(_: float) -> int:
    """Fail every other time, by chance."""
    return random.choice((200, 500))  # noqa: S311 - no secret


def slowly(seconds: float) -> Manner:
    """Take everything, after a while."""

    def manner(_: float) -> int:
        time.sleep(seconds)
        return 200

    return manner


def down_for(seconds: float) -> Manner:
    """Take nothing at first."""

    def manner(age: float) -> int:
        return 503 if age < seconds else 200

    return manner


class Receiver:
    """The server; `arrivals` are what each CRM saw, in the order in which it came."""

    def __init__(self, url: str, names: Mapping[str, Manner]) -> None:
        self.url = url
        self.arrivals: dict[str, list[Arrival]] = {name: [] for name in names}
        self.begun = time.monotonic()
        self.before = ""

    def begin(self, *, before: str) -> None:
        """Have all CRMs begin anew, with an empty journal; the event that was sent before may come again."""
        self.before = before
        for arrivals in self.arrivals.values():
            arrivals.clear()
        self.begun = time.monotonic()

    def first_taken(self, name: str) -> dict[str, float]:
        """Say when a CRM took each event first."""
        found: dict[str, float] = {}
        for one in self.arrivals[name]:
            if one.status == 200:  # noqa: PLR2004 - OK
                found.setdefault(one.event_id, one.at)
        return found


@contextmanager
def receiver(manners: Mapping[str, Manner]) -> Iterator[Receiver]:
    """Run the CRMs until the block is left."""

    def take(request: BaseHTTPRequestHandler, body: bytes) -> None:
        came, name = time.time(), request.path.strip("/")
        status = manners[name](time.monotonic() - made.begun)
        event_id = request.headers["webhook-id"]
        if event_id != made.before:
            made.arrivals[name].append(Arrival(came, event_id, blake2b(body, digest_size=8).digest(), status))
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with taking(take) as port:
        made = Receiver(f"http://127.0.0.1:{port}", manners)
        yield made
