"""Flask under RSGI: a request is read on the event loop, answered in a thread, and a stream is sent as it comes."""

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import msgspec
from flask import Flask

from web.api.asked import BROKEN
from web.api.door import is_behind
from web.api.problems import BAD_REQUEST, MEDIA_TYPE, TOO_BUSY, TOO_SLOW, Problem
from web.arriving import read_arriving
from web.body import MAX_BODY, BrokenBody, OversizedBody, has_body
from web.front import Wsgi
from web.server_sent import CLOSE

MOST_THREADS: Final = 32
"""Requests of people and programs answered at the same time in one process; who watches a stream counts as well."""

MOST_BODIES: Final = 64
"""Bodies read, or being answered, at the same time in one process: 16 MiB. Who brings one more is to come again."""

MOST_STREAMS: Final = 64
"""Streams that were not taken to their end yet, in one process; whoever asks for another waits."""

BODILESS: Final = frozenset({204, 304})
"""Statuses that never have a body: not a stream, either, though they tell no length."""

_OVERSIZED: Final = bytes(MAX_BODY + 1)
"""What stands for a body that is too large, whatever it holds: whoever may send none learns that first."""

Headers = list[tuple[str, str]]


class _Answer(msgspec.Struct):
    """What the application says; `rest` is a stream that goes on after the headers."""

    status: int = 500
    headers: Headers = []
    body: bytes = b""
    rest: Any = None


class Threads:
    """Runs Flask for requests that come over RSGI."""

    def __init__(self, application: Flask) -> None:
        self._application: Wsgi = application
        self._routes = application.url_map.bind("")
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="flask")
        self._bodies = 0
        self._streams = asyncio.Semaphore(MOST_STREAMS)

    async def answer(self, scope: Any, protocol: Any) -> None:
        """Answer a request. A body that no route takes is not read: strangers bring it."""
        environ = _environ(scope)
        if not (has_body(environ) and self._routes.test(scope.path, scope.method)):
            await self._answer(environ, protocol)
        elif self._bodies >= MOST_BODIES:
            _refuse(scope, protocol, Problem(TOO_BUSY, "Ask again.", headers={"Retry-After": "1"}))
        else:
            self._bodies += 1
            try:
                await self._answer_body(scope, environ, protocol)
            finally:
                self._bodies -= 1

    async def _answer_body(self, scope: Any, environ: dict[str, Any], protocol: Any) -> None:
        """Read the body first. One that is too large is read no further; the application itself refuses it."""
        try:
            body = await read_arriving(environ, protocol)
        except OversizedBody:
            body = _OVERSIZED
        except TimeoutError:
            _refuse(scope, protocol, Problem(TOO_SLOW))
            return
        except BrokenBody:
            _refuse(scope, protocol, Problem(BAD_REQUEST, BROKEN))
            return
        environ["wsgi.input"] = io.BytesIO(body)
        await self._answer(environ, protocol)

    async def _answer(self, environ: dict[str, Any], protocol: Any) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._asked, environ)
        if answer.rest is None:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
            return
        async with self._streams:
            await self._stream(answer, protocol)
            await protocol.client_disconnect()

    async def _stream(self, answer: _Answer, protocol: Any) -> None:
        stream = protocol.response_stream(answer.status, [*answer.headers, CLOSE])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, _sent, answer.rest, stream, loop)

    def _asked(self, environ: dict[str, Any]) -> _Answer:
        """Call the application; a body whose length it tells is taken at once."""
        answer = _Answer()

        def start_response(status: str, headers: Headers, _: Any = None) -> None:
            answer.status, answer.headers = int(status[:3]), headers

        parts = self._application(environ, start_response)
        if answer.status in BODILESS or any(name.lower() == "content-length" for name, _ in answer.headers):
            answer.body = b"".join(parts)
            _close(parts)
        else:
            answer.rest = parts
        return answer


def _refuse(scope: Any, protocol: Any, problem: Problem) -> None:
    """Answer what never reaches the application: below /api by the problem's document, elsewhere by its status."""
    headers = [(name.lower(), value) for name, value in problem.headers.items()]
    if is_behind(scope.path):
        told = [*headers, ("content-type", MEDIA_TYPE), ("cache-control", "no-store")]
        protocol.response_bytes(problem.kind.status, told, msgspec.json.encode(problem.document))
    else:
        protocol.response_empty(problem.kind.status, headers)


def _sent(parts: Any, stream: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Send a stream part by part, until it ends or nobody listens any more."""
    try:
        with suppress(OSError, RuntimeError):  # granian's own, when they have gone, is a RuntimeError
            for part in parts:
                if part:
                    asyncio.run_coroutine_threadsafe(_send(stream, part), loop).result()
    finally:
        _close(parts)


async def _send(stream: Any, part: bytes) -> None:
    await stream.send_bytes(part)


def _close(parts: Any) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()


def _environ(scope: Any) -> dict[str, Any]:
    """Write a request down as WSGI has it (PEP 3333), where all text is Latin-1.

    There a header with an underscore has the name of one with a hyphen. So it is left out: by a `Content_Length` of
    five a stranger would have a body without end be read.
    """
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:  # what HTTP/2 has in the place of Host
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        text = value.encode().decode("latin-1")
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}" if key in environ else text
    return environ
