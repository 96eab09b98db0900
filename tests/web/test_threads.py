"""Flask behind the event loop: what a thread answers reaches who asked, whole or as it comes."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, request

from tests.web.looping import run_on_a_loop
from web.threads import Threads


class Asking:
    """One request, and what was answered: as granian's scope and protocol together."""

    def __init__(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        told = [(name.replace("_", "-"), value) for name, value in headers.items()]
        told += [("content-length", str(len(body)))] if body else []
        self.scope = SimpleNamespace(
            method=method,
            path=path,
            query_string="after=1",
            server="127.0.0.1:8080",
            client="192.0.2.7:4711",
            scheme="http",
            http_version="1.1",
            authority=None,
            headers=SimpleNamespace(items=lambda: told),
        )
        self._body = body
        self.status = 0
        self.sent: list[bytes] = []
        self.hang_up_after = 1000

    async def __call__(self) -> bytes:
        return self._body

    def response_bytes(self, status: int, _: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.sent = status, [body]

    def response_stream(self, status: int, _: list[tuple[str, str]]) -> "Asking":
        self.status = status
        return self

    async def send_bytes(self, part: bytes) -> None:
        if len(self.sent) == self.hang_up_after:
            raise RuntimeError("transport closed")
        self.sent.append(part)


def answered(app: Flask, asking: Asking) -> Asking:
    run_on_a_loop(Threads(app).answer(asking.scope, asking))
    return asking


def an_app(view: Callable[[], Any]) -> Flask:
    app = Flask("threads")
    app.add_url_rule("/ä", view_func=view, methods=["GET", "POST"])
    return app


def test_a_request_reaches_flask_as_it_was_sent() -> None:
    def view() -> dict[str, Any]:
        return {
            "path": request.path,
            "after": request.args["after"],
            "body": request.get_data(as_text=True),
            "from": request.remote_addr,
            "x": request.headers["X-Name"],
        }

    asking = answered(an_app(view), Asking("POST", "/ä", b"body", x_name="here", host="legwork.example"))

    assert asking.status == 200
    assert b"".join(asking.sent) == (b'{"after":"1","body":"body","from":"192.0.2.7","path":"/\\u00e4","x":"here"}\n')


def test_a_stream_is_sent_as_it_comes_and_ended_when_nobody_listens() -> None:
    ended: list[bool] = []

    def parts() -> Iterator[bytes]:
        try:
            while True:
                yield b"part"
        finally:
            ended.append(True)

    asking = Asking("GET", "/ä", host="legwork.example")
    asking.hang_up_after = 3
    answered(an_app(lambda: Response(parts())), asking)

    assert asking.sent == [b"part"] * 3
    assert ended == [True]


def test_what_has_no_body_is_no_stream() -> None:
    asking = answered(an_app(lambda: ("", 304)), Asking("GET", "/ä", host="legwork.example"))

    assert (asking.status, asking.sent) == (304, [b""])
