"""How the text of a setting becomes its value; a ValueError ends a sentence that begins with the setting's name."""

import ipaddress
import math
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from runtime.redis_client import is_address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_SECONDS: Final = 30 * 86400.0


def seconds(least: float, most: float) -> Callable[[str], float]:
    """Read a number of seconds within bounds."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise ValueError(f"must be a number of seconds from {least:.0f} to {most:.0f}, not {text!r}")
        return number

    return parse


def seconds_list(text: str) -> tuple[float, ...]:
    """Read numbers of seconds that rise, separated by commas."""
    one = seconds(1, _MOST_SECONDS)
    numbers = tuple(one(part) for part in text.split(",") if part.strip())
    if list(numbers) != sorted(numbers):
        raise ValueError(f"must rise, as in 90,300,900, not {text!r}")
    return numbers


def whole(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return parse


def one_of(*words: str, kind: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """Read one of some words, in whatever case, as a `kind`."""

    def parse(text: str) -> Any:
        if text.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {text!r}")
        return kind(text.lower())

    return parse


def tokens(text: str) -> tuple[str, ...]:
    """Read one or more tokens, separated by commas."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ValueError("holds no token")
    return found


def header_tokens(text: str) -> tuple[str, ...]:
    """Read the same for a header, in which only ASCII arrives as it was sent. The error does not repeat the secret."""
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be of ASCII characters: it is sent in a header")
    return tokens(text)


def http_url(text: str) -> str:
    """Read an address that paths are added to: without a query, and without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"must be an http:// or https:// address, not {text!r}")
    if "?" in text or "#" in text or not text.isprintable() or " " in text:
        raise ValueError(f"must be an address that paths can be added to, without '?', '#' or blanks, not {text!r}")
    return text.rstrip("/")


def redis_url(text: str) -> str:
    """Read how to reach Redis. The text may hold a password, so the error repeats nothing of it."""
    if not text.startswith(("redis://", "rediss://", "unix://", "redis+sentinel://")):
        raise ValueError("must begin with redis://, rediss://, unix:// or redis+sentinel://")
    if not is_address(text):
        raise ValueError(
            "cannot be read: port and database must be numbers, what follows '?' options of redis-py, "
            "and '@', ':', '/', '?', '#' and '%' of a password written as %40, %3A, %2F, %3F, %23 and %25"
        )
    return text


def networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks, separated by commas."""
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"must be addresses or networks such as 10.0.0.0/8: {error}") from error
