"""Tell RingCentral's requests from anybody else's, and answer its handshake without being used.

Verification: the `Verification-Token` header of each delivery equals the secret given when the subscription was made.
Handshake: at times RingCentral sends a `Validation-Token` and expects it back, in a reply of at most 1,024 bytes.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Final

HANDSHAKE_HEADER: Final = "HTTP_VALIDATION_TOKEN"
VERIFICATION_HEADER: Final = "HTTP_VERIFICATION_TOKEN"

_ECHOED: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}", re.ASCII)


class Verifier:
    """Knows the tokens an account accepts: one, or two while the token is being changed."""

    def __init__(self, tokens: Sequence[str]) -> None:
        if not tokens or not all(tokens):
            raise ValueError("an account without a verification token would accept anybody's notifications")
        self._tokens = tuple(token.encode() for token in tokens)

    def accepts(self, header: str | None) -> bool:
        """Say whether the header holds one of our tokens. Takes the same time whatever it holds."""
        given = (header or "").encode("latin-1", "replace")  # WSGI hands header bytes over as Latin-1 text
        is_ours = False
        for token in self._tokens:  # all of them: any() would stop at the first
            is_ours |= hmac.compare_digest(given, token)
        return is_ours


def may_be_echoed(validation_token: str) -> bool:
    """Say whether a handshake token is one: short, and of characters that cannot end a header."""
    return _ECHOED.fullmatch(validation_token) is not None
