"""A webhook that remembers what it was sent, and answers as it is told."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Answer(msgspec.Struct):
    """How the webhook answers from now on; None echoes the validation token."""

    status: int = 200
    content_type: str = "application/json"
    echo: str | None = None
    body: bytes = b""


class Webhook(ThreadingHTTPServer):
    """Keep every notification with its headers, in the order of arrival."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = Answer()
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/webhooks/ringcentral"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [notification["body"] for _, notification in self.received]

    def of(self, telephony_session_id: str) -> list[dict[str, Any]]:
        return [body for body in self.bodies if body["telephonySessionId"] == telephony_session_id]


class _Handler(BaseHTTPRequestHandler):
    server: Webhook
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer, challenge = self.server.answer, self.headers.get("Validation-Token")
        if challenge is None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.received.append((headers, msgspec.json.decode(body)))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if challenge is not None:
            self.send_header("Validation-Token", challenge if answer.echo is None else answer.echo)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""
