"""Now: what is going on, what was published last, and whether anything needs somebody."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from types import MappingProxyType
from typing import Final

import msgspec
from flask import Blueprint, render_template, request
from markupsafe import Markup
from redis import Redis

from runtime import budget, operator_log
from runtime.budget import BudgetState, Group
from runtime.outcome_log import Tallies
from runtime.settings import Settings
from runtime.showing import glance
from runtime.showing.glance import Bells, Delivering, OnNow, Speed, Speeds, Waits
from telephony import endings
from telephony.call_outcome import CallOutcome
from telephony.destinations import DestinationState
from telephony.events import CallEvent
from telephony.operator_events import ALERTS, Alert, What
from web.cached import Behind, Cached
from web.dashboard.charts import Chart, by_minute
from web.dashboard.completeness import Ledger
from web.dashboard.live_states import live_state
from web.dashboard.many_accounts import MOST
from web.dashboard.subscriptions import Hearing, hearing, worst
from web.dashboard.writing import apart, counted, span

MINUTES: Final = 60
SLOW_SECONDS: Final = 5.0
FAST_SECONDS: Final = 0.25
"""Those who watch have it drawn for all of them together (`web.live`); this is for who comes besides."""

_LAG: Final = 120.0
"""Seconds a destination may be behind before somebody is told."""

_ACCOUNTS_SHOWN: Final = 8
_GROUPS: Final = tuple(group for group in Group if group is not Group.AUTH)
_NEEDS_SHOWN: Final = 5
"""Of each kind of need: where a thousand accounts need the same, nothing else would be seen."""

_OF_A_DESTINATION: Final = "dashboard.destination"
_ACCOUNTS: Final = "dashboard.accounts"
_DESTINATIONS: Final = "dashboard.destinations"
_PAGES: Final[Mapping[What, str]] = MappingProxyType(
    {
        What.DESTINATION_FAILING: _OF_A_DESTINATION,
        What.DESTINATION_DISABLED: _OF_A_DESTINATION,
        What.COMPLETENESS_UNEXPLAINED: "dashboard.completeness",
    }
)
"""Where more is told of an alert; of all others, beside their account."""

Parts = tuple[str, str, str]
"""HTML: what stands above the calls, the calls, and what stands below them."""


class LiveCall(msgspec.Struct, frozen=True):
    """A call that is on, as it is shown."""

    id: str
    account: str
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
    arguments: Mapping[str, str] = {}
    remedy: str = ""
    since: float | None = None


class Vitals(msgspec.Struct, frozen=True):
    """What changes slowly or costs more to read."""

    chart: Chart
    speed: Speed
    delivering: tuple[Delivering, ...]
    fuel: tuple[Fuel, ...]
    shut: dict[tuple[str, Group], float]
    waits: dict[str, Waits]
    bells: Bells
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
    def oldest(self) -> tuple[str, Waits] | None:
        """The account whose call was silent for longest, by its name, and what waits there."""
        waiting = [(name, one) for name, one in self.waits.items() if one.oldest_heard is not None]
        return min(waiting, key=lambda each: each[1].oldest_heard or 0.0, default=None)

    @property
    def more_accounts(self) -> int:
        """How many accounts there are whose limits are not shown."""
        return max(0, len(self.waits) - _ACCOUNTS_SHOWN)

    @property
    def needs(self) -> tuple[Need, ...]:
        """What needs somebody, of each kind the first."""
        kinds: tuple[Iterable[Need], ...] = (
            *_of_alerts(self),
            _of_bells(self.bells),
            _of_destinations(self.delivering),
            _of_quarantine(self.waits),
            _of_call_logs(self.waits),
            _of_gates(self),
        )
        return tuple(need for kind in kinds for need in _first(tuple(kind)))


def add_routes(pages: Blueprint, settings: Settings, redis: Redis, ledger: Behind[Ledger]) -> Callable[[], Parts]:
    """Add `/`, and give what draws its parts; that needs a request's context."""
    names = [account.name for account in settings.accounts]
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

    def __init__(self, redis: Redis, accounts: list[str]) -> None:
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
            shut=budget.shut(self._redis, self._accounts, _GROUPS),
            waits=glance.waits(self._redis, self._accounts),
            bells=glance.bells_rung(self._redis, self._accounts),
            alerts=operator_log.alerts(self._redis),
            hearing=tuple(hearing(self._redis, self._accounts)),
        )


def fuel(redis: Redis, accounts: list[str]) -> Iterator[Fuel]:
    """Say what the accounts have left of each group but the one of logging in."""
    left = budget.left(redis, accounts, _GROUPS)
    return (Fuel(name, group, state) for (name, group), state in left.items())


def live_calls(calls: tuple[OnNow, ...]) -> tuple[LiveCall, ...]:
    """Say of each call that is on who is in it, and what it is doing."""
    return tuple(
        LiveCall(one.session.id, one.account, live_state(one.session), endings.ending(one.session)) for one in calls
    )


