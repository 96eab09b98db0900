"""Publish events as the workers do."""

from redis import Redis

from runtime import outcome_log
from runtime.leases import lease
from telephony.events import CallEvent
from telephony.records import CallLogRecord
from telephony.sessions import Session
from tests.builders.events import an_outcome


def outcome_of(telephony_session_id: str, *records: CallLogRecord) -> CallEvent:
    """Build the outcome of the call with this id."""
    return an_outcome(*records, session=Session(telephony_session_id))


def publish(redis: Redis, *published: CallEvent, account: str = "default", deliver: bool = True) -> None:
    """Publish events as the workers do."""
    with lease(redis, account, "resolve") as held:
        held.commit([outcome_log.published(account, event, retention=600, deliver=deliver) for event in published])
