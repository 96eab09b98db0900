"""The two roles, and the tokens that give them: ADMIN_TOKEN may do everything, READ_TOKEN may only look."""

import hashlib
import hmac
from enum import StrEnum
from typing import Final

import msgspec

from runtime.settings import Settings


class Role(StrEnum):
    """What somebody may do."""

    ADMIN = "admin"
    READER = "reader"


_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Tokens(msgspec.Struct, frozen=True):
    """The tokens of this installation. Without one for the admin nobody is let in, a reader neither."""

    admin: str | None
    reader: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Tokens":
        """Take them from the settings."""
        return cls(settings.admin_token, settings.read_token)

    def __repr__(self) -> str:
        return f"Tokens(open={self.are_set})"

    @property
    def are_set(self) -> bool:
        """Whether anybody can be let in at all."""
        return bool(self.admin)

    def role_of(self, given: bytes) -> Role | None:
        """Say whose token it is. Takes the same time whatever is given."""
        is_admin = hmac.compare_digest(given, (self.admin or "").encode())
        is_reader = hmac.compare_digest(given, (self.reader or "").encode())
        if not (given and self.admin):
            return None
        return Role.ADMIN if is_admin else Role.READER if is_reader else None

    def key_for(self, purpose: str) -> bytes:
        """Derive a key that changes with either token, so that whatever it signed ends with the token."""
        both = f"{self.admin or ''}\0{self.reader or ''}".encode()
        return hmac.digest(both, f"legwork {purpose}".encode(), hashlib.sha256)


def may(role: Role, method: str) -> bool:
    """Say whether a role may send a request of this method: a reader only such as change nothing."""
    return role is Role.ADMIN or method in _SAFE
