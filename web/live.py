"""`GET /live`: what open dashboards are told, by the event loop: without Flask, and without a thread for each of them.

When something happened, the parts of *Now* are drawn once and sent to all who have it open, at most every one and a
half seconds; other pages are told only that something happened, and ask for their own parts. Each watcher is sent what
differs from what it was sent before. Who does not take it holds up nobody, but the server keeps it for them: so an
answer tells only so much, and then the page comes again. docs/adr/0013-watchers-have-few-seats.md has the figures.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import msgspec
from flask import Response
from redis.exceptions import RedisError

from runtime.logs import log
from telephony.events import OUTCOME
from web.access.headers import guard
from web.access.sessions import Sessions, cookie_in
from web.hub import Hub, News
from web.server_sent import CLOSE, CONTENT_TYPE, HEADERS, MOST_BYTES, event, retry

PATH: Final = "/live"
WITH_PARTS: Final = "parts"
"""The query of who has *Now* open."""

AT_MOST_EVERY: Final = 1.5
AT_LEAST_EVERY: Final = 5.0
"""Seconds. By the second is seen what no event tells of, as what is left of RingCentral's limits; and who is gone."""

SPREAD_SECONDS: Final = 0.2
"""In how long all are told of a round: at the same moment, a notification would wait for all of them."""

MOST: Final = 250
"""Watchers in one process; the page of whoever comes on top asks by its own clock."""

RETRY: Final = 1.0
AGAIN: Final = 0.1
"""Seconds after which a page comes again: where it was cut off, and where it was told all that one answer tells."""

WELL: Final = event("well", b"{}")
"""Told where nothing else is: a comment would not reach the page, which tells its reader when it hears nothing."""


class _Round(msgspec.Struct, frozen=True):
    """What is told at one time: the parts, whether anything happened, and the first outcomes of how many calls."""

    parts: Sequence[str] = ()
    happened: bool = False
    outcomes: dict[str, int] = {}


class _Data(msgspec.Struct):
    outcome: str = ""


class _Outcome(msgspec.Struct):
    data: _Data


class Live:
    """Tells everybody who has a page open. `draw` gives the parts of *Now*, in its time; it may raise RedisError."""

    def __init__(self, sessions: Sessions, hub: Hub, draw: Callable[[], Sequence[str]]) -> None:
        self._sessions = sessions
        self._hub = hub
        self._draw = draw
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._watching = 0
        self._number = 0
        self._round = _Round()
        self._told = asyncio.Event()
        self._heard = asyncio.Event()
        self._rounds: asyncio.Task[None] | None = None

    async def answer(self, scope: Any, protocol: Any) -> None:
        """Tell whoever asks for as long as they watch and are in. `scope` and `protocol` are RSGI's."""
        cookie = cookie_in(scope.headers.get("cookie") or "")
        try:
            is_in = await asyncio.get_running_loop().run_in_executor(self._thread, self._is_in, cookie)
        except RedisError:
            protocol.response_empty(503, [])
            return
        if not is_in or self._watching >= MOST or self._hub.is_stopping:
            protocol.response_empty(503 if is_in else 403, [])
            return
        self._watching += 1
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._tell_in_rounds())
        try:
            with suppress(OSError, RuntimeError):  # granian's own, when they have gone, is a RuntimeError
                await self._watch(cookie, protocol, with_parts=scope.query_string == WITH_PARTS)
            await protocol.client_disconnect()
        finally:
            self._watching -= 1

    def stop(self) -> None:
        """End all streams: a server that is to stop waits for whoever is being answered still."""
        self._hub.dismiss()
        self._told.set()

    async def _watch(self, cookie: str, protocol: Any, *, with_parts: bool) -> None:
        stream = protocol.response_stream(200, _headers())
        await stream.send_bytes(retry(RETRY))
        sent: Sequence[str] = ()
        left = MOST_BYTES
        while left > 0:
            await self._told.wait()
            told = self._round
            if self._hub.is_stopping or not self._sessions.believes(cookie):
                return
            await asyncio.sleep(random.random() * SPREAD_SECONDS)  # noqa: S311 - no secret
            parts = [part for part in told.parts if part not in sent] if with_parts else []
            written = _event(told, parts) if told.happened or parts else WELL
            await stream.send_bytes(written)
            sent, left = told.parts, left - len(written)
        await stream.send_bytes(retry(AGAIN))

    async def _tell_in_rounds(self) -> None:
        """Draw and tell, until nobody watches any more."""
        loop = asyncio.get_running_loop()
        self._hub.on_news = lambda: self._hear(loop)
        while self._watching:
            self._hub.ask()
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_LEAST_EVERY):
                    await self._heard.wait()
            self._heard.clear()
            try:
                self._round = await loop.run_in_executor(self._thread, self._drawn)
            except RedisError as error:  # nobody is told anything meanwhile, for nobody knows who has left
                log.warning("live.redis_away", error=type(error).__name__)
            except Exception:  # noqa: BLE001 - nobody else would tell, and the next page may be drawn
                log.exception("live.not_drawn")
            else:
                told, self._told = self._told, asyncio.Event()
                told.set()
            await asyncio.sleep(AT_MOST_EVERY)
        self._hub.on_news = None
        self._rounds = None

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the loop, once for all that is heard until it looks. In the hub's thread."""
        if not self._heard.is_set():
            with suppress(RuntimeError):  # the process is ending, and its loop is closed
                loop.call_soon_threadsafe(self._heard.set)

    def _is_in(self, cookie: str) -> bool:
        if self._sessions.of_cookie(cookie) is None:
            return False
        if not self._watching:
            self._number, _ = self._hub.now()
        return True

    def _drawn(self) -> _Round:
        """Draw what is told next, and look who has left. In a thread."""
        self._sessions.look_again()
        news = self._hub.after(self._number)
        self._number = news[-1].number if news else self._number
        counts = Counter(filter(None, map(_outcome, news)))
        return _Round(self._draw(), bool(news), dict(counts))


def _outcome(news: News) -> str:
    """Read how a call ended, where that is what was told."""
    if news.type != OUTCOME:
        return ""
    try:
        return msgspec.json.decode(news.document, type=_Outcome).data.outcome
    except msgspec.MsgspecError:
        return ""


def _event(told: _Round, parts: Sequence[str]) -> bytes:
    """Write what a page is told; `parts` is HTML."""
    data = {"happened": told.happened, "outcomes": told.outcomes, "parts": "".join(parts)}
    return event("told", msgspec.json.encode(data))


def _headers() -> list[tuple[str, str]]:
    return [*guard(Response(headers=HEADERS, content_type=CONTENT_TYPE), by_tls=False).headers, CLOSE]
