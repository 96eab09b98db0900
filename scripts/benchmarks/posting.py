"""Post requests over many connections, and note how long each answer took.

One thread and an event loop of a dozen lines; what it costs, some 20 us a request, it costs whatever it is pointed at.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Final

from msgspec import Struct

REPLY_SECONDS: Final = 10.0
LONGEST_SECONDS: Final = 600.0
_TICK: Final = 0.001
_HEAD_END: Final = b"\r\n\r\n"


class ConnectionLost(Exception):
    """The server closed a connection in the middle of the measurement, or never answered."""


class Answers(Struct, frozen=True):
    """What came back: how often which status, and the sorted latencies in seconds."""

    seconds: float
    statuses: Mapping[int, int]
    latencies: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many answers there were."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds

    def quantile(self, share: float) -> float:
        """Give the latency that `share` of the answers did not exceed."""
        return self.latencies[min(self.count - 1, int(share * self.count))]


class _Connection:
    """One keep-alive connection, with at most one request on its way."""

    __slots__ = ("asked_at", "received", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=REPLY_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked_at = 0.0
        self.received = b""

    def ask(self, request: bytes, at: float) -> None:
        self.asked_at = at
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Read on; give the status once the reply is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionLost("the server closed a connection")
        self.received += part
        head, end, body = self.received.partition(_HEAD_END)
        if not end or len(body) < _told_length(head):
            return None
        self.received = b""
        return int(head[9:12])


def post(
    address: tuple[str, int],
    requests: Iterable[bytes],
    *,
    connections: int,
    seconds: float = LONGEST_SECONDS,
    rate: float | None = None,
) -> Answers:
    """Send each request as soon as one before is answered, or `rate` a second, each answered before this returns.

    With a rate, latency counts from the moment a request was due: a server that is late may not slow its own test down.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        made = [_Connection(address) for _ in range(connections)]
        for connection in made:
            stack.callback(connection.socket.close)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        return _load(selector, deque(made), iter(requests), seconds, rate)


def _load(
    selector: selectors.BaseSelector,
    free: deque[_Connection],
    requests: Iterator[bytes],
    seconds: float,
    rate: float | None,
) -> Answers:
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    asked, everyone = 0, len(free)
    now = begin = time.perf_counter()
    end = begin + seconds
    next_one = next(requests, None)
    while (next_one is not None and now < end) or len(free) < everyone:
        while next_one is not None and free and (due := begin + asked / rate if rate else now) <= now < end:
            free.popleft().ask(next_one, due)
            asked += 1
            next_one = next(requests, None)
        if now > end + REPLY_SECONDS:
            raise ConnectionLost("the server left a request without an answer")
        for connection, status in _replies(selector):
            statuses[status] += 1
            latencies.append(time.perf_counter() - connection.asked_at)
            free.append(connection)
        now = time.perf_counter()
    return Answers(time.perf_counter() - begin, dict(statuses), tuple(sorted(latencies)))


def _replies(selector: selectors.BaseSelector) -> Iterator[tuple[_Connection, int]]:
    for key, _ in selector.select(_TICK):
        connection: _Connection = key.data
        status = connection.status()
        if status is not None:
            yield connection, status


def _told_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
