"""Chance that repeats itself: the same parts give the same numbers."""

import random
from hashlib import blake2b


def seeded(*parts: object) -> random.Random:
    """Give a generator that depends on nothing but `parts`."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - plays calls, guards nothing


def digits(count: int, *parts: object) -> str:
    """Give a number of so many digits, at most 19, that depends on nothing but `parts`."""
    number = int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "big")
    return str(10 ** (count - 1) + number % (9 * 10 ** (count - 1)))
