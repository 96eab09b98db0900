"""Moments as RingCentral writes them: ISO 8601 in UTC with milliseconds and a Z."""

from datetime import UTC, datetime


def written(moment: float) -> str:
    """Write a POSIX time."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def read(text: str) -> float:
    """Read what `written` writes, or any ISO 8601 time; without a zone it is UTC. Raise ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
