"""Now: what is going on, what was published last, and whether anything needs somebody."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
from flask import Blueprint, render_template, request
from markupsafe import Markup
from redis import Redis

from runtime import glance, operator_log
from runtime.budget import LIMITS, Budget, BudgetState, Group
from runtime.glance import Delivering, OnNow, Speed, Speeds, Waits
from runtime.outcome_log import Tallies
from runtime.settings import Settings
from telephony import endings
from telephony.call_outcome import CallOutcome
from telephony.destinations import DestinationState
from telephony.events import CallEvent
from telephony.operator_events import ALERTS, Alert, What
from web.cached import Cached
from web.dashboard import completeness
from web.dashboard.charts import Chart, by_minute
from web.dashboard.completeness import Ledger
from web.dashboard.live_states import live_state
from web.dashboard.subscriptions import Hearing, hearing, worst

MINUTES: Final = 60
SLOW_SECONDS: Final = 5.0
FAST_SECONDS: Final = 0.25
"""Those who watch have it drawn for all of them together (`web.live`); this is for who comes besides."""

_LAG: Final = 120.0
"""Seconds a destination may be behind before somebody is told."""

_ACCOUNTS_SHOWN: Final = 8
_ABOUT_DESTINATIONS: Final = frozenset({What.DESTINATION_FAILING, What.DESTINATION_DISABLED})

Parts = tuple[str, str, str]
"""HTML: what stands above the calls, the calls, and what stands below them."""


class LiveCall(msgspec.Struct, frozen=True):
    """A call that is on, as it is shown."""

    id: str
    state: str
    call: CallOutcome


class Fuel(msgspec.Struct, frozen=True):
    """What an account has left of one group of requests."""

    account: str
    group: Group
    left: BudgetState


class Need(msgspec.Struct, frozen=True):
    """Something that needs somebody: what it is, what to do, since when (seconds), and the page where it is seen."""

    text: str
    page: str
    argument: str | None = None
    remedy: str = ""
    since: float | None = None


class Vitals(msgspec.Struct, frozen=True):
    """What changes slowly or costs more to read."""

    chart: Chart
    speed: Speed
    delivering: tuple[Delivering, ...]
    fuel: tuple[Fuel, ...]
    waits: dict[str, Waits]
    alerts: tuple[Alert, ...]
    hearing: tuple[Hearing, ...]

    @property
    def deafest(self) -> Hearing | None:
        """The account whose subscription to look at first."""
        return worst(self.hearing)

    @property
    def on(self) -> int:
        """Calls that are on."""
        return sum(one.on for one in self.waits.values())

    @property
    def backlog(self) -> int:
        """Events that destinations have not got yet."""
        return sum(one.status.backlog for one in self.delivering)

    @property
    def oldest(self) -> Waits | None:
        """The account whose call was silent for longest."""
        waiting = [one for one in self.waits.values() if one.oldest_heard is not None]
        return min(waiting, key=lambda one: one.oldest_heard or 0.0, default=None)

    @property
    def needs(self) -> tuple[Need, ...]:
        """What needs somebody."""
        return (*_of_alerts(self.alerts), *_of_destinations(self.delivering), *_of_accounts(self))


def add_routes(pages: Blueprint, settings: Settings, redis: "Redis") -> Callable[[], Parts]:
    """Add `/`, and give what draws its parts; that needs a request's context."""
    names = [account.name for account in settings.accounts]
    ledger = completeness.counting(redis, names)
    reader = VitalsReader(redis, names)
    frame = Cached(lambda: _frame(reader.read(), ledger.get()), seconds=SLOW_SECONDS)
    rows = Rows()
    parts = Cached(lambda: _parts(redis, names, rows, *frame.get()), seconds=FAST_SECONDS)

    @pages.get("/")
    def now() -> str:
        drawn = Markup("".join(parts.get()))  # noqa: S704 - our own
        return drawn if "X-Parts" in request.headers else render_template("now.html", parts=drawn)

    return parts.get


