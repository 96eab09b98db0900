"""The time line of one call: everything that happened to it, in order. Pure: a history in, moments out."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from runtime.attempts import Attempt
from runtime.call_history import CallHistory, Heard
from telephony.events import CallData, CallEvent
from telephony.times import parse_time
from web.dashboard.writing import counted, span, words


class Sort(StrEnum):
    """What kind of thing happened; each has a mark of its own on the line."""

    HEARD = "heard"
    ENDED = "ended"
    LOOKED = "looked"
    PUBLISHED = "published"
    SENT = "sent"
    NEXT = "next"


class Difference(msgspec.Struct, frozen=True):
    """A field in which a revision differs from the one before."""

    field: str
    before: Any
    after: Any


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
    found = [*_heard(history.notifications), *_ended(history), *_looked(history), *_published(history.events)]
    found += [_sent(one, names) for one in attempts]
    if history.looks_again_at is not None:
        found.append(Moment(at=history.looks_again_at, sort=Sort.NEXT, title="Next look at the call log"))
    return tuple(sorted(found, key=lambda one: int(one.at * _SAME_TIME)))


def _heard(notifications: tuple[Heard, ...]) -> Iterator[Moment]:
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
            details=tuple(_party(party.id, party.code, party.reason) for party in said.parties),
        )


def _party(party_id: str, code: str, reason: str | None) -> str:
    because = f" ({reason})" if reason else ""
    return f"party {party_id.rpartition('-')[2]}: {code}{because}"


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
            differences=_differences(before, data) if data.revision > 1 else (),
        )
        before = data


def _differences(before: CallData | None, after: CallData) -> tuple[Difference, ...]:
    """Say what each field that changed was before, in a few words: of lists, how many."""
    if before is None:
        return tuple(Difference(name, None, None) for name in after.changed)
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return tuple(Difference(name, _brief(old.get(name)), _brief(new.get(name))) for name in after.changed)


def _brief(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values() if one is not None)
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return counted(len(value), "entry", "entries")
    return value


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
