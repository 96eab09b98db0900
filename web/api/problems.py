"""Everything the API can have against a request, as a table, and the RFC 9457 document that says so.

A problem's `type` is for programs and never changes; its `detail` is for people, and may.
https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from flask import Response

MEDIA_TYPE: Final = "application/problem+json"
_PREFIX: Final = "urn:legwork:problems:"


class Kind(msgspec.Struct, frozen=True):
    """One kind of problem: its word, HTTP status and title."""

    word: str
    status: int
    title: str


BAD_REQUEST: Final = Kind("bad-request", 400, "The request cannot be read")
NOT_JSON: Final = Kind("not-json", 400, "The body is not JSON")
UNAUTHORIZED: Final = Kind("unauthorized", 401, "The bearer token is missing or wrong")
READ_ONLY: Final = Kind("read-only", 403, "This token may only look")
NOT_FOUND: Final = Kind("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED: Final = Kind("method-not-allowed", 405, "This is not done here")
TOO_SLOW: Final = Kind("too-slow", 408, "The body took too long to come")
CONFLICT: Final = Kind("conflict", 409, "It cannot be done as things are")
TOO_LARGE: Final = Kind("too-large", 413, "The body is too large")
UNSUPPORTED: Final = Kind("unsupported-media-type", 415, "The body must be JSON and say so")
INVALID: Final = Kind("invalid", 422, "The request does not say what is needed")
KEY_REUSED: Final = Kind("idempotency-key-reused", 422, "The Idempotency-Key was given before, for something else")
NOT_PLACED: Final = Kind("ringout-not-placed", 422, "The RingOut was not placed")
FORBIDDEN_ADDRESS: Final = Kind("forbidden-address", 422, "Nothing is sent to this URL")
TOO_MANY_GUESSES: Final = Kind("too-many-guesses", 429, "Too many wrong tokens came from there")
INTERNAL: Final = Kind("internal", 500, "The fault is ours")
NO_TOKEN_SET: Final = Kind("admin-token-not-set", 503, "The API is closed: no ADMIN_TOKEN is set")
TOO_BUSY: Final = Kind("too-busy", 503, "Too many bodies are being read just now")
REDIS_AWAY: Final = Kind("redis-away", 503, "Redis does not answer")

KINDS: Final = (
    BAD_REQUEST,
    NOT_JSON,
    UNAUTHORIZED,
    READ_ONLY,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    CONFLICT,
    TOO_LARGE,
    UNSUPPORTED,
    INVALID,
    KEY_REUSED,
    NOT_PLACED,
    FORBIDDEN_ADDRESS,
    TOO_MANY_GUESSES,
    INTERNAL,
    NO_TOKEN_SET,
    TOO_BUSY,
    REDIS_AWAY,
)
OF_STATUS: Final[Mapping[int, Kind]] = MappingProxyType(
    {kind.status: kind for kind in (BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED, INTERNAL)}
)
"""What stands for an HTTP error that Flask raised."""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong: where in the body (a JSON pointer) or in which parameter, and what."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type` for programs, `detail` for people. `errors` names each fault that could be told apart."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self, kind: Kind, detail: str = "", *, faults: Iterable[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{kind.word}: {detail or kind.title}")
        self.kind = kind
        self.document = ProblemDocument(_PREFIX + kind.word, kind.title, kind.status, detail, tuple(faults))
        self.headers: dict[str, Any] = dict(headers or {})

    def response(self) -> Response:
        """Write the answer."""
        body = msgspec.json.encode(self.document)
        return Response(body, self.kind.status, self.headers, content_type=MEDIA_TYPE)
