"""Ask for a name's addresses within a time, which the system's resolver does not promise; and not for every event."""

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from runtime.clocks import stopwatch
from runtime.deliveries.url_guard import Resolve

KEPT_SECONDS: Final = 10.0
_MOST_KEPT: Final = 1000

_Found = Sequence[tuple[Any, ...]]


class _Kept(msgspec.Struct, frozen=True):
    found: _Found
    until: float


class NameLookup:
    """Stands in the place of `socket.getaddrinfo`, whose answers it remembers for some seconds.

    What is remembered is judged anew on each attempt. Raises socket.gaierror after `seconds` without an answer.
    """

    def __init__(
        self, seconds: float, *, resolve: Resolve = socket.getaddrinfo, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        self._seconds = seconds
        self._resolve = resolve
        self._kept_seconds = kept_seconds
        self._kept: dict[tuple[str, int], _Kept] = {}

    def __call__(self, host: str, port: int, **how: Any) -> _Found:
        """Give what the resolver says."""
        kept = self._kept.get((host, port))
        if kept is not None and stopwatch() < kept.until:
            return kept.found
        found = self._in_time(host, port, how)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[host, port] = _Kept(found, stopwatch() + self._kept_seconds)
        return found

    def _in_time(self, host: str, port: int, how: dict[str, Any]) -> _Found:
        answer: Future[_Found] = Future()
        threading.Thread(target=self._answer, args=(answer, host, port, how), name="resolver", daemon=True).start()
        try:
            return answer.result(self._seconds)
        except TimeoutError as error:
            raise socket.gaierror(socket.EAI_AGAIN, "the resolver does not answer") from error

    def _answer(self, answer: "Future[_Found]", host: str, port: int, how: dict[str, Any]) -> None:
        try:
            answer.set_result(self._resolve(host, port, **how))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)
