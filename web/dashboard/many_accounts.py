"""Of many accounts those that are meant: on a page so many at a time, in a form by a name that somebody types."""

from collections.abc import Callable, Container, Sequence
from typing import Final

import msgspec
from flask import request, url_for
from redis import Redis

from runtime.showing import calls
from web.access.trouble import NO_CALL, Trouble

MOST: Final = 50
"""Accounts on a page; a browser would take seconds for a thousand, and the server would write them every other."""


SUGGESTED: Final = 1000
"""Names that a field suggests at most; any other is typed, or a part of it."""


def whose(redis: Redis, names: Sequence[str], telephony_session_id: str) -> tuple[str, ...]:
    """Give the accounts that know a call, beginning with those that are meant. Raises Trouble where none does."""
    known = calls.accounts_of(redis, names, telephony_session_id)
    if not known:
        raise Trouble(NO_CALL)
    meant = Offered(tuple(names)).meant_by(request.args.get("account", ""))
    return tuple(sorted(known, key=lambda name: name not in meant))


def call_at(names: Sequence[str]) -> Callable[[str, str], str]:
    """Give what tells templates where a call is shown as an account saw it: two of several may know it.

    Of which account it is may be unknown: empty.
    """

    def address(account: str, telephony_session_id: str) -> str:
        named = account if account and len(names) > 1 else None
        return url_for("dashboard.call", telephony_session_id=telephony_session_id, account=named)

    return address


class Offered(msgspec.Struct, frozen=True):
    """The accounts a form is about: listed to choose from, or where they are too many for that, typed."""

    names: tuple[str, ...]

    @property
    def are_several(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.names) > 1

    @property
    def are_many(self) -> bool:
        """Whether nobody wants to look through a list of them."""
        return len(self.names) > MOST

    @property
    def suggested(self) -> tuple[str, ...]:
        """Give the names that the field suggests."""
        return self.names[:SUGGESTED]

    def meant_by(self, text: str) -> tuple[str, ...]:
        """Give the account of exactly this name, else those with a name of which this is a part."""
        return (text,) if text in self.names else _holding(self.names, text)


class Chosen(msgspec.Struct, frozen=True):
    """The accounts shown of `all`, from the place `first` on. `name` is what somebody typed of their names."""

    names: tuple[str, ...]
    name: str
    first: int
    found: int
    all: int

    @property
    def are_many(self) -> bool:
        """Whether there are more than fit on a page, so that somebody has to choose."""
        return self.all > MOST

    @property
    def next(self) -> str | None:
        """Say after how many the next page begins; None where there is none."""
        last = self.first + len(self.names)
        return str(last) if last < self.found else None


def choose(names: Sequence[str], *, in_need: Container[str]) -> Chosen:
    """Choose by what the address says: `name` is a part of names, `after` how many are passed over.

    The account of exactly this name comes first, then those that are in need, then as they stand in the settings.
    """
    name = request.args.get("name", "").strip()
    found = sorted(_holding(names, name), key=lambda one: (one != name, one not in in_need))
    first = _number(request.args.get("after", ""))
    return Chosen(tuple(found[first : first + MOST]), name, first, len(found), len(names))


def _holding(names: Sequence[str], text: str) -> tuple[str, ...]:
    """Give the names of which a text is a part, in whatever case."""
    return tuple(one for one in names if text.casefold() in one.casefold())


def _number(text: str) -> int:
    """Read how many; whatever is no such number begins anew."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**31)) else 0
