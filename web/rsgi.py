"""What granian serves: one event loop that waits for everybody's bytes, so that who sends slowly holds no thread.

A notification is read on the loop, however slowly it comes, and then stored by one call, which takes Redis a third of a
millisecond. Everything else is Flask's, in threads (`web.threads`). While Redis is slow or silent, storing goes on in
threads as well, so that the loop waits for it once. docs/adr/0030-bodies-are-read-on-an-event-loop.md has the figures.
https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from runtime.clocks import stopwatch
from web import answers, wsgi
from web.answers import BODY, Answer
from web.arriving import read_arriving
from web.body import BrokenBody, OversizedBody
from web.front import Front
from web.live import PATH, Live
from web.threads import Threads
from web.verification import HANDSHAKE_HEADER, VERIFICATION_HEADER
from web.webhook import Receiver

QUICK_SECONDS: Final = 0.01
"""Storing that takes longer than this is done in a thread the next time."""

STORING_THREADS: Final = 8


def app() -> "Loop":
    """Make what `granian --interface rsgi --factory web.rsgi:app` serves, once in each of its processes."""
    flask = wsgi.app()
    front = flask.wsgi_app
    return Loop(Threads(flask), front if isinstance(front, Front) else None, flask.extensions.get("live"))


class Loop:
    """An RSGI application: `front` knows where notifications go, `live` tells who watches, `threads` does all else."""

    def __init__(self, threads: Threads, front: Front | None, live: Live | None = None) -> None:
        self._threads = threads
        self._front = front
        self._live = live
        self._storing = ThreadPoolExecutor(STORING_THREADS, thread_name_prefix="store")
        self._is_quick = True

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request."""
        account = self._front.account_of(scope.method, scope.path) if self._front is not None else None
        if self._front is None or account is None:
            if self._live is not None and (scope.method, scope.path) == ("GET", PATH):
                await self._live.answer(scope, protocol)
            else:
                await self._threads.answer(scope, protocol)
            return
        answer = await self._receive(self._front.receiver, account, scope.headers, protocol)
        protocol.response_bytes(answer.code, list(answer.headers), BODY)

    async def _receive(self, receiver: Receiver, account: str, headers: Any, protocol: Any) -> Answer:
        environ = _environ(headers)
        started = stopwatch()
        answer = receiver.before_body(account, environ)
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
                answer = await self._store(receiver, account, environ, body)
        return receiver.counted(account, answer, started)

    async def _store(self, receiver: Receiver, account: str, environ: Mapping[str, Any], body: bytes) -> Answer:
        if self._is_quick:
            return self._timed(receiver, account, environ, body)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._storing, self._timed, receiver, account, environ, body)

    def _timed(self, receiver: Receiver, account: str, environ: Mapping[str, Any], body: bytes) -> Answer:
        began = stopwatch()
        answer = receiver.of_body(account, environ, body)
        self._is_quick = stopwatch() - began < QUICK_SECONDS
        return answer


def _environ(headers: Any) -> dict[str, Any]:
    """Write down those headers a notification has a meaning for, as WSGI has them."""
    environ = {VERIFICATION_HEADER: headers.get("verification-token"), "CONTENT_LENGTH": headers.get("content-length")}
    for name, header in ((HANDSHAKE_HEADER, "validation-token"), ("HTTP_TRANSFER_ENCODING", "transfer-encoding")):
        value = headers.get(header)
        if value is not None:
            environ[name] = value
    return environ
