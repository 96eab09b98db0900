"""Build events as they are published, and publish them."""

from datetime import UTC, datetime
from typing import Any

from redis import Redis

from runtime import outcome_log
from runtime.leases import lease
from telephony import events
from telephony.events import CallEvent, Trigger
from telephony.outcomes import derive
from telephony.records import CallLogRecord
from telephony.sessions import Session
from tests.builders.call_log import SESSION, a_record

NOW = datetime(2026, 3, 2, 9, 1, tzinfo=UTC)


def an_outcome(record: CallLogRecord | None = None, **fields: Any) -> CallEvent:
    """Build what is published when the call log has told how a call ended."""
    session = fields.pop("session", None) or Session(fields.pop("telephony_session_id", SESSION))
    ordinary: dict[str, Any] = {
        "revision": 1,
        "confirmed": True,
        "trigger": Trigger.WEBHOOK,
        "record_seen": NOW,
        "now": NOW,
    }
    return events.call_event(session, derive([record or a_record()]), **ordinary | fields)


def publish(redis: Redis, *published: CallEvent, account: str = "default") -> None:
    """Publish events as the workers do."""
    with lease(redis, account, "resolve") as held:
        held.commit([outcome_log.published(account, event, retention=600) for event in published])
