"""The events as they leave: CloudEvents 1.0 in structured JSON, with an id that is the same for the same fact.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

import msgspec

from telephony import endings
from telephony.agents import Agent, agents
from telephony.call_outcome import CallOutcome
from telephony.conversations import Place, alone
from telephony.explanations import explained
from telephony.heard_ends import with_heard_ends
from telephony.heard_times import with_heard_times
from telephony.linking import ConversationRole
from telephony.outcomes import RULES_VERSION
from telephony.sessions import Session
from telephony.times import iso_ms, iso_ms_or_none

ENDED: Final = "legwork.call.ended"
OUTCOME: Final = "legwork.call.outcome"


class Trigger(StrEnum):
    """What made us look at a call."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"
    REPLAY = "replay"
    RINGOUT = "ringout"


class Conversation(msgspec.Struct, frozen=True, rename="camel"):
    """The conversation a session is part of: the same id in all its sessions."""

    id: str
    role: ConversationRole


class Timing(msgspec.Struct, frozen=True, rename="camel"):
    """When we learned what; times as text, None where it did not happen."""

    first_event_at: str | None
    ended_at: str | None
    record_seen_at: str | None
    published_at: str


class CallData(CallOutcome, frozen=True, kw_only=True, rename="camel"):
    """The `data` of `legwork.call.ended` and `legwork.call.outcome`."""

    account_id: str | None
    telephony_session_id: str
    revision: int
    confirmed: bool
    trigger: Trigger
    origin: str | None
    linked_sessions: tuple[str, ...] = ()
    conversation: Conversation
    agents: tuple[Agent, ...] = ()
    changed: tuple[str, ...] = ()
    rules_version: str = RULES_VERSION
    timing: Timing


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every CloudEvent has around its data."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = "application/json"


class CallEvent(Envelope, frozen=True, kw_only=True):
    """A fact about how a call ended; a later revision replaces an earlier one."""

    data: CallData


def ended(session: Session, *, place: Place | None = None, now: datetime) -> CallEvent:
    """Make revision 0: the call is over, and how it ended as far as the notifications tell."""
    return call_event(
        session,
        endings.ending(session),
        revision=0,
        confirmed=False,
        trigger=Trigger.WEBHOOK,
        record_seen=None,
        place=place,
        now=now,
    )


def call_event(
    session: Session,
    outcome: CallOutcome,
    *,
    revision: int,
    confirmed: bool,
    trigger: Trigger,
    record_seen: datetime | None,
    place: Place | None = None,
    now: datetime,
) -> CallEvent:
    """Make one revision of what is known about a call; without a place it is a conversation of its own."""
    place = place or alone(session.id)
    if outcome.record_ids:  # else it tells what was heard
        outcome = with_heard_ends(with_heard_times(outcome, session), session)
    people, why = agents(session, outcome.legs)
    extensions = tuple(sorted({*outcome.extensions, *endings.extensions(session)}))
    named = (explained("extensions", extensions, "extensions-named"),) if extensions else ()
    derived = msgspec.structs.asdict(outcome) | {
        "extensions": extensions,
        "explanation": (*outcome.explanation, *named, *place.explanation, *why),
    }
    data = CallData(
        **derived,
        linked_sessions=place.others,
        agents=people,
        account_id=session.account_id,
        telephony_session_id=session.id,
        revision=revision,
        confirmed=confirmed,
        trigger=trigger,
        origin=session.origin,
        conversation=Conversation(id=place.conversation, role=place.role),
        timing=Timing(
            first_event_at=iso_ms_or_none(session.started_at),
            ended_at=iso_ms_or_none(session.changed_at) or outcome.end_time,
            record_seen_at=iso_ms_or_none(record_seen),
            published_at=iso_ms(now),
        ),
    )
    return _enveloped(data, now)


def relinked(before: CallData, place: Place, *, revision: int, now: datetime) -> CallEvent:
    """Make the revision that says the same of a call as `before`, but for its conversation."""
    others = tuple(one for one in before.explanation if one.field != _LINKED)
    data = msgspec.structs.replace(
        before,
        revision=revision,
        linked_sessions=place.others,
        conversation=Conversation(id=place.conversation, role=place.role),
        explanation=(*others, *place.explanation),
        timing=msgspec.structs.replace(before.timing, published_at=iso_ms(now)),
    )
    return with_changes(_enveloped(data, now), before)


def is_placed(before: CallData, place: Place) -> bool:
    """Say whether a revision says of its call's conversation what `place` does."""
    said = (before.conversation.id, before.conversation.role, before.linked_sessions)
    return said == (place.conversation, place.role, place.others)


def with_changes(event: CallEvent, before: CallData, also: tuple[str, ...] = ()) -> CallEvent:
    """Name in `changed` what differs from the revision before; `also` what is news this once."""
    names = (*changed(before, event.data), *also)
    return msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, changed=names))


def changed(before: CallData, after: CallData) -> tuple[str, ...]:
    """Name the fields, as they are called in the JSON, in which two revisions differ, but for those of `_NO_NEWS`."""
    return tuple(text for name, text in NEWS if getattr(before, name) != getattr(after, name))


def digest(data: CallData) -> bytes:
    """Give eight bytes that are equal for data that no consumer needs to hear about twice."""
    return hashlib.blake2b(_PACKER.encode(_WHAT_IS_NEWS(data)), digest_size=8).digest()


def encode(event: Envelope) -> bytes:
    """Write the JSON document that leaves."""
    return _ENCODER.encode(event)


def decode(document: bytes) -> CallEvent:
    """Read an ended or outcome event of ours. Raises msgspec.MsgspecError for anything else."""
    return _DECODER.decode(document)


def _enveloped(data: CallData, now: datetime) -> CallEvent:
    return CallEvent(
        id=f"{data.telephony_session_id}/{data.revision}",
        source=source(data.account_id),
        type=OUTCOME if data.revision else ENDED,
        subject=data.telephony_session_id,
        time=data.end_time or data.timing.ended_at or iso_ms(now),
        data=data,
    )


def source(account_id: str | None) -> str:
    """Say whose fact an event is, as CloudEvents names it."""
    return f"/accounts/{account_id or '~'}"


_LINKED: Final = "linkedSessions"
_NO_NEWS: Final = frozenset({"revision", "trigger", "changed", "timing", "explanation", "rules_version"})
"""Fields in which a revision may differ without anything having changed about the call."""
NEWS: Final = tuple((f.name, f.encode_name) for f in msgspec.structs.fields(CallData) if f.name not in _NO_NEWS)
"""All others, with their names in the JSON: what consumers hear about again when it changes."""
_WHAT_IS_NEWS: Final = attrgetter(*(name for name, _ in NEWS))
_PACKER: Final = msgspec.msgpack.Encoder()
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(CallEvent)
