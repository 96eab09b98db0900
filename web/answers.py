"""All answers of the webhook route. RingCentral wants JSON, and at most 1,024 bytes with all headers."""

from typing import Final

import msgspec

from runtime import metrics

RETRY_AFTER_SECONDS: Final = 5
BODY: Final = b"{}"

_JSON: Final = (("Content-Type", "application/json"), ("Content-Length", str(len(BODY))))
_LATER: Final = (*_JSON, ("Retry-After", str(RETRY_AFTER_SECONDS)))


class Answer(msgspec.Struct, frozen=True):
    """What a request is answered, with `BODY`; `word` names it in the metrics."""

    word: str
    status: str
    headers: tuple[tuple[str, str], ...] = _JSON

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])

    def echoing(self, validation_token: str) -> "Answer":
        """Add RingCentral's own token, which it wants to see again."""
        return Answer(self.word, self.status, (*self.headers, ("Validation-Token", validation_token)))


STORED: Final = Answer("stored", "200 OK")
HANDSHAKE: Final = Answer("handshake", "200 OK")
BAD_HANDSHAKE: Final = Answer("bad_handshake", "400 Bad Request")
BROKEN: Final = Answer("broken", "400 Bad Request")
SLOW: Final = Answer("slow", "408 Request Timeout")
UNVERIFIED: Final = Answer("unverified", "401 Unauthorized")
UNKNOWN_ACCOUNT: Final = Answer("unknown_account", "404 Not Found")
OVERSIZED: Final = Answer("oversized", "413 Content Too Large")
NO_ROOM: Final = Answer(metrics.NO_ROOM, "503 Service Unavailable", _LATER)
NOT_STORED: Final = Answer(metrics.NOT_STORED, "503 Service Unavailable", _LATER)
