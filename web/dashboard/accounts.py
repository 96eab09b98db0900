"""Accounts: whether each hears RingCentral, what it has left to ask for, what waits, how far the call log was asked."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import msgspec
from flask import Blueprint, render_template
from redis import Redis

from runtime import asking, glance, operator_log
from runtime.asking import Asking
from runtime.clocks import redis_time
from runtime.glance import Waits
from runtime.settings import Account, Scope, Settings
from telephony.operator_events import ALERTS, Alert
from web.cached import Cached
from web.dashboard.now import Fuel, fuel
from web.dashboard.subscriptions import Hearing, hearing

_SECONDS = 2.0


class Row(msgspec.Struct, frozen=True):
    """One account."""

    name: str
    waits: Waits
    fuel: tuple[Fuel, ...]
    asking: Asking
    lane: str
    hearing: Hearing
    alerts: tuple[Alert, ...]


def add_routes(pages: Blueprint, settings: Settings, redis: "Redis") -> None:
    """Add `/accounts`."""
    rows = Cached(lambda: tuple(_rows(redis, settings.accounts)), seconds=_SECONDS)

    @pages.get("/accounts")
    def accounts() -> str:
        return render_template("accounts.html", rows=rows.get(), remedies=ALERTS)


def _rows(redis: "Redis", accounts: tuple[Account, ...]) -> Iterator[Row]:
    now, alerts = redis_time(redis), operator_log.alerts(redis)
    names = [one.name for one in accounts]
    left = {name: tuple(its) for name, its in groupby(fuel(redis, names), key=attrgetter("account"))}
    waits, heard = glance.waits(redis, names), hearing(redis, names)
    for one, its_hearing in zip(accounts, heard, strict=True):
        told = asking.load(redis, one.name)
        lane = told.lane(company=one.scope is Scope.ACCOUNT, now=now)
        its = tuple(alert for alert in alerts if alert.account == one.name)
        yield Row(one.name, waits[one.name], left[one.name], told, lane, its_hearing, its)
