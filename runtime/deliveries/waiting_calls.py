"""Which calls some destination has yet to be told of, or will not be: for the lists in which people look for them."""

from enum import StrEnum
from typing import cast

from redis import Redis

from runtime import keys
from runtime.deliveries import destinations


class Trouble(StrEnum):
    """How a call can stand with a destination, other than told."""

    WAITING = "waiting"
    DEAD = "dead"


def calls(redis: Redis, trouble: Trouble) -> frozenset[str]:
    """Give the calls with events that wait to be sent (again), or with dead letters, of whatever account."""
    with redis.pipeline(transaction=False) as pipeline:
        for one in destinations.all(redis):
            pipeline.hkeys(keys.waiting(one.id) if trouble is Trouble.WAITING else keys.dead(one.id))
        found = cast("list[list[bytes]]", pipeline.execute())
    # A letter is kept by the id of its event: the call, a slash, the revision.
    return frozenset(name.decode().partition("/")[0] for names in found for name in names)
