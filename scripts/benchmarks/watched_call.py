"""The events that watchers are shown: outcomes of calls between people who do not exist."""

import os
import time
from datetime import UTC, datetime

from telephony.events import CallEvent, Trigger, call_event
from telephony.outcomes import derive
from telephony.records import CallLogRecord, PhoneParty
from telephony.sessions import Session


def event(number: int) -> CallEvent:
    """Make the outcome of one call that ended just now."""
    now = datetime.now(UTC)
    record = CallLogRecord(
        id=f"R{os.getpid()}-{number}",
        direction="Inbound",
        result=("Accepted", "Missed", "Voicemail", "Busy")[number % 4],
        start_time=now,
        duration=12,
        from_=PhoneParty(phone_number="+12125550111", name="Some Caller"),
        to=PhoneParty(phone_number="+16505550101", name="Mira Example"),
    )
    session = Session(f"s-watched-{os.getpid()}-{int(time.time())}-{number}", started_at=now, changed_at=now)
    return call_event(
        session, derive((record,)), revision=1, confirmed=True, trigger=Trigger.WEBHOOK, record_seen=now, now=now
    )
