"""Put calls where the workers put them, without anybody having called."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from redis import Redis

from runtime import call_index, keys, ledger, outcome_log
from runtime.leases import Command, lease
from runtime.ledger import Tracked
from telephony.events import CallEvent, ended
from telephony.notifications import Endpoint
from telephony.records import PhoneParty
from telephony.sessions import Session
from tests.builders.events import an_answered_record, an_outcome
from tests.builders.notifications import MIRA, MIRAS_NUMBER, a_notification, a_party
from tests.builders.sessions import folded

ACCOUNT = "acme"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLER = "+12125550111"


def a_session_of(number: int, *, code: str = "Answered", caller: str = CALLER, **party: Any) -> Session:
    """Build the session of an inbound call; `number` names it and the minute in which it began."""
    ends = {"from_": Endpoint(caller), "to": Endpoint(MIRAS_NUMBER), "direction": "Inbound", "extension_id": MIRA}
    notification = a_notification(a_party(2, code, **{**ends, **party}), sequence=2)
    began = START + timedelta(minutes=number)
    named = msgspec.structs.replace(notification, telephony_session_id=f"s-{number:04}", event_time=began)
    return folded(named)


def an_outcome_of(number: int, *, revision: int = 1, caller: str = CALLER, **record: Any) -> CallEvent:
    """Build the outcome of such a call."""
    made = msgspec.structs.replace(
        an_answered_record(),
        **{
            "from_": PhoneParty(phone_number=caller),
            "to": PhoneParty(phone_number=MIRAS_NUMBER),
            "start_time": START + timedelta(minutes=number),
        }
        | record,
    )
    return an_outcome(made, session=a_session_of(number, code="Disconnected", caller=caller), revision=revision)


def an_end_of(number: int, **fields: Any) -> CallEvent:
    """Build the end of such a call."""
    session = a_session_of(number, code="Disconnected", **fields)
    return ended(session, now=START + timedelta(minutes=number, seconds=40))


def see(redis: Redis, *sessions: Session, account: str = ACCOUNT) -> None:
    """Keep sessions as track does, open."""
    commands: list[Command] = []
    for session in sessions:
        heard_at = session.started_at.timestamp() if session.started_at else 0.0
        step = call_index.seen(account, session, None, heard_at=heard_at, retention=600)
        commands += [step] if step else []
        commands.append(ledger.write_tracked(account, Tracked(session, heard_at), retention=600))
        commands.append(("ZADD", keys.open_sessions(account), f"{heard_at}", session.id))
    commit(redis, commands, account=account)


def publish(redis: Redis, *published: CallEvent, account: str = ACCOUNT) -> None:
    """Publish events as track and resolve do."""
    commands: list[Command] = [outcome_log.published(account, event, retention=600) for event in published]
    commands += [("ZREM", keys.open_sessions(account), event.subject) for event in published]
    commit(redis, commands, account=account)


def erase(redis: Redis, number: int, *, account: str = ACCOUNT) -> None:
    """Have the mark in the place of a call that an erased one leaves."""
    at = START.timestamp()
    mark = Tracked(Session(f"s-{number:04}"), at, at, erased=True)
    commit(redis, [ledger.write_tracked(account, mark, retention=600)], account=account)


def commit(redis: Redis, commands: Sequence[Command], *, account: str = ACCOUNT) -> None:
    """Apply commands as a stage does."""
    with lease(redis, account, "track") as held:
        held.commit(commands)
