"""What granian serves: one event loop that waits for everybody's bytes, so that who sends slowly holds no thread.

A notification is read on the loop, however slowly it comes, and stored with whatever else has arrived (`web.storing`).
Whoever has a dashboard open is told from the loop (`web.live`). Everything else is Flask's, in threads (`web.threads`).
docs/adr/0030-bodies-are-read-on-an-event-loop.md has the figures.
https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
import signal
from typing import Any

from runtime.clocks import stopwatch
from web import answers, wsgi
from web.answers import BODY, Answer
from web.arriving import read_arriving
from web.body import BrokenBody, OversizedBody
from web.connections import allow_many, cut_off_who_takes_nothing
from web.front import Front
from web.live import PATH, Live
from web.storing import Storing
from web.threads import Threads
from web.verification import HANDSHAKE_HEADER, VERIFICATION_HEADER


def app() -> "Loop":
    """Make what `granian --interface rsgi --factory web.rsgi:app` serves, once in each of its processes."""
    allow_many()
    flask = wsgi.app()
    front = flask.wsgi_app
    return Loop(Threads(flask), front if isinstance(front, Front) else None, flask.extensions.get("live"))


class Loop:
    """An RSGI application: `front` knows where notifications go, `live` tells who watches, `threads` does all else."""

    def __init__(self, threads: Threads, front: Front | None, live: Live | None = None) -> None:
        self._threads = threads
        self._reception = Reception(front) if front is not None else None
        self._live = live

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have SIGTERM end what is watched before granian stops: it waits for whoever is being answered still."""
        loop.call_soon(cut_off_who_takes_nothing)  # granian listens when this is over
        if self._live is not None:
            loop.add_signal_handler(signal.SIGTERM, self._stop, loop, self._live)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request."""
        if self._reception is not None and (account := self._reception.account_of(scope)) is not None:
            await self._reception.answer(account, scope.headers, protocol)
        elif self._live is not None and (scope.method, scope.path) == ("GET", PATH):
            await self._live.answer(scope, protocol)
        else:
            await self._threads.answer(scope, protocol)

    def _stop(self, loop: asyncio.AbstractEventLoop, live: Live) -> None:
        live.stop()
        # granian takes SIGINT for the same; its handler of SIGTERM we have replaced. Not from within a handler: uvloop
        # would not look for it until something else wakes it.
        loop.call_soon(signal.raise_signal, signal.SIGINT)


class Reception:
    """Answers notifications on the loop, as `front` does in a thread."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._receiver = front.receiver
        self._storing = Storing(front.receiver)

    def account_of(self, scope: Any) -> str | None:
        """Say whose notification a request brings; None for everything else."""
        return self._front.account_of(scope.method, scope.path)

    async def answer(self, account: str, headers: Any, protocol: Any) -> None:
        """Read a notification, store it, and answer."""
        answer = await self._received(account, headers, protocol)
        protocol.response_bytes(answer.code, list(answer.headers), BODY)

    async def _received(self, account: str, headers: Any, protocol: Any) -> Answer:
        environ = _environ(headers)
        started = stopwatch()
        answer = self._receiver.before_body(account, environ)
        if answer is None:
            try:
                body = await read_arriving(environ, protocol)
            except OversizedBody:
                answer = answers.OVERSIZED
            except BrokenBody:
                answer = answers.BROKEN
            except TimeoutError:
                answer = answers.SLOW
            else:
                started = stopwatch()
                answer = self._receiver.echoed(environ, await self._storing.store(account, body))
        return self._receiver.counted(account, answer, started)


def _environ(headers: Any) -> dict[str, Any]:
    """Write down those headers a notification has a meaning for, as WSGI has them."""
    environ = {VERIFICATION_HEADER: headers.get("verification-token"), "CONTENT_LENGTH": headers.get("content-length")}
    for name, header in ((HANDSHAKE_HEADER, "validation-token"), ("HTTP_TRANSFER_ENCODING", "transfer-encoding")):
        value = headers.get(header)
        if value is not None:
            environ[name] = value
    return environ