def _frame(slow: Vitals, ledger: Ledger | None) -> tuple[str, str]:
    """Write what stands above and below the calls; it changes slowly."""
    templates = ("now_above.html", "now_below.html")
    above, below = (render_template(name, vitals=slow, ledger=ledger) for name in templates)
    return above, below


class Rows:
    """Writes what was published last, each event once: it never changes, and stays for a while.

    Of a call that two accounts know, each has events of its own, though with the same ids.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], Markup] = {}

    def of(self, published: Iterable[tuple[str, CallEvent]]) -> list[Markup]:
        """Give the rows of these events, each beside its account, and keep them for the next time."""
        self._written = {
            (account, one.id): self._written.get((account, one.id)) or _row(account, one) for account, one in published
        }
        return [*self._written.values()]


def _row(account: str, event: CallEvent) -> Markup:
    return Markup(render_template("now_published.html", event=event, account=account))  # noqa: S704 - our own


def _parts(redis: Redis, names: list[str], rows: Rows, above: str, below: str) -> Parts:
    """Write what changes: the same for everybody who looks, so it is written once."""
    published = rows.of(glance.published_last(redis))
    calls = live_calls(glance.on_now(redis, names))
    return above, render_template("now_calls.html", calls=calls, most=glance.CALLS, published=published), below


def _first(kind: tuple[Need, ...]) -> Iterator[Need]:
    """Give the first needs of a kind, and how many there are besides."""
    yield from kind[:_NEEDS_SHOWN]
    if more := kind[_NEEDS_SHOWN:]:
        page = _DESTINATIONS if more[0].page == _OF_A_DESTINATION else more[0].page
        yield Need(f"{len(more):,} more like that", page)


def _of_alerts(found: Vitals) -> list[list[Need]]:
    """Tell the alerts that are on, each with the name of what it is about, but for destinations that were removed."""
    names = {one.destination.id: one.destination.called for one in found.delivering}
    kinds: dict[What, list[Need]] = {}
    for one in found.alerts:
        page = _PAGES.get(one.what, _ACCOUNTS)
        is_destination = page == _OF_A_DESTINATION
        if is_destination and one.about not in names:
            continue
        text = f"{apart(names.get(one.about, one.about))}: {one.message}"
        arguments = {"destination_id": one.about} if is_destination else _of_many(one.account, found.waits)
        need = Need(text, page, arguments, remedy=ALERTS[one.what].remedy, since=one.since)
        kinds.setdefault(one.what, []).append(need)
    return [*kinds.values()]


def _of_bells(found: Bells) -> Iterator[Need]:
    """Tell of processes that are missing: whatever is due waits for them, and nothing else says so."""
    if found.late_since is not None:
        yield Need("No clock is running", _ACCOUNTS, remedy="Start `python -m workers clock`.", since=found.late_since)
    for stage, count in found.untaken.items():
        remedy = f"Start `python -m workers {stage}`, or more of them."
        yield Need(f"{counted(count, 'bell')} of {stage} were rung, and nobody came", _ACCOUNTS, remedy=remedy)


def _of_destinations(found: tuple[Delivering, ...]) -> Iterator[Need]:
    for one in found:
        name, at = apart(one.destination.called), (_OF_A_DESTINATION, {"destination_id": one.destination.id})
        if one.status.dead:
            yield Need(f"{name}: {counted(one.status.dead, 'event')} given up; send again once it is well", *at)
        elif one.status.lag > _LAG and one.destination.state is DestinationState.ACTIVE:
            yield Need(f"{name} is behind by {span(one.status.lag)}", *at)


def _of_quarantine(waits: Mapping[str, Waits]) -> Iterator[Need]:
    for name, one in waits.items():
        if one.quarantined:
            text = f"{name}: {counted(one.quarantined, 'notification')} could not be read"
            yield Need(text, "dashboard.quarantine", {"account": name})


def _of_call_logs(waits: Mapping[str, Waits]) -> Iterator[Need]:
    for name, one in waits.items():
        if one.behind_since is not None:
            text = f"{name}: calls wait for their outcome, and the call log is not asked"
            at, remedy = (_ACCOUNTS, _of_many(name, waits)), "`./scripts/doctor.py` says what is wrong."
            yield Need(text, *at, remedy=remedy, since=one.behind_since)


def _of_gates(found: Vitals) -> Iterator[Need]:
    for (account, group), seconds in found.shut.items():
        text = f"RingCentral takes no {group} requests for another {span(seconds)}"
        yield Need(f"{account}: {text}", _ACCOUNTS, _of_many(account, found.waits))


def _of_many(account: str | None, among: Sized) -> Mapping[str, str]:
    """Say what a page is to show where it does not show all accounts."""
    return {"name": account} if account is not None and len(among) > MOST else {}
