"""What a subscription must be like, and what to do about those there are. Pure: the list and the time are given.

https://developers.ringcentral.com/guide/notifications/subscriptions
"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

LIFETIME: Final = 604_800
"""Seconds a subscription is made for: one that is forgotten ends by itself."""

RENEWED_BEFORE: Final = LIFETIME / 2
"""It is renewed when less than this is left, and RingCentral reminds us when less than `_THRESHOLD` is."""

_THRESHOLD: Final = 259_200
_INTERVAL: Final = 43_200

REMINDER: Final = f"/restapi/v1.0/subscription/~?threshold={_THRESHOLD}&interval={_INTERVAL}"
"""At most half of the lifetime, and at most half of that, as RingCentral asks."""

_OF_ACCOUNT: Final = "/restapi/v1.0/account/~/telephony/sessions"
_OF_EXTENSION: Final = "/restapi/v1.0/account/~/extension/~/telephony/sessions"
_NAMED: Final = re.compile(r"/(account|extension)/[^/?]+(?=/)")


class Health(StrEnum):
    """How the subscription is."""

    ACTIVE = "active"
    INCOMPLETE = "incomplete"
    BLACKLISTED = "blacklisted"
    MISSING = "missing"
    UNMANAGED = "unmanaged"


class Seen(msgspec.Struct, frozen=True):
    """A subscription as RingCentral tells of it; `disabled` are filters that it does not serve, `because` why not."""

    id: str
    status: str
    address: str
    filters: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    expires_at: datetime | None = None
    blacklisted_at: datetime | None = None
    reason: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether RingCentral delivers."""
        return self.status.casefold() == "active"

    @property
    def tells_of_calls(self) -> bool:
        """Whether it is about calls at all."""
        return any("/telephony/sessions" in one for one in (*self.filters, *self.disabled))


class Plan(msgspec.Struct, frozen=True):
    """What to do: which to keep, whether to make one or to renew the kept one, which to delete before and after that.

    `foreign` tell of calls to some other address, and are left alone.
    """

    health: Health
    keep: Seen | None = None
    create: bool = False
    renew: bool = False
    delete_first: tuple[Seen, ...] = ()
    delete_after: tuple[Seen, ...] = ()
    foreign: tuple[Seen, ...] = ()

    @property
    def leaving(self) -> tuple[str, ...]:
        """The ids of those that are to be deleted."""
        return tuple(one.id for one in (*self.delete_first, *self.delete_after))


def filters(*, company: bool) -> tuple[str, ...]:
    """Name the event filters to ask for: all calls of the account, or of the user alone, and the reminder to renew.

    No query narrows them: one by state, direction or recording would hide a part of each call.
    """
    return (_OF_ACCOUNT if company else _OF_EXTENSION, REMINDER)


def plan(
    seen: Sequence[Seen],
    *,
    addresses: Sequence[str],
    company: bool,
    known: str | None,
    is_current: bool,
    reminded: bool,
    now: datetime,
    leaving: Sequence[str] = (),
) -> Plan:
    """Decide what to do about the subscriptions there are.

    `addresses` are ours; where there are none, nothing is made or deleted. `known` is the one that we made or took
    over, `is_current` says that its verification token is the newest; `leaving` are the ids of those that were to be
    deleted before, and may be there still. Those that do not deliver are deleted before another is made, those with an
    older token after it, so that at no moment nobody delivers. One whose filter of calls is not served is renewed with
    each look, for RingCentral may serve it by now.
    """
    ours = [one for one in seen if one.tells_of_calls and (one.address in addresses or not addresses)]
    able = [one for one in ours if one.is_active and _covers(one, company=company)]
    good = [one for one in able if is_current or one.id != known]
    keep = min(good, key=lambda one: (one.id != known, -_left(one, now)), default=None)
    made = {known, *leaving}
    foreign = tuple(one for one in seen if one.tells_of_calls and one not in ours and one.id not in made)
    if not addresses:
        health = Health.UNMANAGED if not ours else _health(ours, keep, company=company)
        return Plan(health, keep, renew=keep is not None and _is_old(keep, reminded=reminded, now=now), foreign=foreign)
    moved = [one for one in seen if one.id in made and one not in ours]  # PUBLIC_URL has changed
    others = [one for one in (*ours, *moved) if one is not keep]
    return Plan(
        _health(ours, keep, company=company),
        keep,
        create=keep is None,
        renew=keep is not None and (disabled(keep, company=company) or _is_old(keep, reminded=reminded, now=now)),
        delete_first=tuple(one for one in others if not one.is_active),
        delete_after=tuple(one for one in others if one.is_active),
        foreign=foreign,
    )


def reminds(one: Seen) -> bool:
    """Say whether RingCentral will remind us of renewing it; one that somebody else made may not."""
    return REMINDER in one.filters


def disabled(one: Seen, *, company: bool) -> bool:
    """Say whether RingCentral does not serve the filter that tells of calls."""
    return filters(company=company)[0] in {_general(each) for each in one.disabled}


def _health(ours: Sequence[Seen], keep: Seen | None, *, company: bool) -> Health:
    if keep is not None:
        return Health.INCOMPLETE if disabled(keep, company=company) else Health.ACTIVE
    if any(one.is_active and _covers(one, company=company) for one in ours):  # with an older token: another is made
        return Health.ACTIVE
    return Health.BLACKLISTED if any(not one.is_active for one in ours) else Health.MISSING


def _covers(one: Seen, *, company: bool) -> bool:
    return filters(company=company)[0] in {_general(each) for each in (*one.filters, *one.disabled)}


def _general(event_filter: str) -> str:
    """Write a filter with `~` again where RingCentral has named the account and the extension."""
    return _NAMED.sub(r"/\1/~", event_filter)


def _is_old(one: Seen, *, reminded: bool, now: datetime) -> bool:
    return reminded or _left(one, now) < RENEWED_BEFORE


def _left(one: Seen, now: datetime) -> float:
    return (one.expires_at - now).total_seconds() if one.expires_at else float("inf")
