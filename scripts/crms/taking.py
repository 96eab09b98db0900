"""A server that takes what is posted to CRMs, as long as a block runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a client that is killed breaks its connection."""


@contextmanager
def taking(take: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[int]:
    """Serve on 127.0.0.1 until the block is left; gives the port. `take` takes a body that is whole, and answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) == length:
                take(self, body)
            else:  # whoever sent it was killed over it
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing of what goes over the connection."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
