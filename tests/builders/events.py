"""Build events as they leave."""

from datetime import datetime
from typing import Any

import msgspec

from telephony.conversations import Place
from telephony.endings import unfound
from telephony.events import CallEvent, Trigger, call_event
from telephony.outcomes import derive
from telephony.records import CallLogRecord
from telephony.sessions import Session
from tests.builders.call_log import a_leg, a_record, an_accept_leg
from tests.builders.notifications import DISCONNECTED, second
from tests.builders.sessions import a_session


def an_outcome(
    *records: CallLogRecord,
    session: Session | None = None,
    revision: int = 1,
    at: datetime | None = None,
    place: Place | None = None,
) -> CallEvent:
    """Build an outcome event; without more, of an inbound call that was answered."""
    return call_event(
        session or a_session(caller=DISCONNECTED, agent=DISCONNECTED),
        derive(records or (an_answered_record(),)),
        revision=revision,
        confirmed=True,
        trigger=Trigger.WEBHOOK,
        record_seen=second(40),
        place=place,
        now=at or second(41),
    )


def unresolved(session: Session, *, revision: int = 1, place: Place | None = None, now: datetime) -> CallEvent:
    """Build the event that says that no record of this call came."""
    return call_event(
        session,
        unfound(session),
        revision=revision,
        confirmed=False,
        trigger=Trigger.WEBHOOK,
        record_seen=None,
        place=place,
        now=now,
    )


def an_answered_record(**fields: Any) -> CallLogRecord:
    """Build the record of an inbound call that a phone took."""
    return a_record("Accepted", an_accept_leg(), a_leg(), **fields)


def document(event: CallEvent) -> dict[str, Any]:
    """Give the JSON document of an event, as a consumer reads it."""
    read: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return read
