"""Flask behind the event loop: what a thread answers reaches who asked, whole or as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from flask import Flask, Response, request
from redis import Redis

from tests.web import api_client
from tests.web.api_client import ADMIN
from tests.web.looping import run_on_a_loop
from web import arriving
from web import threads as threads_module
from web.body import MAX_BODY
from web.server_sent import CLOSE
from web.threads import Threads

SOON = 5.0


class Asking:
    """One request, and what was answered: as granian's scope and protocol together."""

    def __init__(self, method: str, path: str, body: bytes = b"", *, query: str = "", **headers: str) -> None:
        told = [(name.replace("_", "-"), value) for name, value in headers.items()]
        told += [("content-length", str(len(body)))] if body else []
        self.scope = SimpleNamespace(
            method=method,
            path=path,
            query_string=query,
            server="127.0.0.1:8080",
            client="192.0.2.7:4711",
            scheme="http",
            http_version="1.1",
            authority=None,
            headers=SimpleNamespace(items=lambda: told),
        )
        self._body = body
        self.arrives = asyncio.Event()
        self.arrives.set()
        self.was_read = False
        self.status = 0
        self.sent: list[bytes] = []
        self.hang_up_after = 1000
        self.takes = asyncio.Event()
        self.takes.set()

    async def __call__(self) -> bytes:
        self.was_read = True
        await self.arrives.wait()
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:  # who sends on and on
            yield bytes(1024)

    def response_empty(self, status: int, _: list[tuple[str, str]]) -> None:
        self.status = status

    def response_bytes(self, status: int, _: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.sent = status, [body]

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Asking":
        assert CLOSE in headers
        self.status = status
        return self

    async def client_disconnect(self) -> None:
        await self.takes.wait()

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

    asking = answered(
        an_app(view), Asking("POST", "/ä", b"body", query="after=1", x_name="here", host="legwork.example")
    )

    assert asking.status == 200
    assert b"".join(asking.sent) == (b'{"after":"1","body":"body","from":"192.0.2.7","path":"/\\u00e4","x":"here"}\n')


def test_a_query_that_was_not_percent_encoded_is_read_as_if_it_were() -> None:
    asking = answered(
        an_app(lambda: request.args["q"]), Asking("GET", "/ä", query="q=Zoë 東京", host="legwork.example")
    )

    assert (asking.status, b"".join(asking.sent).decode()) == (200, "Zoë 東京")


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


def test_whoever_takes_no_stream_to_its_end_keeps_others_from_one_but_from_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads_module, "MOST_STREAMS", 2)

    async def asked() -> None:
        begun: list[Response] = []

        def stream() -> Response:
            begun.append(Response(iter([b"part"])))
            return begun[-1]

        threads = Threads(an_app(stream))
        untaken = [Asking("GET", "/ä", host="legwork.example") for _ in range(2)]
        next_, page = (Asking("GET", path, host="legwork.example") for path in ("/ä", "/nowhere"))
        for one in untaken:
            one.takes.clear()
        waiting = [asyncio.create_task(threads.answer(one.scope, one)) for one in untaken]
        async with asyncio.timeout(SOON):
            while not all(one.sent for one in untaken):  # noqa: ASYNC110 - what is waited for is in a thread
                await asyncio.sleep(0.005)

        waiting.append(asyncio.create_task(threads.answer(next_.scope, next_)))
        async with asyncio.timeout(SOON):
            while len(begun) < len(waiting):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        await threads.answer(page.scope, page)
        assert (page.status, next_.status) == (404, 0)

        untaken[0].takes.set()
        await waiting[-1]
        assert next_.sent == [b"part"]

    run_on_a_loop(asked())


def test_a_body_that_no_route_takes_is_not_read() -> None:
    nowhere = answered(an_app(lambda: ""), Asking("POST", "/nowhere", b"body", host="legwork.example"))
    deleting = answered(an_app(lambda: ""), Asking("DELETE", "/ä", b"body", host="legwork.example"))

    assert (nowhere.status, nowhere.was_read) == (404, False)
    assert (deleting.status, deleting.was_read) == (405, False)


def test_so_many_bodies_are_read_at_a_time_and_whoever_brings_another_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads_module, "MOST_BODIES", 2)
    threads = Threads(an_app(lambda: request.get_data(as_text=True)))
    slow = [Asking("POST", "/ä", b"body", host="legwork.example") for _ in range(2)]
    refused, later = (Asking("POST", "/ä", b"body", host="legwork.example") for _ in range(2))

    async def asked() -> None:
        for one in slow:
            one.arrives.clear()
        waiting = [asyncio.create_task(threads.answer(one.scope, one)) for one in slow]
        await asyncio.sleep(0)
        await threads.answer(refused.scope, refused)
        for one in slow:
            one.arrives.set()
        await asyncio.gather(*waiting)
        await threads.answer(later.scope, later)

    run_on_a_loop(asked())

    assert (refused.status, refused.was_read) == (503, False)
    assert {one.status for one in (*slow, later)} == {200}


@pytest.mark.parametrize("path", ["/api/v1/ä", "/ä"])
def test_what_never_reaches_flask_is_a_problem_of_the_api_and_elsewhere_a_status(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    app = Flask("threads")
    app.add_url_rule(path, view_func=lambda: "", methods=["POST"])
    broken, slow, refused = (Asking("POST", path, b"body", host="legwork.example") for _ in range(3))
    monkeypatch.setattr(broken.scope.headers, "items", lambda: [("content-length", "5")])
    monkeypatch.setattr(arriving, "BODY_SECONDS", 0.01)
    slow.arrives.clear()

    answered(app, broken)
    answered(app, slow)
    monkeypatch.setattr(threads_module, "MOST_BODIES", 0)
    answered(app, refused)

    assert [one.status for one in (broken, slow, refused)] == [400, 408, 503]
    words = [msgspec.json.decode(body)["type"] for one in (broken, slow, refused) for body in one.sent]
    of_the_api = [f"urn:legwork:problems:{word}" for word in ("bad-request", "too-slow", "too-busy")]
    assert words == (of_the_api if path.startswith("/api/") else [])


def test_a_header_with_an_underscore_is_taken_for_none_with_a_hyphen() -> None:
    def view() -> dict[str, Any]:
        return {"told": request.headers.get("Content-Length"), "read": len(request.get_data())}

    asking = Asking("POST", "/ä", transfer_encoding="chunked", host="legwork.example")
    asking.scope.headers.items().append(("content_length", "5"))
    answered(an_app(view), asking)

    assert msgspec.json.decode(asking.sent[0]) == {"told": None, "read": MAX_BODY + 1}


def test_what_has_no_body_is_no_stream() -> None:
    asking = answered(an_app(lambda: ("", 304)), Asking("GET", "/ä", host="legwork.example"))

    assert (asking.status, asking.sent) == (304, [b""])


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("/api/v1/destinations", f"Bearer {ADMIN}", (413, "urn:legwork:problems:too-large")),
        ("/api/v1/destinations", "Bearer wrong", (401, "urn:legwork:problems:unauthorized")),
        ("/webhooks/ringcentral/nobody", "", (404, None)),
    ],
)
def test_a_body_without_a_length_that_grows_too_large_is_refused_by_who_would_read_it(
    redis: Redis, path: str, token: str, expected: tuple[int, str | None]
) -> None:
    asking = Asking("POST", path, authorization=token, content_type="application/json", transfer_encoding="chunked")

    answered(api_client.an_app(redis), asking)

    assert (asking.status, msgspec.json.decode(asking.sent[0]).get("type")) == expected
