"""The CRM of a soak: it records all that reaches it, and has moods in which it treats senders badly."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler
from typing import Final

from scripts.crms.receiver import Arrival
from scripts.crms.taking import taking

OK: Final = 200
DRIP_SECONDS: Final = 3.0
_SHARE: Final = 0.5
"""Of the requests so many meet the mood; of the others there must be enough that the breaker has no reason to open."""


class Mood(StrEnum):
    """How the CRM treats who posts to it."""

    WELL = "well"
    FAILING = "failing"
    BUSY = "busy"
    HANGS_UP = "hangs up after taking it"
    DRIPPING = "dripping"
    REDIRECTING = "redirecting"


class Consumer:
    """What arrived, in the order in which it came. `trap` is where a redirect would lead."""

    def __init__(self, port: int, trap: str) -> None:
        self.url = f"http://127.0.0.1:{port}/crm"
        self.trap = trap
        self.mood = Mood.WELL
        self.arrivals: list[Arrival] = []

    def taken(self) -> set[str]:
        """Give the ids of the events it answered 200."""
        return {one.event_id for one in self.arrivals if one.status == OK}


@contextmanager
def consuming(trap: str) -> Iterator[Consumer]:
    """Run the CRM until the block is left."""

    def take(request: BaseHTTPRequestHandler, body: bytes) -> None:
        mood = made.mood if random.random() < _SHARE else Mood.WELL  # noqa: S311 - no secret
        status = {Mood.FAILING: 500, Mood.BUSY: 503, Mood.REDIRECTING: 302, Mood.HANGS_UP: 0}.get(mood, OK)
        digest = blake2b(body, digest_size=8).digest()
        made.arrivals.append(Arrival(time.time(), request.headers["webhook-id"], digest, status))
        if mood is Mood.HANGS_UP:
            request.close_connection = True
            return
        if mood is Mood.DRIPPING:
            time.sleep(DRIP_SECONDS)
        request.send_response(status)
        if mood is Mood.BUSY:
            request.send_header("Retry-After", "2")
        if mood is Mood.REDIRECTING:
            request.send_header("Location", made.trap)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with taking(take) as port:
        made = Consumer(port, trap)
        yield made
