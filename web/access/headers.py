"""What the dashboard's pages tell browsers about themselves: nothing but our own files, and in no one else's frame.

The webhook route's answers have none of this: RingCentral reads 1,024 bytes at most, headers included.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flask import Response

_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)

_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": "; ".join(_POLICY),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
)


def guard(response: Response, *, by_tls: bool) -> Response:
    """Add them."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    if by_tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
