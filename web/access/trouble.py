"""What can go wrong for somebody at the dashboard, as a table: what happened, and what to do next."""

from typing import Final

import msgspec
from flask import Blueprint, render_template, request
from redis.exceptions import RedisError

from runtime.deliveries.destinations import UnknownDestination
from runtime.deliveries.sealing import CannotOpen
from runtime.logs import log
from web.access.roles import Role, may


class Kind(msgspec.Struct, frozen=True):
    """One kind of trouble; the page of one that `passes` tries again by itself."""

    status: int
    title: str
    advice: str
    passes: bool = False


EXPIRED: Final = Kind(403, "This form is too old", "Nothing was changed. Go back, reload the page, and try again.")
READ_ONLY: Final = Kind(403, "You may look, not change", "Log out, and log in with the ADMIN_TOKEN to do this.")
NO_CALL: Final = Kind(
    404,
    "There is no such call",
    "Its id may be misspelt, or it ended longer ago than calls are kept. Look for its number under Calls.",
)
ERASED: Final = Kind(404, "This call was erased", "Nothing is kept of it, and nothing is told of it any more.")
NO_DESTINATION: Final = Kind(404, "There is no such destination", "Somebody may have removed it; the trail tells who.")
NOT_HELD: Final = Kind(
    404, "It is not in quarantine any more", "Somebody had it read again, or discarded it; the trail tells who."
)
NOTHING_HERE: Final = Kind(404, "There is nothing here", "The address may be misspelt. Begin with Now, or find a call.")
CANNOT_OPEN: Final = Kind(
    409, "Its secrets cannot be read", "They were sealed with a SECRETS_KEY that is not set any more. Set it again."
)
REDIS_AWAY: Final = Kind(
    503,
    "Redis does not answer",
    "Calls that nobody could tell of meanwhile are found in the call log later. This page tries again by itself.",
    passes=True,
)
NOT_KNOWN: Final = Kind(
    503, "Redis does not answer", "What you asked for was done, or was not. Go back, reload the page, and look."
)


class Trouble(Exception):
    """Ends a request with a page that says what to do next."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.title)
        self.kind = kind


def add_trouble(pages: Blueprint) -> None:
    """Tell trouble on a page of its own."""
    pages.register_error_handler(Trouble, lambda error: _told(error.kind))
    pages.register_error_handler(CannotOpen, lambda _: _told(CANNOT_OPEN))
    pages.register_error_handler(UnknownDestination, lambda _: _told(NO_DESTINATION))

    @pages.errorhandler(RedisError)
    def redis_away(error: RedisError) -> tuple[str, int]:
        log.error("dashboard.redis_away", error=type(error).__name__)
        return _told(REDIS_AWAY if may(Role.READER, request.method) else NOT_KNOWN)


def _told(kind: Kind) -> tuple[str, int]:
    return render_template("trouble.html", trouble=kind), kind.status