class VitalsReader:
    """Reads the vitals; of what only grows, what has come since the last time."""

    def __init__(self, redis: "Redis", accounts: list[str]) -> None:
        self._redis = redis
        self._accounts = accounts
        self._tallies = Tallies(redis, minutes=MINUTES)
        self._speeds = Speeds(redis)

    def read(self) -> Vitals:
        """Read them. Raises RedisError."""
        return Vitals(
            chart=by_minute(self._tallies.now()),
            speed=self._speeds.now(),
            delivering=glance.delivering(self._redis),
            fuel=tuple(fuel(self._redis, self._accounts[:_ACCOUNTS_SHOWN])),
            waits={name: glance.waits(self._redis, name) for name in self._accounts},
            alerts=operator_log.alerts(self._redis),
            hearing=tuple(hearing(self._redis, name) for name in self._accounts),
        )


def fuel(redis: "Redis", accounts: list[str]) -> Iterator[Fuel]:
    """Say what the accounts have left of each group but the one of logging in."""
    for name in accounts:
        budget = Budget(redis, name)
        yield from (Fuel(name, group, budget.left(group)) for group in LIMITS if group is not Group.AUTH)


def live_calls(calls: tuple[OnNow, ...]) -> tuple[LiveCall, ...]:
    """Say of each call that is on who is in it, and what it is doing."""
    return tuple(LiveCall(one.session.id, live_state(one.session), endings.ending(one.session)) for one in calls)


def _frame(slow: Vitals, ledger: Ledger | None) -> tuple[str, str]:
    """Write what stands above and below the calls; it changes slowly."""
    templates = ("now_above.html", "now_below.html")
    above, below = (render_template(name, vitals=slow, ledger=ledger) for name in templates)
    return above, below


class Rows:
    """Writes what was published last, each event once: it never changes, and stays for a while."""

    def __init__(self) -> None:
        self._written: dict[str, Markup] = {}

    def of(self, events: Iterable[CallEvent]) -> list[Markup]:
        """Give the rows of these events, and keep them for the next time."""
        self._written = {one.id: self._written.get(one.id) or _row(one) for one in events}
        return [*self._written.values()]


def _row(event: CallEvent) -> Markup:
    return Markup(render_template("now_published.html", event=event))  # noqa: S704 - our own


def _parts(redis: "Redis", names: list[str], rows: Rows, above: str, below: str) -> Parts:
    """Write what changes: the same for everybody who looks, so it is written once."""
    published = rows.of(glance.published_last(redis))
    calls = live_calls(glance.on_now(redis, names))
    return above, render_template("now_calls.html", calls=calls, published=published), below


def _of_alerts(alerts: tuple[Alert, ...]) -> Iterator[Need]:
    """Tell the alerts that are on; of one about a destination its page tells more."""
    for one in alerts:
        is_destination = one.what in _ABOUT_DESTINATIONS
        page, argument = ("dashboard.destination", one.about) if is_destination else ("dashboard.accounts", None)
        yield Need(one.message, page, argument, remedy=ALERTS[one.what].remedy, since=one.since)


def _of_destinations(found: tuple[Delivering, ...]) -> Iterator[Need]:
    for one in found:
        name = one.destination.description or one.destination.url
        if one.status.dead:
            yield Need(
                f"{one.status.dead:,} events for {name} were given up; send them again once it is well", *_at(one)
            )
        elif one.status.lag > _LAG and one.destination.state is DestinationState.ACTIVE:
            yield Need(f"{name} is {one.status.lag / 60:.0f} minutes behind", *_at(one))


def _at(one: Delivering) -> tuple[str, str]:
    return "dashboard.destination", one.destination.id


def _of_accounts(found: Vitals) -> Iterator[Need]:
    quarantined = sum(one.quarantined for one in found.waits.values())
    if quarantined:
        yield Need(f"{quarantined:,} notifications could not be read", "dashboard.quarantine")
    for one in found.fuel:
        if one.left.gate_seconds:
            text = f"RingCentral wants nothing asked of {one.group} for {one.left.gate_seconds:.0f} more seconds"
            yield Need(f"{one.account}: {text}", "dashboard.accounts")
