"""Fill a server with calls as the workers would have left them, quickly: a few are derived, the rest are like them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from msgspec.structs import replace
from redis import Redis

from runtime import call_index, keys, ledger, outcome_log
from runtime.leases import Command, lease
from runtime.ledger import Resolution, State, Tracked
from telephony.call_outcome import CallOutcome, Endpoint
from telephony.events import CallEvent, Trigger, call_event
from telephony.notifications import Endpoint as Heard
from telephony.outcomes import derive
from telephony.records import CallLogRecord, Leg, PhoneParty
from telephony.sessions import PartyState, Session
from telephony.times import iso_ms

ACCOUNT: Final = "default"
RETENTION: Final = 604800.0
OPEN_CALLS: Final = 50
EXTENSIONS: Final = 40
CALLERS: Final = 700
SEARCHED: Final = 250
"""Calls of the caller who is searched for: as many among few calls as among many, so that the same is compared."""

SPAN: Final = timedelta(days=6)
_ONCE: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_TOGETHER: Final = 500
_RESULTS: Final = ("Accepted", "Accepted", "Accepted", "Voicemail", "Missed", "Call connected", "No Answer", "Busy")
_OUTBOUND: Final = 5
"""From this one of the results on calls are outbound."""


def fill(redis: Redis, count: int, *, now: datetime) -> None:
    """Keep `count` calls that are over, spread over the last days, and a few that are on."""
    with lease(redis, ACCOUNT, "track", seconds=60) as held:
        commands: list[Command] = []
        for number in range(count):
            who = searched() if number % max(1, count // SEARCHED) == 0 else caller(number)
            commands += _kept(number, who, now - SPAN * (count - number) / count)
            if len(commands) > _TOGETHER:
                held.commit(commands)
                commands = []
        for number in range(count, count + OPEN_CALLS):
            commands += _on(number, now)
        held.commit(commands)


def searched() -> str:
    """Give the number of the caller who is searched for."""
    return f"+1212555{100 + CALLERS:04}"


def caller(number: int) -> str:
    """Give the number from outside that call `number` was with; every caller calls again and again."""
    return f"+1212555{100 + number % CALLERS:04}"


def _kept(number: int, who: str, began: datetime) -> Iterator[Command]:
    session = _session(number, who, began, "Disconnected")
    event = _event(number, who, session, began)
    ended_at = (began + timedelta(seconds=42)).timestamp()
    yield from _tracked(Tracked(session, ended_at, ended_at))
    resolution = Resolution(State.RESOLVED, 1, b"12345678", ended_at + 9)
    yield ledger.write_resolution(ACCOUNT, session.id, resolution, retention=RETENTION)
    yield outcome_log.published(ACCOUNT, event, retention=RETENTION)


def _on(number: int, now: datetime) -> Iterator[Command]:
    session = _session(number, caller(number), now, "Answered")
    yield from _tracked(Tracked(session, now.timestamp()))
    yield ("ZADD", keys.open_sessions(ACCOUNT), f"{now.timestamp():.3f}", session.id)


def _tracked(record: Tracked) -> Iterator[Command]:
    yield ledger.write_tracked(ACCOUNT, record, retention=RETENTION)
    step = call_index.seen(ACCOUNT, record.session, None, heard_at=record.heard_at, retention=RETENTION)
    if step is not None:
        yield step


def _ours(number: int) -> str:
    return f"+1650555{100 + number % EXTENSIONS:04}"


def _extension(number: int) -> str:
    return f"{60200100 + number % EXTENSIONS}"


def _session(number: int, who: str, began: datetime, code: str) -> Session:
    ends: dict[str, Any] = {"from_": Heard(who, "Noor Vale"), "to": Heard(_ours(number), "Mira Holm")}
    parties = (
        PartyState("p-1-1", 6, code, direction="Outbound", seen_at=began, changed_at=began, **ends),
        PartyState("p-1-2", 5, code, direction="Inbound", extension_id=_extension(number), seen_at=began, **ends),
    )
    return Session(
        id=f"s-a0b1c2d3e4f5g{number:08x}z1",
        account_id="60200000",
        session_id=f"{575838550000 + number}",
        origin="Call",
        started_at=began,
        changed_at=began + timedelta(seconds=40),
        heard=((2, 6),),
        parties=parties,
    )


def _event(number: int, who: str, session: Session, began: datetime) -> CallEvent:
    return call_event(
        session,
        _like(_derived(number % len(_RESULTS)), number, who, session, began),
        revision=1,
        confirmed=True,
        trigger=Trigger.WEBHOOK,
        record_seen=began + timedelta(seconds=50),
        now=began + timedelta(seconds=51),
    )


def _like(outcome: CallOutcome, number: int, who: str, session: Session, began: datetime) -> CallOutcome:
    """Give the outcome of another call that went the same way."""
    ends: dict[str, Any] = {
        "from_": Endpoint(phone_number=who, raw_phone_number=who, name="Noor Vale"),
        "to": Endpoint(_ours(number), _ours(number), "Mira Holm", _extension(number)),
    }
    start = iso_ms(began)
    legs = (replace(leg, start_time=start, extension_id=_extension(number), **ends) for leg in outcome.legs)
    return replace(
        outcome,
        session_id=session.session_id,
        record_ids=(f"A{number}",),
        start_time=start,
        end_time=iso_ms(began + timedelta(seconds=40)),
        extensions=(_extension(number),),
        legs=tuple(legs),
        **ends,
    )


@cache
def _derived(kind: int) -> CallOutcome:
    """Derive the outcome of a call of each kind, once."""
    result, direction = _RESULTS[kind], "Outbound" if kind >= _OUTBOUND else "Inbound"
    leg = Leg(
        leg_type="Accept",
        result=result,
        type="Voice",
        direction=direction,
        action="Phone Call",
        start_time=_ONCE,
        duration=30,
        master=True,
        from_=PhoneParty(),
        to=PhoneParty(),
    )
    record = CallLogRecord(
        type="Voice",
        direction=direction,
        action="Phone Call",
        result=result,
        start_time=_ONCE,
        duration=40,
        from_=PhoneParty(),
        to=PhoneParty(),
        legs=(leg, replace(leg, leg_type="PstnToSip", master=False)),
    )
    return derive([record])
