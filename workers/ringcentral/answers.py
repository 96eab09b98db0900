"""Where an answer becomes a value or an error: pure, and decided by RingCentral's codes, never by its messages.

https://developers.ringcentral.com/guide/basics/errors
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from runtime.budget import GATE_UNSAID
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    RingCentralError,
    TokenRefused,
    Unavailable,
)
from workers.ringcentral.headers import retry_after

T = TypeVar("T")

_MAX_CODES: Final = 10
_MAX_CODE: Final = 64
_MAX_MESSAGE: Final = 200


class Answer(msgspec.Struct, frozen=True):
    """A complete answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


BY_CODE: Final[Mapping[str, type[RingCentralError]]] = MappingProxyType(
    {
        "OAU-213": TokenRefused,  # token not found
        "OAU-128": TokenRefused,  # expired
        "OAU-129": TokenRefused,  # corrupted
        "OAU-149": TokenRefused,  # unparsable
        "CMN-405": TokenRefused,  # login required
        "CMN-102": NotFound,
        "SUB-507": NotFound,  # the subscription has expired
        "CMN-120": Refused,  # no such address: asking later does not help
        "CMN-202": Refused,  # not supported
        "CMN-401": Forbidden,  # the app's permission
        "CMN-402": Forbidden,  # administrators only
        "CMN-403": Forbidden,  # not for this type of extension
        "CMN-404": Forbidden,  # somebody else's extension
        "CMN-408": Forbidden,  # the user's permission
    }
)
"""The first code with a row decides, whatever the status; but a 429 is always about the rate."""

BY_STATUS: Final[Mapping[int, type[RingCentralError]]] = MappingProxyType(
    {401: TokenRefused, 404: NotFound, 408: Unavailable, 429: RateLimited}
)
"""Where no code decides. Other 4xx are `Refused`; 5xx, and redirects, which are not followed, are `Unavailable`."""

_NEEDS_A_BODY: Final = frozenset({401, 403, 404})
"""Without RingCentral's error body these are the words of a proxy in between."""


def value_of(answer: Answer, decode: Callable[[bytes], T]) -> T:
    """Read the body of a success; raise what anything else means.

    `decode` raises ValueError, RecursionError or msgspec.DecodeError for a body it cannot use: a success that is cut
    short, or not RingCentral's at all, is no success.
    """
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's classes
        raise problem(answer)
    try:
        return decode(answer.body)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise Unavailable("unusable body with", status=answer.status) from error


def granted_by(answer: Answer, decode: Callable[[bytes], T]) -> T:
    """Read an answer of the token endpoint, where whatever is refused is a broken configuration."""
    try:
        return value_of(answer, decode)
    except (RateLimited, Unavailable):
        raise
    except RingCentralError as error:
        raise BrokenConfiguration("no access token", status=error.status, codes=error.codes) from error


def problem(answer: Answer) -> RingCentralError:
    """Say what an answer that is no success means."""
    said = _json_object(answer.body)
    codes = tuple(_codes(said))
    kind = _kind(answer.status, codes, spoken=bool(said))
    if kind is RateLimited:
        seconds = retry_after(answer.headers)
        wait = GATE_UNSAID if seconds is None else seconds
        return RateLimited("rate limited", retry_after=wait, status=answer.status, codes=codes)
    if kind is Unavailable:
        return Unavailable(
            "no usable answer",
            retry_after=retry_after(answer.headers),
            status=answer.status,
            codes=codes,
            late=answer.status == 504,  # noqa: PLR2004 - Gateway Timeout: RingCentral's own waited for it
        )
    if kind is Forbidden:
        return Forbidden(f"not permitted ({_missing(said)})", status=answer.status, codes=codes)
    return kind("refused with", status=answer.status, codes=codes)


def _kind(status: int, codes: tuple[str, ...], *, spoken: bool) -> type[RingCentralError]:
    if status == 429:  # noqa: PLR2004 - the number is its name
        return RateLimited
    if status in _NEEDS_A_BODY and not spoken:
        return Unavailable
    for code in codes:
        if code in BY_CODE:
            return BY_CODE[code]
    if status == 401 and any(code.startswith("OAU-") for code in codes):  # noqa: PLR2004 - the number is its name
        return BrokenConfiguration
    return BY_STATUS.get(status, Refused if 400 <= status < 500 else Unavailable)  # noqa: PLR2004 - HTTP's classes


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _codes(said: dict[str, Any]) -> Iterator[str]:
    """Give every code of an error body once: the outer, then the inner ones, then OAuth's word."""
    errors = said.get("errors")
    inner = [error.get("errorCode") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    found = dict.fromkeys(code for code in (said.get("errorCode"), *inner, said.get("error")) if isinstance(code, str))
    yield from (code[:_MAX_CODE] for code in list(found)[:_MAX_CODES])


def _missing(said: dict[str, Any]) -> str:
    """Name the missing permission, for people; only where there is no field for it, from the message."""
    for field in ("permissionName", "message"):
        if isinstance(said.get(field), str):
            return str(said[field])[:_MAX_MESSAGE]
    return "RingCentral does not say what is missing"
