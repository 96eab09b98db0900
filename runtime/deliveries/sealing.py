"""Seal what must not be read by whoever reads Redis: encrypted while SECRETS_KEY is set, plain otherwise.

The first byte says which. Keys may be any text; several are given while they rotate: the newest comes first and seals,
any of them opens.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_PLAIN: Final = b"\x00"
_SEALED: Final = b"\x01"


class CannotOpen(Exception):
    """None of the keys in SECRETS_KEY opens this; the one it was sealed with is missing."""


def seal(text: bytes, keys: Sequence[str]) -> bytes:
    """Give what may be stored in place of `text`."""
    return _SEALED + _fernet(keys).encrypt(text) if keys else _PLAIN + text


def is_sealed(blob: bytes) -> bool:
    """Say whether this was stored while there was a key, so that nobody without it can read it."""
    return not blob.startswith(_PLAIN)


def unseal(blob: bytes, keys: Sequence[str]) -> bytes:
    """Give the text again. Raises CannotOpen."""
    if blob.startswith(_PLAIN):
        return blob[1:]
    try:
        return _fernet(keys).decrypt(blob[1:])
    except (InvalidToken, ValueError) as error:  # ValueError: there are no keys at all
        raise CannotOpen("no key in SECRETS_KEY opens a stored secret") from error


def _fernet(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in keys])
