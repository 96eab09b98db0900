"""A real local HTTP server that answers as it is told: whole, late, cut short, or not at all."""

import gzip
import json
import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec

TOKEN_PATH = "/restapi/oauth/token"


class Seen(msgspec.Struct, frozen=True):
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """What to answer, and how to spoil it."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}
    cut_after: int | None = None  # send so much of the body and reset the connection
    drip: bool = False  # send the body byte by byte until the client has had enough
    silent: bool = False  # accept the request and say nothing


def says(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON."""
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def fails(status: int, *codes: str, headers: Mapping[str, str] | None = None, **more: str) -> Reply:
    """Answer with RingCentral's error body."""
    errors = [{"errorCode": code, "message": "no", **more} for code in codes]
    return says({"errorCode": codes[0], "message": "no", "errors": errors, **more}, status=status, headers=headers)


def html(status: int = 200) -> Reply:
    """Answer as a proxy in between does."""
    return Reply(status, b"<html><body>Be right back</body></html>", {"Content-Type": "text/html"})


def zipped(value: Any) -> Reply:
    """Answer with compressed JSON."""
    return Reply(200, gzip.compress(json.dumps(value).encode()), {"Content-Encoding": "gzip"})


def a_token(name: str = "token-1", expires_in: float = 3600) -> Reply:
    """Answer a grant."""
    return says({"access_token": name, "token_type": "bearer", "expires_in": expires_in, "scope": "ReadCallLog"})


class Server:
    """Gives the replies of a path one after the other, the last one for ever, and remembers who asked."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self.released = threading.Event()
        self._replies: dict[str, deque[Reply]] = {}
        self._lock = threading.Lock()
        self._http = _Http(self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.on(TOKEN_PATH, a_token())

    def on(self, path: str, *replies: Reply) -> None:
        """Answer `path` with these from now on."""
        with self._lock:
            self._replies[path] = deque(replies)

    def asked(self, path: str) -> list[Seen]:
        """Give the requests for `path`."""
        return [seen for seen in self.seen if seen.path == path]

    def reply_to(self, seen: Seen) -> Reply:
        """Remember a request and choose its reply."""
        with self._lock:
            self.seen.append(seen)
            replies = self._replies.get(seen.path)
            if not replies:
                return html(404)
            return replies.popleft() if len(replies) > 1 else replies[0]

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.released.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join()


class _Http(ThreadingHTTPServer):
    def __init__(self, script: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def script(self) -> Server:
        return cast("_Http", self.server).script

    def setup(self) -> None:
        super().setup()
        self.script.connections += 1

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.script.reply_to(Seen(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
        if reply.silent:
            self.close_connection = True
            self.script.released.wait()
            return
        self.send_response_only(reply.status)
        for name, value in {"Date": self.date_time_string(), **reply.headers}.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names are http.server's

    def _send(self, reply: Reply) -> None:
        if reply.drip:
            self._drip()
        elif reply.cut_after is not None:
            self.wfile.write(reply.body[: reply.cut_after])
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())  # not even a farewell
            self.close_connection = True
        else:
            self.wfile.write(reply.body)

    def _drip(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            while not self.script.released.wait(0.01):
                self.wfile.write(b" ")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass
