"""Tell the history of one call to people: a time line, the parties, the legs, and why each value is what it is.

Pure: a history in, lines out.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from runtime.ledger import State
from runtime.showing.call_document import state
from runtime.showing.call_history import CallHistory, Heard
from scripts.terminal.moments import fine_time
from scripts.terminal.people import side, way
from scripts.terminal.tables import Column, cell, table
from telephony import notifications
from telephony.events import CallData, CallEvent
from telephony.explanations import Explanation
from telephony.notifications import Party
from telephony.sessions import PartyState
from telephony.times import moment_at, parse_time

TIME_LINE: Final = (Column("time"), Column("seconds", right=True), Column("what"), Column("details"))
PARTIES: Final = tuple(
    Column(name) for name in ("party", "state", "reason", "direction", "extension", "from → to", "answered", "newest")
)
LEGS: Final = (
    Column("leg", right=True),
    *(Column(name) for name in ("type", "role", "status", "result", "reason", "direction", "from → to", "extension")),
    Column("start"),
    Column("seconds", right=True),
    Column("master"),
)
EXPLANATION: Final = tuple(Column(name) for name in ("field", "value", "rule", "leg", "because"))
STATES: Final = {
    State.OPEN: "is on, as far as we have heard",
    State.ENDED: "is over; its record in the call log is waited for",
    State.RESOLVED: "is resolved: the call log has said how it ended",
    State.UNRESOLVED: "is unresolved: the call log showed no final record in time",
}


class Moment(NamedTuple):
    """One row of the time line."""

    at: float
    what: str
    details: str


def report(history: CallHistory, event: CallEvent | None) -> Iterator[str]:
    """Tell the history; `event` is the revision whose legs and reasons are told."""
    yield f"call {cell(history.telephony_session_id)} of account {history.account} {STATES[state(history)]}"
    if event is not None:
        yield _headline(event.data)
    line = moments(history)
    day = f"{moment_at(line[0].at):%Y-%m-%d}, " if line else ""
    yield from _section(f"time line ({day}UTC)", table(TIME_LINE, _rows(line)))
    if history.tracked is not None:
        yield from _section("parties, as last heard of", table(PARTIES, map(_party, history.tracked.session.parties)))
    if event is None:
        return
    if event.data.legs:
        yield from _section(f"legs of revision {event.data.revision}", table(LEGS, _legs(event.data)))
    why = table(EXPLANATION, map(_reason, event.data.explanation))
    yield from _section(f"why revision {event.data.revision} says so", why)
    yield ""
    yield "The rules are listed in docs/reference/outcomes.md."


def moments(history: CallHistory) -> list[Moment]:
    """Put everything that happened to the call in order of time; in one millisecond, causes before effects."""
    found = list(_notified(history.notifications))
    if history.tracked is not None and history.tracked.ended_at is not None:
        found.append(Moment(history.tracked.ended_at, "ended", "all parties had left, and the quiet pause was over"))
    if history.resolution is not None and history.resolution.record_seen_at is not None:
        found.append(Moment(history.resolution.record_seen_at, "record seen", "in the call log, and final"))
    found += [_published(event) for event in history.events]
    if history.silence is not None:
        found.append(Moment(history.silence.looked_at, "silent", history.silence.found))
    if history.looks_again_at is not None:
        found.append(Moment(history.looks_again_at, "next look", "at the call log"))
    return sorted(found, key=lambda one: _milliseconds(one.at))


def _headline(data: CallData) -> str:
    parts = [data.direction, data.type, data.origin, way(data.from_, data.to), f"{data.outcome}"]
    said = "confirmed by the call log" if data.confirmed else "not confirmed by the call log"
    return f"revision {data.revision}, {said}: {cell(' '.join(part for part in parts if part))}"


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield title.upper()
    yield from (f"  {line}" for line in lines)


def _rows(line: list[Moment]) -> Iterator[tuple[str, str, str, str]]:
    first = _milliseconds(line[0].at) if line else 0
    for at, what, details in line:
        yield fine_time(moment_at(at)), f"{(_milliseconds(at) - first) / 1000:.3f}", what, details


def _notified(heard: tuple[Heard, ...]) -> Iterator[Moment]:
    """Tell each notification, one row for each of its parties, and which were said before."""
    seen: set[Notified] = set()
    for one in heard:
        said = one.notification
        happened = f", happened {fine_time(said.event_time)}" if said.event_time else ""
        for party in said.parties:
            known = Notified(party.id, said.sequence, party.code)
            again = " (again)" if known in seen else ""
            seen.add(known)
            yield Moment(one.arrived_at, f"notification {said.sequence}{again}", f"{_state(party)}{happened}")


class Notified(NamedTuple):
    """What makes a notification the same as another."""

    party_id: str
    sequence: int | None
    code: str


def _state(party: Party) -> str:
    reason = f" ({party.reason})" if party.reason else ""
    went_on = f", goes on in {party.peer}" if party.peer else ""
    return f"party {_number(party.id)} {party.code}{reason}{went_on}"


def _published(event: CallEvent) -> Moment:
    data = event.data
    changed = f"; changed: {', '.join(data.changed)}" if data.changed else ""
    details = f"revision {data.revision}: {data.outcome} ({data.trigger}){changed}"
    return Moment(_seconds(data.timing.published_at), "published", details)


def _party(party: PartyState) -> tuple[object, ...]:
    return (
        _number(party.id),
        party.code,
        party.reason,
        party.direction,
        party.extension_id,
        f"{_end(party.from_)} → {_end(party.to)}",
        fine_time(party.answered_at) if party.answered_at else None,
        f"notification {party.sequence}",
    )


def _legs(data: CallData) -> Iterator[tuple[object, ...]]:
    for leg in data.legs:
        start = parse_time(leg.start_time or "")
        yield (
            leg.index,
            leg.leg_type,
            leg.role,
            leg.status,
            leg.result,
            leg.reason,
            leg.direction,
            f"{side(leg.from_) or '?'} → {side(leg.to) or '?'}",
            leg.extension_id,
            fine_time(start) if start else None,
            leg.duration_seconds,
            "yes" if leg.master else None,
        )


def _reason(why: Explanation) -> tuple[object, ...]:
    value = ", ".join(why.value) if isinstance(why.value, tuple) else why.value
    return why.field, value, why.rule, why.leg, why.because


def _end(end: notifications.Endpoint) -> str:
    return " ".join(part for part in (end.phone_number, end.name) if part) or "?"


def _number(party_id: str) -> str:
    """Shorten a party's id to its number in the session."""
    return party_id.rpartition("-")[2]


def _milliseconds(at: float) -> int:
    """Give a moment as exactly as it is shown: a cause is never later than its effect by less than that."""
    return round(at * 1_000_000) // 1000


def _seconds(text: str) -> float:
    moment = parse_time(text)
    return moment.timestamp() if moment else 0.0
