"""What open dashboards are told: what changed, only while they are in, and nobody waits for who does not take it."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from flask import Request, Response
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from werkzeug.test import EnvironBuilder

from runtime import outcome_log
from tests.scripts.publishing import outcome_of, publish
from tests.stream.test_stream import NEWS, tell
from tests.web.api_client import ADMIN, an_app
from tests.web.looping import run_on_a_loop
from web import hub as hub_module
from web import live as live_module
from web.access.roles import Role, Tokens
from web.access.sessions import COOKIE, Session, Sessions
from web.hub import Hub
from web.live import Live

SOON = 5.0


class Page:
    """A browser with a page open: granian's protocol, and what came of it."""

    def __init__(self, cookie: str, query: str = "parts") -> None:
        self.scope = SimpleNamespace(headers={"cookie": f"other=1; {cookie}"}, query_string=query)
        self.status = 0
        self.sent: list[bytes] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.is_gone = False

    def response_empty(self, status: int, _: Sequence[tuple[str, str]]) -> None:
        self.status = status

    def response_stream(self, status: int, headers: Sequence[tuple[str, str]]) -> "Page":
        self.status, self.headers = status, dict(headers)
        return self

    async def send_bytes(self, part: bytes) -> None:
        if self.is_gone:
            raise RuntimeError("transport closed")
        self.sent.append(part)  # whether it is taken or not: granian keeps it

    async def client_disconnect(self) -> None:
        await self.takes.wait()  # then the connection ends

    def told(self) -> list[dict[str, Any]]:
        """Give what it was told so far."""
        events = [part for part in self.sent if part.startswith(b"event: told\n")]
        return [msgspec.json.decode(part.partition(b"data: ")[2]) for part in events]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """Wait until it was told so often."""
        async with asyncio.timeout(SOON):
            while len(self.told()) < count:  # noqa: ASYNC110 - what is waited for is in a thread
                await asyncio.sleep(0.005)
        return self.told()


class Drawing:
    """Draws what the test says, and counts how often."""

    def __init__(self) -> None:
        self.parts: tuple[str, ...] = ("above", "calls", "below")
        self.times = 0
        self.error: Exception | None = None

    def __call__(self) -> tuple[str, ...]:
        self.times += 1
        if self.error is not None:
            raise self.error
        return self.parts


