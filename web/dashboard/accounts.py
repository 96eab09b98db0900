"""Accounts: whether each hears RingCentral, what it has left to ask for, what waits, how far the call log was asked."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec
from flask import Blueprint, render_template
from redis import Redis

from runtime import asking, operator_log
from runtime.asking import Asking
from runtime.clocks import redis_time
from runtime.settings import Account, Scope, Settings
from runtime.showing import glance
from runtime.showing.glance import Waits
from telephony.operator_events import ALERTS, Alert
from web.cached import Cached
from web.dashboard.many_accounts import choose
from web.dashboard.now import Fuel, fuel
from web.dashboard.subscriptions import Hearing, hearing

_SECONDS: Final = 2.0


class Row(msgspec.Struct, frozen=True):
    """One account; `number` is its place in the settings."""

    number: int
    name: str
    waits: Waits
    fuel: tuple[Fuel, ...]
    asking: Asking
    lane: str
    hearing: Hearing
    alerts: tuple[Alert, ...]


class Standing(msgspec.Struct, frozen=True):
    """How all accounts stand: what waits in each, and the alerts that are on."""

    waits: Mapping[str, Waits]
    alerts: tuple[Alert, ...]

    @property
    def in_need(self) -> frozenset[str]:
        """The accounts that need somebody."""
        behind = (name for name, one in self.waits.items() if one.behind_since is not None)
        return frozenset((*behind, *(alert.account for alert in self.alerts if alert.account is not None)))


def add_routes(pages: Blueprint, settings: Settings, redis: Redis) -> None:
    """Add `/accounts`."""
    numbers = {one.name: number for number, one in enumerate(settings.accounts, 1)}
    standing = Cached(lambda: Standing(glance.waits(redis, [*numbers]), operator_log.alerts(redis)), seconds=_SECONDS)

    @pages.get("/accounts")
    def accounts() -> str:
        now = standing.get()
        chosen = choose([*numbers], in_need=now.in_need)
        shown = [(numbers[name], settings.accounts[numbers[name] - 1]) for name in chosen.names]
        return render_template("accounts.html", rows=[*_rows(redis, shown, now)], chosen=chosen, remedies=ALERTS)


def _rows(redis: Redis, accounts: list[tuple[int, Account]], standing: Standing) -> Iterator[Row]:
    now, names = redis_time(redis), [one.name for _, one in accounts]
    left = {name: tuple(its) for name, its in groupby(fuel(redis, names), key=attrgetter("account"))}
    asked, heard = asking.load_all(redis, names), hearing(redis, names)
    for (number, one), told, its_hearing in zip(accounts, asked, heard, strict=True):
        lane = told.lane(company=one.scope is Scope.ACCOUNT, now=now)
        its = tuple(alert for alert in standing.alerts if alert.account == one.name)
        yield Row(number, one.name, standing.waits[one.name], left[one.name], told, lane, its_hearing, its)
