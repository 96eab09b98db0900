"""Every API request that came in, for checks: when, group, path, status, and whether during a penalty."""

import threading
from collections import Counter
from typing import Any

from msgspec import Struct

_KEPT = 200_000


class SeenRequest(Struct, frozen=True, rename="camel"):
    """One request as it was answered."""

    time: float
    group: str
    method: str
    path: str
    status: int
    during_penalty: bool


class RequestsSeen:
    """Keep the requests and count them."""

    def __init__(self) -> None:
        self._requests: list[SeenRequest] = []
        self._lock = threading.Lock()

    def note(self, request: SeenRequest) -> None:
        """Remember a request; the oldest are forgotten when there are very many."""
        with self._lock:
            self._requests.append(request)
            if len(self._requests) > _KEPT:
                del self._requests[: _KEPT // 2]

    def all(self) -> list[SeenRequest]:
        """List them in the order they were answered."""
        with self._lock:
            return list(self._requests)

    def document(self) -> dict[str, Any]:
        """Count them by group and status."""
        counts: dict[str, Counter[str]] = {}
        seen = self.all()
        for request in seen:
            counts.setdefault(request.group, Counter())[str(request.status)] += 1
        return {
            "requests": {group: dict(counter) for group, counter in counts.items()},
            "rateLimited": sum(request.status == 429 for request in seen),  # noqa: PLR2004 - HTTP's number
            "duringPenalty": sum(request.during_penalty for request in seen),
        }
