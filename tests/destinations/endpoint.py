"""A CRM's endpoint for tests: a real server on a real socket that answers as badly as it is told to."""

import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import msgspec


class Got(msgspec.Struct, frozen=True):
    """A request as it came. Header names are in lower case."""

    line: str
    headers: Mapping[str, str]
    body: bytes


Reply = Callable[["Endpoint", socket.socket], None]
"""Writes an answer to the socket. The connection is closed when it raises OSError."""


def says(status: int, body: bytes = b"", **headers: str) -> Reply:
    """Give a whole answer and keep the connection."""

    def reply(_: "Endpoint", wire: socket.socket) -> None:
        wire.sendall(head(status, **{"Content-Length": str(len(body)), **headers}) + body)

    return reply


def writes(*pieces: bytes, then_reset: bool = False) -> Reply:
    """Write these bytes and close the connection, or reset it."""

    def reply(_: "Endpoint", wire: socket.socket) -> None:
        for piece in pieces:
            wire.sendall(piece)
        if then_reset:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError

    return reply


def drips(first: bytes, piece: bytes) -> Reply:
    """Write `first`, and then `piece` again and again: no single wait is long, and there is no end."""

    def reply(endpoint: "Endpoint", wire: socket.socket) -> None:
        wire.sendall(first)
        while not endpoint.released.wait(0.02):
            wire.sendall(piece)
            endpoint.written += len(piece)

    return reply


def floods(first: bytes, piece: bytes) -> Reply:
    """Write a gigabyte, as fast as it is taken."""

    def reply(endpoint: "Endpoint", wire: socket.socket) -> None:
        wire.sendall(first)
        for _ in range((1 << 30) // len(piece)):
            wire.sendall(piece)
            endpoint.written += len(piece)

    return reply


def silence(endpoint: "Endpoint", _: socket.socket) -> None:
    """Say nothing at all."""
    endpoint.released.wait()


def says_exactly(*pieces: bytes) -> Reply:
    """Write these bytes and keep the connection."""

    def reply(_: "Endpoint", wire: socket.socket) -> None:
        for piece in pieces:
            wire.sendall(piece)

    return reply


def says_first(interim: int, reply: Reply, *, after: float = 0.0) -> Reply:
    """Say that an answer will come, and give it after so many seconds."""

    def both(endpoint: "Endpoint", wire: socket.socket) -> None:
        wire.sendall(head(interim))
        endpoint.released.wait(after)
        reply(endpoint, wire)

    return both


def closes_afterwards(reply: Reply) -> Reply:
    """Promise to keep the connection, and close it."""

    def both(endpoint: "Endpoint", wire: socket.socket) -> None:
        reply(endpoint, wire)
        raise ConnectionAbortedError

    return both


def head(status: int, **headers: str) -> bytes:
    """Write the beginning of an answer. An underscore in a name stands for a hyphen."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode()


class Endpoint:
    """Gives its replies one after the other, the last one for ever, and remembers who came."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.connections = 0
        self.written = 0
        self.released = threading.Event()
        self._tls = tls
        self._replies: deque[Reply] = deque([says(200)])
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._wires: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}/hook"

    def on(self, *replies: Reply) -> None:
        """Answer with these from now on."""
        self._replies = deque(replies)

    @property
    def idle(self) -> bool:
        """Whether all connections have ended on this side."""
        return all(wire.fileno() < 0 for wire in self._wires)

    @contextmanager
    def running(self) -> Iterator["Endpoint"]:
        """Serve while the block runs."""
        accepting = threading.Thread(target=self._accept)
        accepting.start()
        try:
            yield self
        finally:
            self.released.set()
            for wire in self._wires:
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
            self._listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            self._listener.close()
            for thread in self._threads:
                thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                wire, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(wire,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, wire: socket.socket) -> None:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.settimeout(5)
        self._wires.append(wire)
        with suppress(OSError):
            if self._tls is not None:
                wire = self._tls.wrap_socket(wire, server_side=True)
                self._wires.append(wire)
            with wire.makefile("rb") as stream:
                while got := _request(stream.readline, stream.read):
                    with self._lock:
                        self.got.append(got)
                        reply = self._replies.popleft() if len(self._replies) > 1 else self._replies[0]
                    reply(self, wire)
        wire.close()


def _request(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> Got | None:
    """Read one request; None: there is none any more."""
    line = readline().decode("latin-1").strip()
    if not line:
        return None
    headers = {}
    while (text := readline().decode("latin-1").strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Got(line, headers, read(int(headers.get("content-length", "0"))))
