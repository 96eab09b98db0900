"""Read a request's body, whole or not at all, and count it ourselves.

A chunked body tells no length, and Werkzeug cuts one that is too long without a word: half a notification would be
stored as if it were one.
"""

from collections.abc import Mapping
from typing import Any, Final

MAX_BODY: Final = 256 * 1024
"""More than any notification of RingCentral's holds."""

_CHUNK: Final = 64 * 1024


class OversizedBody(Exception):
    """The body is larger than any notification; nothing of it is kept."""


class BrokenBody(Exception):
    """The sender went away before the body was whole, or lied about its length."""


def read_body(environ: Mapping[str, Any]) -> bytes:
    """Give the body of at most `MAX_BODY` bytes. Raises OversizedBody, BrokenBody."""
    length = told_length(environ)
    if length is not None and length > MAX_BODY:
        raise OversizedBody
    try:
        body = _read(environ["wsgi.input"], MAX_BODY + 1 if length is None else length)
    except OSError as error:
        raise BrokenBody from error
    if len(body) > MAX_BODY:
        raise OversizedBody
    if length is not None and len(body) < length:
        raise BrokenBody
    return body


def has_body(environ: Mapping[str, Any]) -> bool:
    """Say whether a body was announced; it is not read for this."""
    return (environ.get("CONTENT_LENGTH") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def told_length(environ: Mapping[str, Any]) -> int | None:
    """Give the length that was announced; None for a chunked body, whatever is announced besides (RFC 9112, 6.3)."""
    told = "" if "HTTP_TRANSFER_ENCODING" in environ else environ.get("CONTENT_LENGTH") or ""
    return int(told) if told.isascii() and told.isdigit() else None


def _read(stream: Any, most: int) -> bytes:
    parts, left = [], most
    while left > 0 and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
