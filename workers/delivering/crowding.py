"""Where so much waits for a destination that nothing new would be taken up: give up what it refused most often.

A destination that is away is left alone, and what it misses waits in the outcome log. But one that takes most events
and refuses some is sent those again for a day, and if they are many they would keep all others waiting in the end.
"""

from collections.abc import Iterator
from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.deliveries import attempts, redrive
from runtime.deliveries.waiting import REPLACED_AFTER
from runtime.leases import Command
from telephony.destinations import Destination
from workers.delivering.aftermath import letter
from workers.delivering.working_queues import WorkingQueues

TOGETHER: Final = 100
"""Calls looked at in one step."""


def given_up(
    redis: Redis, destination: Destination, queues: WorkingQueues, *, flying: set[str], now: float
) -> Iterator[Command]:
    """Make dead letters of events that were refused often and would be sent again last; they can be redriven.

    Those that are not wanted any more are not given up: nobody misses them.
    """
    rows = cast("list[bytes]", redis.zrange(keys.retries(destination.id), 0, TOGETHER - 1, desc=True))
    calls = [call for call in (row.decode() for row in rows) if call not in flying]
    queues.load(calls)
    crowd = {call: queues[call] for call in calls if any(one.attempts >= REPLACED_AFTER for one in queues[call][:1])}
    unwanted = redrive.unwanted(redis, destination, [queue[0].place for queue in crowd.values()])
    for call, (first, *others) in crowd.items():
        queues[call] = tuple(others)
        if first.place not in unwanted:
            yield attempts.buried(destination.id, letter(call, first, "crowded", now=now))
