"""Build attempts and dead letters, and keep them as the deliver stage does."""

from typing import Any

from redis import Redis

from runtime.deliveries import attempts
from runtime.deliveries.attempts import Attempt, DeadLetter
from runtime.leases import lease


def an_attempt(destination_id: str, event_id: str = "s-1/1", **fields: Any) -> Attempt:
    """Build an attempt; without more, one that was taken."""
    usual: dict[str, Any] = {
        "at": 1772442041.25,
        "destination_id": destination_id,
        "event_id": event_id,
        "call": event_id.partition("/")[0],
        "number": 1,
        "verdict": "delivered",
        "status": 204,
        "seconds": 0.0421,
    }
    return Attempt(**usual | fields)


def a_dead_letter(event_id: str, place: str, **fields: Any) -> DeadLetter:
    """Build a dead letter; without more, of an endpoint that refused for good."""
    usual: dict[str, Any] = {
        "event_id": event_id,
        "call": event_id.partition("/")[0],
        "account": "default",
        "place": place,
        "published_at": int(place.partition("-")[0]) / 1000,
        "dead_at": 1772442100.0,
        "attempts": 1,
        "because": "permanent",
        "blame": "theirs",
        "status": 400,
    }
    return DeadLetter(**usual | fields)


def keep(redis: Redis, *kept: Attempt, account: str = "default") -> None:
    """Keep attempts as deliver does."""
    with lease(redis, "dst", "deliver") as held:
        held.commit([command for one in kept for command in attempts.written(account, one, retention=600)])


def bury(redis: Redis, destination_id: str, *letters: DeadLetter) -> None:
    """Keep dead letters as deliver does."""
    with lease(redis, "dst", "deliver") as held:
        held.commit([attempts.buried(destination_id, letter) for letter in letters])
