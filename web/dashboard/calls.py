"""Calls: found by whatever somebody knows of one, newest first."""

from datetime import timedelta
from typing import Any, Final

import msgspec
from flask import Blueprint, redirect, render_template, request, url_for
from redis import Redis
from werkzeug.wrappers import Response

from runtime.deliveries.waiting_calls import Trouble
from runtime.ledger import State
from runtime.settings import Settings
from runtime.showing import calls as index
from runtime.showing.call_filter import Filter
from runtime.showing.call_rows import Row
from runtime.showing.calls import BadCursor
from runtime.streams import Page
from telephony.endings import INBOUND, OUTBOUND
from telephony.notifications import SESSION_PREFIX
from telephony.times import any_time
from telephony.words import Outcome
from web.dashboard.many_accounts import Offered

_LIMIT: Final = 50
_SHORTEST_NUMBER: Final = 7
"""Digits; fewer are an extension's number."""

_ALMOST_A_SECOND: Final = timedelta(microseconds=999_999)
CHOICES: Final = {
    "outcome": tuple(Outcome),
    "direction": (INBOUND, OUTBOUND),
    "state": tuple(State),
    "delivery": tuple(Trouble),
}
"""What may be chosen in the form; any other word is as good as none."""

LABELS: Final = {State.OPEN: "on now", State.ENDED: "record awaited", Trouble.DEAD: "given up"}
"""Words that are written as the rest of the dashboard has them."""


class Asked(msgspec.Struct, frozen=True):
    """What the form says: `text` as it was typed, an account's name or a part of it, and the words chosen."""

    text: str
    account: str
    chosen: dict[str, str]
    since: str
    until: str

    @property
    def is_everything(self) -> bool:
        """Whether all calls are asked for."""
        return not (self.text or self.account or self.chosen or self.since or self.until)

    @property
    def arguments(self) -> dict[str, str]:
        """The same for an address."""
        told = {"q": self.text, "account": self.account, "since": self.since, "until": self.until} | self.chosen
        return {name: value for name, value in told.items() if value}


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/calls`."""
    accounts = Offered(tuple(account.name for account in settings.accounts))

    @pages.get("/calls", endpoint="calls")
    def calls() -> str | Response:
        asked = _asked()
        if asked.text.startswith(SESSION_PREFIX):
            return redirect(
                url_for("dashboard.call", telephony_session_id=asked.text, account=asked.account or None), 303
            )
        names = accounts.meant_by(asked.account)
        page = _found(redis, names, asked, request.args.get("after"))
        told = {"page": page, "asked": asked, "accounts": accounts, "is_of_nobody": not names}
        return render_template("calls.html", **told, choices=CHOICES, labels=LABELS)


def filters(asked: Asked) -> tuple[Filter, ...]:
    """Say what may be meant, the likeliest first: long digits are a number, or the id of an extension."""
    told: dict[str, Any] = {**asked.chosen, "since": moment_of(asked.since), "until": moment_of(asked.until)}
    whole = msgspec.convert({name: value for name, value in told.items() if value is not None}, type=Filter)
    digits = sum(sign.isdigit() for sign in asked.text)
    by_number = msgspec.structs.replace(whole, number=asked.text)
    by_extension = msgspec.structs.replace(whole, extension=asked.text)
    if not asked.text:
        return (whole,)
    return (by_extension, by_number) if digits < _SHORTEST_NUMBER else (by_number, by_extension)


def _found(redis: Redis, names: tuple[str, ...], asked: Asked, after: str | None) -> Page[Row]:
    page = Page[Row]((), None)
    for meant in filters(asked):
        try:
            page = index.search(redis, names, meant, after=after, limit=_LIMIT)
        except BadCursor:
            page = index.search(redis, names, meant, limit=_LIMIT)
        if page.items:
            break
    return page


def _asked() -> Asked:
    given = request.args
    chosen = {name: given[name] for name, words in CHOICES.items() if given.get(name) in words}
    since, until = _field(given.get("since")), _field(given.get("until"), rest=_ALMOST_A_SECOND)
    return Asked(given.get("q", "").strip(), given.get("account", "").strip(), chosen, since, until)


def _field(text: str | None, *, rest: timedelta = timedelta()) -> str:
    """Write what an address says as a datetime field takes it, in whole seconds; else the field would be empty.

    Before what is left of the second is cut off, `rest` is added.
    """
    at = any_time(text or "")
    try:
        return "" if at is None else (at + rest).replace(tzinfo=None, microsecond=0).isoformat()
    except OverflowError:
        return ""


def moment_of(text: str) -> float | None:
    """Read what a datetime field holds, in seconds; it knows no zone, and is UTC, unless one was written by hand."""
    at = any_time(text)
    return None if at is None else at.timestamp()
