"""Completeness: where every call stands that anybody ever told of. Counted in the background, for it takes a while."""

from collections.abc import Sequence
from typing import Final

import msgspec
from flask import Blueprint, render_template
from redis import Redis

from runtime import audit
from runtime.audit import Hour
from runtime.clocks import redis_time
from runtime.settings import Settings
from telephony.completeness import MEANINGS
from web.cached import Behind
from web.dashboard.many_accounts import choose

SECONDS: Final = 20.0
"""How often it is counted anew while somebody looks."""

_DAY: Final = 86400.0


class Account(msgspec.Struct, frozen=True):
    """One account's last day: the whole, and its hours, the newest first; `number` is its place in the settings."""

    number: int
    name: str
    total: Hour
    hours: tuple[Hour, ...]


class Ledger(msgspec.Struct, frozen=True):
    """All accounts' last day, and when it was counted (seconds)."""

    accounts: tuple[Account, ...]
    at: float

    @property
    def total(self) -> Hour:
        """All of it."""
        return audit.total(one.total for one in self.accounts)

    @property
    def in_need(self) -> frozenset[str]:
        """The accounts with calls of which nobody can say what became of them."""
        return frozenset(one.name for one in self.accounts if one.total.unexplained)


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> Behind[Ledger]:
    """Add `/completeness`, and give the ledger as it was counted last: *Now* shows the same figures."""
    names = [account.name for account in settings.accounts]
    ledger = Behind(lambda: _counted(redis, names), seconds=SECONDS)

    @pages.get("/completeness")
    def completeness() -> str:
        counted = ledger.get()
        chosen = choose(names, in_need=counted.in_need if counted else ())
        of = {one.name: one for one in counted.accounts} if counted else {}
        shown = [of[name] for name in chosen.names if name in of]
        told = {"ledger": counted, "chosen": chosen, "accounts": shown}
        return render_template("completeness.html", **told, meanings=MEANINGS)

    return ledger


def _counted(redis: Redis, accounts: Sequence[str]) -> Ledger:
    now = redis_time(redis)
    found = []
    for number, name in enumerate(accounts, 1):
        hours = tuple(audit.hours(redis, name, since=now - _DAY, until=now))
        known = tuple(hour for hour in reversed(hours) if hour.known or hour.quarantined)
        found.append(Account(number, name, audit.total(hours), known))
    return Ledger(tuple(found), now)
