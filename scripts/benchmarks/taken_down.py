"""Take down what RingCentral in a box posts, so that it can be posted again as quickly as a server takes it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_HANDSHAKE: Final = "Validation-Token"


class Listener:
    """Answers every notification, and keeps its body."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []

    def until_silent(self, seconds: float) -> tuple[bytes, ...]:
        """Give the bodies in their order, once none has come for so many seconds."""
        count = -1
        while count != len(self.bodies):
            count = len(self.bodies)
            time.sleep(seconds)
        return tuple(self.bodies)


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on 127.0.0.1 while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    listener = server.listener = Listener(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]  # ours
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        handshake = self.headers[_HANDSHAKE]
        if handshake is None:
            self.server.listener.bodies.append(body)  # type: ignore[attr-defined]  # ours, see above
        self.send_response(200)
        if handshake is not None:
            self.send_header(_HANDSHAKE, handshake)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
