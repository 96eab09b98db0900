"""How a destination and its attempts are told to people's programs: by the API, and by the command with `--json`.

Stored times are seconds, told ones text in UTC like all others that leave. Every field is always there.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from runtime.attempts import Attempt
from runtime.backlog import Status
from telephony.destinations import Destination
from telephony.times import iso_ms


def destination_document(destination: Destination, status: Status) -> dict[str, Any]:
    """Tell a destination and how it fares."""
    document: dict[str, Any] = msgspec.to_builtins(destination)
    return document | {"status": status_document(status)}


def status_document(status: Status) -> dict[str, Any]:
    """Tell where a destination stands. `lagSeconds` is the age of the oldest event that it has not been sent."""
    return {
        "backlog": status.backlog,
        "unread": status.unread,
        "waiting": status.waiting,
        "asked": status.asked,
        "dead": status.dead,
        "oldest": _time(status.oldest),
        "lagSeconds": round(status.lag, 3),
        "lastAttempts": [attempt_document(one) for one in status.last_attempts],
    }


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """Tell an attempt."""
    return {
        "id": attempt.id,
        "at": _time(attempt.at),
        "eventId": attempt.event_id,
        "telephonySessionId": attempt.call,
        "number": attempt.number,
        "verdict": attempt.verdict,
        "blame": attempt.blame,
        "status": attempt.status,
        "seconds": round(attempt.seconds, 3),
        "excerpt": attempt.excerpt,
        "error": attempt.error,
        "nextAt": _time(attempt.next_at),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_ms(datetime.fromtimestamp(seconds, UTC))
