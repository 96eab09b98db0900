"""The history of one call as one JSON document: what the API and `scripts/explain.py --json` tell. Pure."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from runtime.deliveries.attempts import Attempt
from runtime.deliveries.destination_documents import AttemptDocument, attempt_document
from runtime.ledger import State
from runtime.showing.call_history import CallHistory, Heard
from runtime.showing.call_rows import Call, Told, of_session
from telephony import notifications
from telephony.call_outcome import Endpoint, LegOutcome
from telephony.events import CallData, CallEvent
from telephony.explanations import Explanation
from telephony.sessions import PartyState
from telephony.times import iso_ms_at, iso_ms_or_none


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
            arrived_at=iso_ms_at(heard.arrived_at),
            event_time=iso_ms_or_none(said.event_time),
            sequence=said.sequence,
            parties=tuple(map(Party.of, said.parties)),
        )


class CallDocument(Call, frozen=True, kw_only=True):
    """The whole history; `legs`, `explanation` and all that lists show are those of the revision asked for.

    `ended_at`, `record_seen_at` and `looks_again_at` are when the call was taken as ended, when its record was first
    seen as final, and when the call log is asked for it next.
    """

    account: str
    ended_at: str | None
    record_seen_at: str | None
    looks_again_at: str | None
    notifications: tuple[Notified, ...]
    parties: tuple[Party, ...]
    legs: tuple[LegOutcome, ...]
    revisions: tuple[CallEvent, ...]
    attempts: tuple[AttemptDocument, ...]
    explanation: tuple[Explanation, ...]


def state(history: CallHistory) -> State:
    """Say how far the call has come; one that goes on again is open, whatever was told of it before."""
    if history.is_open:
        return State.OPEN
    if history.resolution is not None:
        return history.resolution.state
    has_ended = history.tracked is not None and history.tracked.ended_at is not None
    return State.ENDED if has_ended or history.events else State.OPEN


def document(history: CallHistory, event: CallEvent | None, sent: Sequence[Attempt]) -> CallDocument:
    """Put the history in one document; `event` is the revision told of, `sent` are the call's attempts."""
    tracked, resolution = history.tracked, history.resolution
    return CallDocument(
        account=history.account,
        telephony_session_id=history.telephony_session_id,
        state=state(history),
        **_shown(history, event),
        ended_at=iso_ms_at(tracked.ended_at) if tracked and tracked.ended_at else None,
        record_seen_at=iso_ms_at(resolution.record_seen_at) if resolution and resolution.record_seen_at else None,
        looks_again_at=iso_ms_at(history.looks_again_at) if history.looks_again_at is not None else None,
        notifications=tuple(map(Notified.of, history.notifications)),
        parties=tuple(map(Party.of, tracked.session.parties)) if tracked else (),
        legs=event.data.legs if event else (),
        revisions=history.events,
        attempts=tuple(map(attempt_document, sent)),
        explanation=event.data.explanation if event else (),
    )


def _shown(history: CallHistory, event: CallEvent | None) -> dict[str, Any]:
    """Give what lists show of the call, from the event or, before there is one, from its notifications."""
    shown: Told | CallData | None = event.data if event else None
    if shown is None and history.tracked is not None:
        shown = of_session(history.tracked)
    if shown is None:
        return dict.fromkeys(Told.__struct_fields__) | {"from_": Endpoint(), "to": Endpoint()}
    told = {name: getattr(shown, name) for name in Told.__struct_fields__}
    return told | {"end_time": None} if state(history) is State.OPEN else told
