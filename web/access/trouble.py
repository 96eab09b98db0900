"""What can go wrong for somebody at the dashboard, as a table: what happened, and what to do next."""

from typing import Final

import msgspec
from flask import Blueprint, render_template
from redis.exceptions import RedisError

from runtime.logs import log


class Kind(msgspec.Struct, frozen=True):
    """One kind of trouble."""

    status: int
    title: str
    advice: str


EXPIRED: Final = Kind(403, "This form is too old", "Nothing was changed. Go back, reload the page, and try again.")
READ_ONLY: Final = Kind(403, "You may look, not change", "Log out, and log in with the ADMIN_TOKEN to do this.")
NO_CALL: Final = Kind(
    404,
    "There is no such call",
    "Its id may be misspelt, or it ended longer ago than calls are kept. Look for its number under Calls.",
)
NO_DESTINATION: Final = Kind(404, "There is no such destination", "Somebody may have removed it; the trail tells who.")
NOTHING_HERE: Final = Kind(404, "There is nothing here", "The address may be misspelt. Begin with Now, or find a call.")
CANNOT_OPEN: Final = Kind(
    409, "Its secrets cannot be read", "They were sealed with a SECRETS_KEY that is not set any more. Set it again."
)
REDIS_AWAY: Final = Kind(
    503,
    "Redis does not answer",
    "Calls that nobody could tell of meanwhile are found in the call log later. This page tries again by itself.",
)


class Trouble(Exception):  # noqa: N818 - named for what happened
    """Ends a request with a page that says what to do next."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.title)
        self.kind = kind


def add_trouble(pages: Blueprint) -> None:
    """Tell trouble on a page of its own."""

    @pages.errorhandler(Trouble)
    def told(error: Trouble) -> tuple[str, int]:
        return render_template("trouble.html", trouble=error.kind), error.kind.status

    @pages.errorhandler(RedisError)
    def redis_away(error: RedisError) -> tuple[str, int]:
        log.error("dashboard.redis_away", error=type(error).__name__)
        return render_template("trouble.html", trouble=REDIS_AWAY), REDIS_AWAY.status
