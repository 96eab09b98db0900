"""The event shown in the reference: a RingOut whose callee was busy, derived as in the product."""

from datetime import UTC, datetime, timedelta
from typing import Final

from telephony.call_log import decode_record
from telephony.events import CallEvent, Trigger, call_event
from telephony.outcomes import derive
from telephony.sessions import Session

_RECORD: Final = b"""
{"id": "AGx7bPq1ZrT5vKA", "sessionId": "575838550099", "telephonySessionId": "s-a0d17c2b55f1ez19c8b04a6f1z2f3a0110000",
 "startTime": "2026-03-02T09:00:00.000Z", "duration": 41, "type": "Voice", "direction": "Outbound",
 "action": "RingOut Web", "result": "Busy", "extension": {"id": 60200101},
 "from": {"phoneNumber": "+16505550101", "name": "Gia Grant"}, "to": {"phoneNumber": "+12125550111"},
 "legs": [
  {"startTime": "2026-03-02T09:00:00.000Z", "duration": 41, "type": "Voice", "direction": "Outbound",
   "action": "RingOut Web", "result": "Call connected", "legType": "RingOutWebToCaller", "master": true,
   "from": {"phoneNumber": "+16505550101", "name": "Gia Grant"}, "to": {"phoneNumber": "+12125550111"},
   "extension": {"id": 60200101}},
  {"startTime": "2026-03-02T09:00:12.000Z", "duration": 29, "type": "Voice", "direction": "Outbound",
   "action": "RingOut Web", "result": "Busy", "legType": "RingOutWebToSubscriber",
   "from": {"phoneNumber": "+12125550111"}, "to": {"phoneNumber": "+16505550101", "name": "Gia Grant"},
   "extension": {"id": 60200101}}]}
"""


def outcome_example() -> CallEvent:
    """Make the outcome of a RingOut whose callee was busy."""
    began = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    seen = began + timedelta(seconds=52)
    session = Session(
        "s-a0d17c2b55f1ez19c8b04a6f1z2f3a0110000",
        account_id="37439510",
        origin="RingOut",
        started_at=began,
        changed_at=began + timedelta(seconds=41),
    )
    return call_event(
        session,
        derive((decode_record(_RECORD),)),
        revision=1,
        confirmed=True,
        trigger=Trigger.WEBHOOK,
        record_seen=seen,
        now=seen,
    )
