"""How a destination and its attempts are told to people's programs: by the API, and by the command with `--json`.

Stored times are seconds, told ones text in UTC like all others that leave. Every field is always there.
"""

from typing import Any

import msgspec

from runtime.deliveries.attempts import Attempt
from runtime.deliveries.backlog import Status
from telephony.destinations import Destination
from telephony.times import iso_ms_at_or_none


class AttemptDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One attempt to deliver an event. `number` counts an event's attempts from 1, `seconds` is how long it took.

    `id` is its place among those of its destination; empty where those of a call are listed. `account` is whose event
    it is: null where an earlier version noted it, and of a test.
    """

    id: str
    at: str | None
    destination_id: str
    account: str | None
    event_id: str
    telephony_session_id: str
    number: int
    verdict: str
    blame: str | None
    status: int | None
    seconds: float
    excerpt: str
    error: str | None
    next_at: str | None


class StatusDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a destination stands. `lag_seconds` is for how long the oldest event that it has not been sent is late.

    `left_alone_until` is when something is sent there again, where nearly all failed; null where that is not so.
    """

    backlog: int
    unread: int
    waiting: int
    asked: int
    dead: int
    oldest: str | None
    lag_seconds: float
    left_alone_until: str | None
    last_attempts: tuple[AttemptDocument, ...]


class DestinationDocument(Destination, frozen=True, kw_only=True, rename="camel"):
    """A destination and how it fares."""

    status: StatusDocument


def destination_document(destination: Destination, status: Status) -> DestinationDocument:
    """Tell a destination and how it fares."""
    fields: dict[str, Any] = {name: getattr(destination, name) for name in Destination.__struct_fields__}
    return DestinationDocument(**fields, status=status_document(status))


def status_document(status: Status) -> StatusDocument:
    """Tell where a destination stands."""
    return StatusDocument(
        backlog=status.backlog,
        unread=status.unread,
        waiting=status.waiting,
        asked=status.asked,
        dead=status.dead,
        oldest=iso_ms_at_or_none(status.oldest),
        lag_seconds=round(status.lag, 3),
        left_alone_until=iso_ms_at_or_none(status.left_alone_until),
        last_attempts=tuple(map(attempt_document, status.last_attempts)),
    )


def attempt_document(attempt: Attempt) -> AttemptDocument:
    """Tell an attempt."""
    return AttemptDocument(
        id=attempt.id,
        at=iso_ms_at_or_none(attempt.at),
        destination_id=attempt.destination_id,
        account=attempt.account or None,
        event_id=attempt.event_id,
        telephony_session_id=attempt.call,
        number=attempt.number,
        verdict=attempt.verdict,
        blame=attempt.blame,
        status=attempt.status,
        seconds=round(attempt.seconds, 3),
        excerpt=attempt.excerpt,
        error=attempt.error,
        next_at=iso_ms_at_or_none(attempt.next_at),
    )
