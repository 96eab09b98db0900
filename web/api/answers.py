"""How the API answers when nothing is wrong: JSON, and lists all alike."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from flask import Response, request

T = TypeVar("T")

_DIGEST_BYTES: Final = 12


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A list. `next` is what to ask for `after` to get the rest; null where there is none."""

    items: tuple[T, ...]
    next: str | None


def answer(value: object, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """Write a value as JSON."""
    given: dict[str, Any] = dict(headers or {})
    return Response(msgspec.json.encode(value), status, given, content_type="application/json")


def page(items: Sequence[object], following: str | None) -> Response:
    """Write a list: `next` is what to ask for `after` to get the rest, null where there is none."""
    return answer({"items": items, "next": following})


def nothing() -> Response:
    """Say that it is done, and nothing more."""
    response = Response(status=204)
    del response.headers["Content-Type"]  # of nothing
    return response


def tagged(response: Response) -> Response:
    """Name what a GET answers by an ETag, and answer 304 to who has it already.

    Whoever asks every other second for what seldom changes is spared the body. Streams are let through.
    """
    if request.method in {"GET", "HEAD"} and response.status_code == 200 and not response.is_streamed:  # noqa: PLR2004 - OK
        response.set_etag(hashlib.blake2b(response.get_data(), digest_size=_DIGEST_BYTES).hexdigest())
        response.make_conditional(request)
    return response
