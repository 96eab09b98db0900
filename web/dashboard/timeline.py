"""The time line of one call: everything that happened to it, in order. Pure: a history in, moments out."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from runtime.deliveries.attempts import Attempt
from runtime.showing.call_history import CallHistory, Heard
from telephony.differences import Difference, differences
from telephony.events import CallData, CallEvent
from telephony.notifications import Party
from telephony.sessions import PartyState
from telephony.times import parse_time
from web.dashboard.writing import counted, number, span, words


class Sort(StrEnum):
    """What kind of thing happened; each has a mark of its own on the line."""

    HEARD = "heard"
    ENDED = "ended"
    LOOKED = "looked"
    PUBLISHED = "published"
    SENT = "sent"
    NEXT = "next"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `at` is in seconds, `word` has the tone."""

    at: float
    sort: Sort
    title: str
    word: str = ""
    details: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


_SAME_TIME: Final = 1000
"""Within one millisecond, causes go before effects: in the order in which they are collected."""


def moments(history: CallHistory, attempts: tuple[Attempt, ...], names: Mapping[str, str]) -> tuple[Moment, ...]:
    """Put everything in order of time; `names` are the destinations'."""
    found = [
        *_heard(history.notifications, _people(history)),
        *_ended(history),
        *_looked(history),
        *_published(history.events),
    ]
    found += [_sent(one, names) for one in attempts]
    if history.looks_again_at is not None:
        found.append(Moment(at=history.looks_again_at, sort=Sort.NEXT, title="Next look at the call log"))
    return tuple(sorted(found, key=lambda one: int(one.at * _SAME_TIME)))


def _people(history: CallHistory) -> Mapping[str, str]:
    """Name each party."""
    parties = history.tracked.session.parties if history.tracked else ()
    agents = history.events[-1].data.agents if history.events else ()
    names = {agent.extension_id: agent.name for agent in agents if agent.name}
    return {party.id: _name(party, names) for party in parties}


def _name(party: PartyState, agents: Mapping[str, str]) -> str:
    """Name a party by whose it is: the caller's side tells of whoever calls, the called side of whoever is rung.

    Phones that a queue rings are all called like the queue; whose each of them is, only its extension tells.
    """
    end = party.from_ if party.calls else party.to
    name = end.name or number(end.phone_number)
    if party.extension_id is None or end.extension_id in {None, party.extension_id}:
        return name
    return agents.get(party.extension_id, f"{name}, extension {party.extension_id}")


def _heard(notifications: tuple[Heard, ...], people: Mapping[str, str]) -> Iterator[Moment]:
    seen: set[tuple[str, int | None, str]] = set()
    for one in notifications:
        said = one.notification
        parties = {(party.id, said.sequence, party.code) for party in said.parties}
        again = bool(parties) and parties <= seen
        seen |= parties
        yield Moment(
            at=one.arrived_at,
            sort=Sort.HEARD,
            title=f"Notification {said.sequence}" + (", once more" if again else ""),
            details=tuple(_party(people.get(one.id, ""), one) for one in said.parties),
        )


def _party(name: str, party: Party) -> str:
    because = f" ({party.reason})" if party.reason else ""
    went_on = f", goes on in {party.peer}" if party.peer else ""
    return f"{name or 'party ' + party.id.rpartition('-')[2]}: {party.code}{because}{went_on}"


def _ended(history: CallHistory) -> Iterator[Moment]:
    if history.tracked is not None and history.tracked.ended_at is not None:
        why = "All parties had left, and the quiet pause was over"
        yield Moment(at=history.tracked.ended_at, sort=Sort.ENDED, title="The call is over", details=(why,))


def _looked(history: CallHistory) -> Iterator[Moment]:
    """Tell when the call log showed the call, which every later revision repeats.

    Looks that changed something are told by what was published then. Those that brought nothing are the account's, not
    the call's: one look asks for many calls.
    """
    told: set[datetime] = set()
    for event in history.events:
        seen = parse_time(event.data.timing.record_seen_at or "")
        if seen is not None and seen not in told:
            told.add(seen)
            records = counted(len(event.data.record_ids), "record")
            details = f"{records}, {'final' if event.data.confirmed else 'not final'}"
            yield Moment(
                at=seen.timestamp(), sort=Sort.LOOKED, title="The call log showed the call", details=(details,)
            )


def _published(events: tuple[CallEvent, ...]) -> Iterator[Moment]:
    before: CallData | None = None
    for event in events:
        data = event.data
        at = parse_time(data.timing.published_at)
        yield Moment(
            at=at.timestamp() if at else 0.0,
            sort=Sort.PUBLISHED,
            title=f"Published: {words(data.outcome)}",
            word=data.outcome,
            details=(f"revision {data.revision}, {_said_by(data)}",),
            differences=differences(before, data) if before and data.revision > 1 else (),
        )
        before = data


def _said_by(data: CallData) -> str:
    """Say where a revision is from."""
    if data.confirmed:
        return "confirmed"
    return "from a record that is not final" if data.record_ids else "from the notifications"


def _sent(attempt: Attempt, names: Mapping[str, str]) -> Moment:
    answer = f"HTTP {attempt.status}" if attempt.status else attempt.error or attempt.verdict
    later = f"again in {span(attempt.next_at - attempt.at)}" if attempt.next_at else ""
    revision = attempt.event_id.rpartition("/")[2]
    about = (f"revision {revision}, attempt {attempt.number}: {answer} after {attempt.seconds:.2f} s", later)
    return Moment(
        at=attempt.at,
        sort=Sort.SENT,
        title=f"Sent to {names.get(attempt.destination_id, 'a destination that was removed')}",
        word=attempt.verdict,
        details=tuple(one for one in about if one),
    )
