"""The parts of *Now*, the same for everybody who looks: answered on the event loop, without Flask and without a thread.

An open dashboard asks for them every other second. Flask draws them for one watcher a second; the others are given the
same bytes, if their session is one that was looked at a moment ago. Whoever is new or a stranger is Flask's to answer.
docs/adr/0013-watchers-have-few-seats.md has the figures.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from redis.exceptions import RedisError

from runtime.clocks import stopwatch
from web.access.sessions import COOKIE, Sessions

PATH: Final = "/"
FRESH_SECONDS: Final = 1.0
STALE_SECONDS: Final = 3.0
"""While one watcher has them drawn anew, the others are given what there was, if it is no older than this."""

_OK: Final = 200


class Parts(msgspec.Struct, frozen=True):
    """What was answered, and when (by the stopwatch)."""

    headers: Sequence[tuple[str, str]]
    body: bytes
    at: float


class Shared:
    """Keeps what Flask answered last. Safe to share by threads."""

    def __init__(self, sessions: Sessions, *, clock: Callable[[], float] = stopwatch) -> None:
        self._sessions = sessions
        self._clock = clock
        self._parts: Parts | None = None
        self._asked_at = float("-inf")

    def parts_for(self, scope: Any) -> Parts | None:
        """Give the parts to who may have them; None where Flask is to be asked. `scope` is RSGI's."""
        if scope.method != "GET" or scope.path != PATH or self._parts is None or "x-parts" not in scope.headers:
            return None
        parts, now = self._parts, self._clock()
        age = now - parts.at
        if not self._sessions.believes(_cookie(scope.headers.get("cookie") or "")):
            return None
        if age < FRESH_SECONDS or (age < STALE_SECONDS and now - self._asked_at < FRESH_SECONDS):
            return parts
        self._asked_at = now
        return None

    def keep(self, environ: Mapping[str, Any], status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Keep an answer of Flask's, if it is the parts; and see who of those that watch has left meanwhile."""
        if environ["PATH_INFO"] != PATH or "HTTP_X_PARTS" not in environ or status != _OK:
            return
        self._parts = Parts(headers, body, self._clock())
        with suppress(RedisError):  # then nobody is believed any longer, and Flask tells them
            self._sessions.look_again()


def _cookie(header: str) -> str:
    """Find the session in a Cookie header."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
