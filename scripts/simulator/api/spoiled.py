"""Spoiled answers: what networks, proxies and bad days make of a response."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from flask import Request, Response

from scripts.simulator.api.reply import CONTENT_TYPE
from scripts.simulator.box import Box
from scripts.simulator.faults import BadAnswer
from scripts.simulator.problems import ApiError

NO_ANSWER = 0  # noted as the status of requests that were hung up on
_HTML = "<html><head><title>Service unavailable</title></head><body>Please try again.</body></html>"


def _status(answer: BadAnswer, _box: Box, _request: Request) -> Response:
    name = {500: "internal", 503: "unavailable"}.get(answer.status)
    if name is None:
        return Response(_HTML, status=answer.status, content_type="text/html")
    headers = {"Retry-After": str(round(answer.seconds))} if answer.seconds else {}
    raise ApiError(name, headers=headers)


def _html(_answer: BadAnswer, _box: Box, _request: Request) -> Response:
    return Response(_HTML, status=200, content_type="text/html")


def _truncated(_answer: BadAnswer, _box: Box, request: Request) -> Response:
    """Promise more than is sent, then hang up."""
    start = b'{"uri": "https://platform.example/restapi", "records": [{"id": "cut o'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: 4096\r\n\r\n"
    return _without_answer(_last_words(_connection(request), head.encode() + start))


def _reset(_answer: BadAnswer, _box: Box, request: Request) -> Response:
    """Cut the connection with a TCP reset."""
    return _without_answer(_cut(_connection(request)))


def _stall(answer: BadAnswer, _box: Box, request: Request) -> Response:
    """Say nothing for a while, then hang up."""
    return _without_answer(_last_words(_connection(request), b"", after=answer.seconds))


_SPOILERS: Mapping[str, Callable[[BadAnswer, Box, Request], Response]] = MappingProxyType(
    {"status": _status, "html": _html, "truncated": _truncated, "reset": _reset, "stall": _stall}
)


def spoil(answer: BadAnswer, box: Box, request: Request) -> Response:
    """Answer badly."""
    return _SPOILERS[answer.kind](answer, box, request)


def _connection(request: Request) -> socket.socket:
    """Give the socket below the request; our server passes it along."""
    connection: socket.socket = request.environ["simulator.connection"]
    return connection


def _without_answer(hanging_up: Iterator[bytes]) -> Response:
    """Hang up as the body is sent: what was asked is noted before whoever asked knows, as it is of any answer."""
    return Response(hanging_up, status=NO_ANSWER)


def _last_words(connection: socket.socket, words: bytes, after: float = 0) -> Iterator[bytes]:
    time.sleep(after)
    connection.sendall(words)
    connection.shutdown(socket.SHUT_RDWR)
    yield b""


def _cut(connection: socket.socket) -> Iterator[bytes]:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
    yield b""
