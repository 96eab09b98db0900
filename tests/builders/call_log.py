"""Build call-log records and legs for tests: say only what the test is about, the rest is an ordinary call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from telephony.records import CallLogRecord, Leg, Message

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SESSION = "s-3f0c1a77z19c8aa01b2cz0"


def after(seconds: float) -> datetime:
    """Name a moment of the call."""
    return START + timedelta(seconds=seconds)


def a_leg(leg_type: str = "PstnToSip", result: str | None = "Call connected", **fields: Any) -> Leg:
    """Build a leg; without more it is a phone that took the call."""
    return Leg(
        **{
            "leg_type": leg_type,
            "result": result,
            "type": "Voice",
            "direction": "Outbound",
            "action": "VoIP Call",
            "start_time": START,
            "duration": 30,
            "telephony_session_id": SESSION,
        }
        | fields
    )


def an_accept_leg(result: str | None = "Accepted", **fields: Any) -> Leg:
    """Build the leg by which the caller came in."""
    return a_leg("Accept", result, **{"direction": "Inbound", "action": "Phone Call", "master": True} | fields)


def a_record(result: str | None = "Accepted", *legs: Leg, **fields: Any) -> CallLogRecord:
    """Build a record; without more it is an inbound voice call."""
    return CallLogRecord(
        **{
            "id": "A1",
            "session_id": "575838550099",
            "telephony_session_id": SESSION,
            "type": "Voice",
            "direction": "Inbound",
            "action": "Phone Call",
            "result": result,
            "start_time": START,
            "duration": 40,
            "legs": legs,
        }
        | fields
    )


def a_ringout(result: str | None = "Call connected", *legs: Leg, **fields: Any) -> CallLogRecord:
    """Build the record of a RingOut."""
    return a_record(result, *legs, **{"direction": "Outbound", "action": "RingOut Web"} | fields)


def to_caller(result: str | None = "Call connected", *, family: str = "Client", **fields: Any) -> Leg:
    """Build the leg of a RingOut to the party rung first."""
    return a_leg(f"RingOut{family}ToCaller", result, **{"action": "RingOut Web", "master": True} | fields)


def to_callee(result: str | None = "Call connected", *, family: str = "Client", **fields: Any) -> Leg:
    """Build the leg of a RingOut to the party rung second."""
    return a_leg(f"RingOut{family}ToSubscriber", result, **{"action": "RingOut Web"} | fields)


def a_voicemail() -> Message:
    """Build the message that a caller left."""
    return Message(id="7700", type="VoiceMail", uri="https://platform.example/message-store/7700")


def a_page(*records: CallLogRecord | bytes, **envelope: Any) -> bytes:
    """Write records as the body of a list page; bytes go in as they are."""
    written = b",".join(one if isinstance(one, bytes) else msgspec.json.encode(one) for one in records)
    rest = msgspec.json.encode({"paging": {"page": 1, "perPage": 100}, "navigation": {}} | envelope)
    return b'{"records":[' + written + b"]," + rest[1:]
