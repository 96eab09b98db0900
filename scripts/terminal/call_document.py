"""Tell the history of one call to machines: one JSON document. Pure: a history in, bytes out."""

from datetime import UTC, datetime
from typing import Self

import msgspec

from runtime.call_history import CallHistory, Heard
from runtime.ledger import State
from scripts.terminal.call_report import state
from telephony import notifications
from telephony.call_outcome import LegOutcome
from telephony.events import CallEvent
from telephony.explanations import Explanation
from telephony.sessions import PartyState
from telephony.times import iso_ms, iso_ms_or_none


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    pass


class End(_Part, frozen=True):
    """One side of a party's call, as RingCentral wrote it."""

    phone_number: str | None
    name: str | None
    extension_id: str | None

    @classmethod
    def of(cls, end: notifications.Endpoint) -> Self:
        """Copy an end: inside, ends are written as arrays to save room."""
        return cls(end.phone_number, end.name, end.extension_id)


class Party(_Part, frozen=True):
    """A party as one notification had it, or as it was heard of last."""

    id: str
    code: str
    reason: str | None
    direction: str | None
    extension_id: str | None
    from_: End = msgspec.field(name="from")
    to: End
    peer: str | None

    @classmethod
    def of(cls, party: notifications.Party | PartyState) -> Self:
        """Take what both say of a party."""
        ends = End.of(party.from_), End.of(party.to)
        return cls(party.id, party.code, party.reason, party.direction, party.extension_id, *ends, party.peer)


class Notified(_Part, frozen=True):
    """One notification; `id` is its place in the inbox."""

    id: str
    uuid: str | None
    arrived_at: str
    event_time: str | None
    sequence: int | None
    parties: tuple[Party, ...]

    @classmethod
    def of(cls, heard: Heard) -> Self:
        """Write down one notification as it came."""
        said = heard.notification
        return cls(
            id=heard.id,
            uuid=said.uuid,
            arrived_at=_time(heard.arrived_at),
            event_time=iso_ms_or_none(said.event_time),
            sequence=said.sequence,
            parties=tuple(map(Party.of, said.parties)),
        )


class CallDocument(_Part, frozen=True):
    """The whole history; `legs` and `explanation` are those of the revision asked for."""

    account: str
    telephony_session_id: str
    state: State
    notifications: tuple[Notified, ...]
    parties: tuple[Party, ...]
    ended_at: str | None
    record_seen_at: str | None
    looks_again_at: str | None
    revisions: tuple[CallEvent, ...]
    legs: tuple[LegOutcome, ...]
    explanation: tuple[Explanation, ...]


def document(history: CallHistory, event: CallEvent | None) -> bytes:
    """Write the history as JSON; `event` is the revision whose legs and reasons are told."""
    tracked, resolution = history.tracked, history.resolution
    return msgspec.json.encode(
        CallDocument(
            account=history.account,
            telephony_session_id=history.telephony_session_id,
            state=state(history),
            notifications=tuple(map(Notified.of, history.notifications)),
            parties=tuple(map(Party.of, tracked.session.parties)) if tracked else (),
            ended_at=_time(tracked.ended_at) if tracked and tracked.ended_at else None,
            record_seen_at=_time(resolution.record_seen_at) if resolution and resolution.record_seen_at else None,
            looks_again_at=_time(history.looks_again_at) if history.looks_again_at is not None else None,
            revisions=history.events,
            legs=event.data.legs if event else (),
            explanation=event.data.explanation if event else (),
        )
    )


def _time(seconds: float) -> str:
    return iso_ms(datetime.fromtimestamp(seconds, UTC))