class Watched:
    """A process that is watched, and a session that may."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self.redis, self.hub = redis, hub
        self.sessions = Sessions(Tokens(admin=ADMIN), redis)
        self.drawing = Drawing()
        self.live = Live(self.sessions, hub, self.drawing)
        self.session: Session = self.sessions.begin(Role.READER, "Mara")
        response = Response()
        self.sessions.write(self.session, Request(EnvironBuilder().get_environ()), response)
        self.cookie = response.headers["Set-Cookie"].partition(";")[0]

    async def opens(self, query: str = "parts") -> Page:
        """Open a page; return once it is watching."""
        page = Page(self.cookie, query)
        self.task = asyncio.create_task(self.live.answer(page.scope, page))
        async with asyncio.timeout(SOON):
            while not (page.sent or self.task.done()):  # noqa: ASYNC110 - what is waited for is in a thread
                await asyncio.sleep(0.005)
        await asyncio.to_thread(self.hub.wait_until_listening)
        return page

    async def publishes(self, *names: str) -> None:
        await asyncio.to_thread(publish, self.redis, *map(outcome_of, names))

    async def ends(self, task: asyncio.Task[None]) -> None:
        async with asyncio.timeout(SOON):
            await task


@pytest.fixture
def watched(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live_module, "AT_MOST_EVERY", 0.05)
    monkeypatch.setattr(live_module, "AT_LEAST_EVERY", 0.2)
    hub = Hub(redis, seats=1)
    yield Watched(redis, hub)
    hub.stop()


def test_a_page_is_told_at_once_what_is_published(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "AT_LEAST_EVERY", 3600.0)

    async def story() -> None:
        page = await watched.opens()
        await watched.publishes("s-1")
        [told] = await page.until(1)
        assert told == {"happened": True, "outcomes": {"answered": 1}, "parts": "abovecallsbelow"}
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Accel-Buffering"] == "no"
        assert page.headers["Content-Type"] == "text/event-stream; charset=utf-8"

    run_on_a_loop(story())


def test_only_what_changed_is_sent_again(watched: Watched) -> None:
    async def story() -> None:
        page = await watched.opens()
        await page.until(1)
        watched.drawing.parts = ("above", "other calls", "below")
        assert (await page.until(2))[1] == {"happened": False, "outcomes": {}, "parts": "other calls"}

    run_on_a_loop(story())


def test_a_silent_page_is_told_that_all_is_well(watched: Watched) -> None:
    async def story() -> None:
        page = await watched.opens()
        async with asyncio.timeout(SOON):
            while b"event: well\ndata: {}\n\n" not in page.sent:  # noqa: ASYNC110 - what is waited for is in a thread
                await asyncio.sleep(0.005)

    run_on_a_loop(story())


def test_other_pages_are_told_only_that_something_happened(watched: Watched) -> None:
    async def story() -> None:
        page = await watched.opens(query="")
        await asyncio.to_thread(tell, watched.redis, NEWS)
        assert await page.until(1) == [{"happened": True, "outcomes": {}, "parts": ""}]

    run_on_a_loop(story())


def test_what_all_watch_is_drawn_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "AT_LEAST_EVERY", 3600.0)

    async def story() -> None:
        pages = [await watched.opens() for _ in range(20)]
        await watched.publishes("s-1")
        for page in pages:
            await page.until(1)
        assert watched.drawing.times == 1

    run_on_a_loop(story())


def test_the_log_is_read_no_oftener_than_pages_may_be_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "AT_LEAST_EVERY", 3600.0)
    monkeypatch.setattr(live_module, "AT_MOST_EVERY", 2.0)
    reading = Mock(wraps=outcome_log.after)
    monkeypatch.setattr(outcome_log, "after", reading)

    async def story() -> None:
        page = await watched.opens()
        await watched.publishes("s-0")
        await page.until(1)
        reading.reset_mock()
        began = time.monotonic()
        await watched.publishes(*[f"s-{number}" for number in range(1, 6)])
        told = await page.until(2)
        assert told[1]["outcomes"] == {"answered": 5}
        slow = (time.monotonic() - began) // 2.0
        assert reading.call_count <= 3 + slow  # once with all of them, and once or twice finding no more

    run_on_a_loop(story())


def test_who_takes_nothing_is_told_only_so_much_and_keeps_the_place_until_it_is_taken(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "MOST", 1)
    monkeypatch.setattr(live_module, "MOST_BYTES", 1)

    async def story() -> None:
        slow = await watched.opens()
        slow.takes.clear()
        watching = watched.task
        await slow.until(1)
        await asyncio.sleep(0.2)
        assert (len(slow.told()), slow.sent[-1]) == (1, b"retry: 100\n\n")
        assert (await watched.opens()).status == 503
        slow.takes.set()
        await watched.ends(watching)
        await (await watched.opens()).until(1)

    run_on_a_loop(story())


def test_nobody_draws_for_who_is_gone(watched: Watched) -> None:
    async def story() -> None:
        page = await watched.opens()
        page.is_gone = True
        await watched.ends(watched.task)
        await asyncio.sleep(0.3)
        times = watched.drawing.times
        await asyncio.sleep(0.5)
        assert watched.drawing.times == times
        await (await watched.opens()).until(1)  # and it begins again for the next

    run_on_a_loop(story())


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=forged"])
def test_a_stranger_is_refused(watched: Watched, cookie: str) -> None:
    async def story() -> None:
        page = Page(cookie)
        await watched.live.answer(page.scope, page)
        assert (page.status, page.sent) == (403, [])

    run_on_a_loop(story())


def test_who_has_left_is_told_nothing_more(watched: Watched) -> None:
    async def story() -> None:
        page = await watched.opens()
        await page.until(1)
        elsewhere = Sessions(Tokens(admin=ADMIN), watched.redis)  # another process
        with an_app(watched.redis).test_request_context():
            await asyncio.to_thread(elsewhere.end, watched.session, Response())
        count = len(page.told())
        watched.drawing.parts = ("secret",)
        await watched.ends(watched.task)
        assert "secret" not in "".join(one["parts"] for one in page.told()[count:])

    run_on_a_loop(story())


def test_too_many_are_sent_away_and_so_is_everybody_while_redis_is(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await watched.opens()
        monkeypatch.setattr(live_module, "MOST", 1)
        assert (await watched.opens()).status == 503
        monkeypatch.setattr(watched.sessions, "of_cookie", _away)
        assert (await watched.opens()).status == 503

    run_on_a_loop(story())


@pytest.mark.parametrize("error", [RedisAway("away"), ValueError("a fault of ours")])
def test_what_cannot_be_drawn_is_told_once_it_can(watched: Watched, error: Exception) -> None:
    async def story() -> None:
        watched.drawing.error = error
        page = await watched.opens()
        async with asyncio.timeout(SOON):
            while watched.drawing.times < 2:  # noqa: ASYNC110 - what is waited for is in a thread
                await asyncio.sleep(0.005)
        assert page.told() == []
        watched.drawing.error = None
        assert (await page.until(1))[0]["parts"] == "abovecallsbelow"

    run_on_a_loop(story())


def test_the_parts_are_those_of_the_page(redis: Redis) -> None:
    app = an_app(redis)

    above, calls, below = app.extensions["live"]._draw()

    assert 'id="vitals"' in above
    assert 'id="on"' in calls
    assert 'id="fuel"' in below


def _away(_: str) -> None:
    raise RedisAway("away")
