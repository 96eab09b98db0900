"""The time line of one call: everything that happened to it, in order. Pure: a history in, moments out."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from runtime.attempts import Attempt
from runtime.call_history import CallHistory, Heard
from telephony.differences import Difference, differences
from telephony.events import CallData, CallEvent
from telephony.notifications import Party
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
    """Name each party: by whom it is, which the caller's side tells of whoever called, else the called side."""
    parties = history.tracked.session.parties if history.tracked else ()
    ends = {party.id: party.from_ if party.number == 1 else party.to for party in parties}
    return {party_id: end.name or number(end.phone_number) for party_id, end in ends.items()}


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
    """Tell of each look that brought something: the record's first appearance, and the looks that changed an outcome.

    Looks that brought nothing are the account's, not the call's: one look asks for many calls.
    """
    for event in history.events:
        seen = parse_time(event.data.timing.record_seen_at or "")
        if seen is not None:
            records = counted(len(event.data.record_ids), "record")
            title = "The call log showed the call" if event.data.revision <= 1 else "The call log showed it changed"
            yield Moment(at=seen.timestamp(), sort=Sort.LOOKED, title=title, details=(f"{records}, final",))


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
            details=(f"revision {data.revision}, {'confirmed' if data.confirmed else 'from the notifications'}",),
            differences=differences(before, data) if before and data.revision > 1 else (),
        )
        before = data


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
