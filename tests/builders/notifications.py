"""Build what RingCentral posts, and notifications as they are read: say only what the test is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from telephony.notifications import Endpoint, Kind, Notification, Party

ACCOUNT = "60200000"
MIRA = "60200101"
TOM = "60200102"
MENU = "60200900"

MIRAS_NUMBER = "+16505550101"
CALLERS_NUMBER = "+12125550111"

CORE = "a0d17c2b55f1ez19c8b04a6f1z2f3a0110000"
SESSION_ID = f"s-{CORE}"
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

SETUP, PROCEEDING, ANSWERED, HOLD = "Setup", "Proceeding", "Answered", "Hold"
VOICEMAIL, PARKED, FAX = "VoiceMail", "Parked", "FaxReceive"
DISCONNECTED, GONE = "Disconnected", "Gone"


def second(seconds: float) -> datetime:
    """Name a moment by the seconds since the call began."""
    return BEGIN + timedelta(seconds=seconds)


def a_party(number: int = 1, code: str = SETUP, reason: str | None = None, **fields: Any) -> Party:
    """Build a party; without more it is somebody outside the account who calls Mira."""
    return Party(
        **{
            "id": f"p-{CORE}-{number}",
            "code": code,
            "reason": reason,
            "direction": "Outbound",
            "extension_id": None,
            "account_id": ACCOUNT,
            "from_": Endpoint(CALLERS_NUMBER),
            "to": Endpoint(MIRAS_NUMBER),
            "peer": None,
            "missed": False,
            "queue": False,
        }
        | fields
    )


def one_of_ours(number: int = 2, code: str = SETUP, reason: str | None = None, **fields: Any) -> Party:
    """Build a party of the account; without more it is Mira being called."""
    return a_party(number, code, reason, **{"direction": "Inbound", "extension_id": MIRA} | fields)


def a_notification(*parties: Party, sequence: int = 2, at: float | None = None, **fields: Any) -> Notification:
    """Build a notification; unless said otherwise it happened as many seconds into the call as its sequence says."""
    ordinary: dict[str, Any] = {
        "kind": Kind.TELEPHONY_SESSION,
        "uuid": "9742514861359412280",
        "event": f"/restapi/v1.0/account/{ACCOUNT}/telephony/sessions",
        "telephony_session_id": SESSION_ID,
        "session_id": "81264402011",
        "sequence": sequence,
        "event_time": second(sequence if at is None else at),
        "origin": "Call",
        "parties": parties or (a_party(),),
    }
    return Notification(**ordinary | fields)


def a_party_document(number: int = 1, code: str = SETUP, **fields: Any) -> dict[str, Any]:
    """Write a party as RingCentral does; fields are its JSON keys."""
    status = {"code": code, "rcc": False} | fields.pop("status", {})
    ends = {"to": {"phoneNumber": MIRAS_NUMBER}, "from": {"phoneNumber": CALLERS_NUMBER}}
    return {
        "accountId": ACCOUNT,
        "id": f"p-{CORE}-{number}",
        "direction": "Outbound",
        **ends,
        "status": status,
    } | fields


def a_document(*parties: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Write a notification as RingCentral does; `body` are JSON keys of its body."""
    written = {
        "sequence": 2,
        "sessionId": "81264402011",
        "telephonySessionId": SESSION_ID,
        "serverId": "10.20.30.40.LGW",
        "eventTime": "2026-03-02T09:00:02.000Z",
        "origin": {"type": "Call"},
        "parties": list(parties or (a_party_document(),)),
    }
    return {
        "uuid": "9742514861359412280",
        "event": f"/restapi/v1.0/account/{ACCOUNT}/telephony/sessions",
        "timestamp": "2026-03-02T09:00:02.062Z",
        "subscriptionId": "0f4cf0a2-6a2e-4f6b-9b0e-6f3b6d3f2a10",
        "ownerId": MIRA,
        "body": written | body,
    }


def posted(document: Any) -> bytes:
    """Write a notification, or a list of them, as the body of a request."""
    return msgspec.json.encode(document)
