"""How the API answers when nothing is wrong: JSON, and lists all alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from flask import Response


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
