"""Make calls that are over, as the workers leave them: a few are derived, the others are like them.

Each leaves its session, what became of it, its events and its places in the lists and the index of calls; where a
recording came late, one event more. What the workers forget within the hour (its records) is left out.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import call_index, ledger, outcome_log
from runtime.leases import Command, Word, lease
from runtime.ledger import Resolution, State, Tracked
from scripts.simulator.calls import Dealer
from scripts.simulator.configuration import Configuration
from scripts.simulator.notifications import notification, notification_body
from scripts.simulator.records import RecordWriter
from scripts.simulator.take import Take
from scripts.simulator.world import ACCOUNT_ID, OWNER_ID
from telephony import events, sessions
from telephony.events import CallEvent, Trigger
from telephony.notifications import CONFERENCE_SESSION_ID, Notification, read
from telephony.outcomes import derive
from telephony.records import CallLogRecord
from telephony.sessions import Session
from telephony.times import moment_at

DEALT: Final = 240
RETENTION: Final = 604800.0
SEARCHED: Final = 250
"""Calls with one number, among few calls as among many: so that the same is compared when it is searched for."""

NUMBER: Final = "12125550199"
_EVERY: Final = 4
_TOGETHER: Final = 60  # calls in one commit
_BEGAN: Final = 1_750_000_000.0
_BASE: Final = "https://platform.ringcentral.com/restapi/v1.0"


class _Template(msgspec.Struct, frozen=True):
    """One call: what will be replaced in it (ids, start, the caller's number), and the commands that keep it."""

    core: str
    session_id: str
    start: str
    number: str
    tracked: bytes
    commands: tuple[Command, ...]


class FinishedCalls:
    """Calls by number: the same number is always the same call, but for when it began."""

    def __init__(self, account: str, dealt: int = DEALT) -> None:
        self._account = account
        self._templates = [
            _template(account, take)
            for call in Dealer(Configuration()).deal(dealt)
            for place in range(len(call.sessions))
            if (take := Take(call=call, place=place, started_at=_BEGAN, speed=1.0)).session.records
        ]

    def __len__(self) -> int:
        """Say how many kinds there are: call N is of the same kind as N and so many."""
        return len(self._templates)

    def commit(self, redis: Redis, began: Sequence[float]) -> None:
        """Have the first calls committed, which began then (seconds)."""
        with lease(redis, self._account, "benchmark", seconds=60) as held:
            for first in range(0, len(began), _TOGETHER):
                together = range(first, min(first + _TOGETHER, len(began)))
                held.commit([step for one in together for step in self._kept(one, began[one])])

    def name(self, number: int) -> str:
        """Give the telephonySessionId of a call."""
        return f"s-{self.ids(number)[0]}"

    def ids(self, number: int) -> tuple[str, str]:
        """Give what is new in a call, as long and as random as RingCentral's: the core of its ids, its sessionId."""
        template = self._of(number)
        return _ids(number, template.core, template.session_id)

    def session(self, number: int) -> Command:
        """Give the command that keeps its session."""
        template = self._of(number)
        tracked = replaced(template.tracked, zip((template.core, template.session_id), self.ids(number), strict=True))
        return ledger.write_tracked(
            self._account, msgspec.msgpack.decode(cast("bytes", tracked), type=Tracked), retention=RETENTION
        )

    def _of(self, number: int) -> _Template:
        return self._templates[number % len(self._templates)]

    def _kept(self, number: int, began: float) -> Iterator[Command]:
        template = self._of(number)
        old = (template.core, template.session_id, template.start)
        pairs = list(zip(old, (*self.ids(number), f"{began:.3f}"), strict=True))
        if number % _EVERY == 0 and number < _EVERY * SEARCHED:
            pairs.append((template.number, NUMBER))
        yield self.session(number)
        for command in template.commands:
            yield tuple(replaced(word, pairs) for word in command)


@lru_cache(maxsize=1_000)
def _ids(number: int, core: str, session_id: str) -> tuple[str, str]:
    digits = hashlib.blake2b(str(number).encode()).hexdigest()
    own = session_id != CONFERENCE_SESSION_ID
    return f"c{digits[: len(core) - 1]}", str(int(digits, 16))[: len(session_id)] if own else session_id


def replaced(word: Word, pairs: Iterable[tuple[str, str]]) -> Word:
    """Put something else in the place of ids."""
    for old, new in pairs:
        word = word.replace(old, new) if isinstance(word, str) else word.replace(old.encode(), new.encode())
    return word


def _template(account: str, take: Take) -> _Template:
    session = _session(take)
    ended = session.changed_at or moment_at(_BEGAN)
    tracked = Tracked(session, ended.timestamp(), ended.timestamp() + 3)
    told = list(_events(take, session, ended))
    digest = events.digest(told[-1].data)
    seen = ended.timestamp() + 12
    resolution = Resolution(State.RESOLVED, told[-1].data.revision, digest, seen, Trigger.WEBHOOK.value)
    start = session.started_at.timestamp() if session.started_at else tracked.heard_at
    indexed = call_index.seen(account, session, None, heard_at=tracked.heard_at, retention=RETENTION)
    commands = (
        *((indexed,) if indexed else ()),
        *(outcome_log.published(account, event, retention=RETENTION) for event in told),
        ledger.write_resolution(account, session.id, resolution, retention=RETENTION),
        *ledger.listed(account, {session.id: start}),
    )
    numbers = (party.from_.phone_number for party in session.parties)
    return _Template(
        core=session.id.removeprefix("s-"),
        session_id=take.ids.session_id,
        start=f"{start:.3f}",
        number=next(filter(None, numbers), "").removeprefix("+"),
        tracked=msgspec.msgpack.encode(tracked),
        commands=commands,
    )


def _session(take: Take) -> Session:
    """Fold all notifications of a session, as track does."""
    session: Session | None = None
    for number in range(len(take.session.steps)):
        body = notification_body(take, number, ACCOUNT_ID)
        told = notification(
            body, account_id=ACCOUNT_ID, subscription_id="benchmark", owner_id=OWNER_ID, uuid="1", now=take.started_at
        )
        for item in read(msgspec.json.encode(told)):
            if isinstance(item, Notification):
                session = sessions.fold(session, item)
    if session is None:
        raise ValueError("a session of which nothing is told")
    return session


def _events(take: Take, session: Session, ended: datetime) -> Iterator[CallEvent]:
    """Give what is published of a session: its end, its outcome, and the recording if one comes late."""
    yield events.ended(session, now=ended)
    before = None
    for revision, recorded in enumerate((False, True)[: 1 + (take.recording_at is not None)], start=1):
        outcome = derive(_records(take, recorded=recorded), origin=session.origin)
        event = events.call_event(
            session,
            outcome,
            revision=revision,
            confirmed=True,
            trigger=Trigger.WEBHOOK,
            record_seen=ended,
            now=ended,
        )
        if before is None:
            yield event
        elif events.digest(before.data) != events.digest(event.data):
            yield events.with_changes(event, before.data)
        before = event


def _records(take: Take, *, recorded: bool) -> list[CallLogRecord]:
    documents = RecordWriter(_BASE, ACCOUNT_ID).final(take, recorded=recorded, now=take.record_at)
    return msgspec.json.decode(msgspec.json.encode(documents), type=list[CallLogRecord])
