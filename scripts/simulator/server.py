"""Serve a box over HTTP, in this process.

Werkzeug's own server closes the connection after every request; the real platform
keeps it, and clients behave differently then. So the few lines between the standard
library's HTTP server and WSGI are here.
"""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.wrappers import Response

from scripts.simulator.api.application import create_application
from scripts.simulator.box import Box
from scripts.simulator.clock import Clock, read_clock
from scripts.simulator.configuration import Configuration


class _Server(ThreadingHTTPServer):
    """One thread per connection. Knows the open ones, so that stopping ends them too."""

    application: Flask
    clock: Clock
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__((host, port), _Handler)

    def stop(self) -> None:
        """Take no more requests and hang up on everybody."""
        self.shutdown()
        self.server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answer the requests of one connection with the application."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Enter the connection."""
        super().setup()
        self.server.connections.add(self.connection)

    def handle(self) -> None:
        """Serve until either side has had enough."""
        with suppress(OSError, ValueError):  # cut by the client, by a fault, or by stopping
            super().handle()

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        with suppress(OSError, ValueError):
            super().finish()
        self.rfile.close()  # which was left open where the client had gone before its answer

    def __getattr__(self, name: str) -> Any:
        """Answer every method alike."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write a `Date` header by the simulator's clock, as Retry-After is."""
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: requests are counted, and listed by the control API."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        response = Response.from_app(self.server.application.wsgi_app, self._environ(body), buffered=True)
        content = response.get_data()
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        if "Content-Length" not in response.headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _environ(self, body: bytes) -> dict[str, Any]:
        """Write the request down as WSGI has it (PEP 3333)."""
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "simulator.connection": self.connection,
        }
        for name, value in self.headers.items():
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        return environ


@contextmanager
def served(
    configuration: Configuration, *, host: str = "127.0.0.1", port: int = 0, clock: Clock = read_clock
) -> Iterator[Box]:
    """Serve a box until the block is left; port 0 takes a free one. Raise OSError when the port is taken."""
    server = _Server(host, port)
    box = Box(configuration, f"http://{host}:{server.server_port}", clock)
    server.application, server.clock = create_application(box), clock
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="simulator-http", daemon=True)
    box.start()
    thread.start()
    try:
        yield box
    finally:
        server.stop()
        thread.join(timeout=5)
        box.close()
