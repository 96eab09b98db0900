"""The one judgement behind both doors: whether a token is right, and whether its address has guessed too often."""

from typing import Final

from redis import Redis

from runtime.logs import log
from web.access.roles import Role, Tokens
from web.access.sessions import Sessions
from web.access.throttle import Throttle

_SCHEME: Final = b"bearer "


class Refused(Exception):
    """Nobody is let in by what was shown."""


class TooMany(Refused):
    """This address guessed too often. `retry_after` is in seconds; what was shown was not looked at."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"wait {retry_after:.0f} s")
        self.retry_after = retry_after


class Entry:
    """Judges tokens for the API's door and the dashboard's, with one throttle for both."""

    def __init__(self, tokens: Tokens, redis: Redis) -> None:
        self.tokens = tokens
        self.sessions = Sessions(tokens, redis)
        self._throttle = Throttle()

    def by_token(self, given: bytes, address: str) -> Role:
        """Give the role a token stands for. Raises Refused, TooMany.

        While an address must wait, even the right token is not looked at: else waiting would hold up nobody.
        """
        if not given:
            raise Refused("no token")
        if wait := self._throttle.wait(address):
            raise TooMany(wait)
        role = self.tokens.role_of(given)
        if role is None:
            self._throttle.failed(address)
            log.warning("access.refused", why="token", address=address)
            raise Refused("wrong token")
        self._throttle.succeeded(address)
        return role

    def by_header(self, header: str, address: str) -> Role:
        """Give the role an Authorization header stands for. Raises Refused, TooMany."""
        given = header.encode("latin-1", "replace")  # WSGI hands header bytes over as Latin-1 text
        scheme, token = given[: len(_SCHEME)], given[len(_SCHEME) :].strip()
        return self.by_token(token if scheme.lower() == _SCHEME else b"", address)
