"""What waits to be sent to a destination: for each call its events, in order, and only the first of them is sent.

The rules are pure and stand first. A call's events are kept together because order is promised per call: a later
revision waits for the earlier one, until that one has failed so often that the later takes its place.
"""

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, streams
from runtime.leases import Command

REPLACED_AFTER: Final = 3
"""Failed attempts after which an event yields to a later revision of its call, which says all it said."""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """One event that waits. `place` is where the outcome log holds it, `due` when it is sent next (seconds).

    `held` says that it waits because it may change, not because an attempt failed; `going`, which is noted only where
    each call is told of once, that it is about to be sent, or was, whatever became of that.
    """

    place: str
    event_id: str
    account: str
    revision: int
    due: float
    attempts: int = 0
    held: bool = False
    going: bool = False

    @property
    def published_at(self) -> float:
        """When it was published. Seconds since 1970."""
        return streams.added_at(self.place)

    @property
    def owed_since(self) -> float:
        """Since when it should be there: since it was published or, if it is held, since that is over. Seconds."""
        return max(self.published_at, self.due) if self.held else self.published_at


Queue = tuple[Waiting, ...]
"""The events of one call that a destination has yet to take, in the order in which they are sent."""


class Joined(msgspec.Struct, frozen=True):
    """A queue after an event came, and those whose place the event took."""

    queue: Queue
    replaced: Queue = ()


def joined(queue: Queue, new: Waiting, *, create_only: bool = False, in_flight: bool = False) -> Joined:
    """Put `new` into its call's queue.

    An event that waits already is not queued twice: it goes on where it was, but not later than `new`. With
    `create_only` there is one event in the queue, the newest; once one was going to be tried, perhaps in vain, it stays
    that one, for the receiver could not take back what it may have made of it. What is in flight is never replaced.
    """
    known = next((one for one in queue if one.event_id == new.event_id), None)
    if known is not None:
        sooner = msgspec.structs.replace(known, due=min(known.due, new.due))
        return Joined(tuple(sooner if one is known else one for one in queue))
    safe = queue[:1] if in_flight else ()
    if any(new.revision < one.revision for one in safe):
        return Joined(queue, (new,))
    if create_only:
        kept = tuple(one for one in queue if one in safe or one.attempts or one.going or one.revision > new.revision)
        return Joined(kept, (new,)) if kept else Joined((new,), queue)
    replaced = tuple(
        one for one in queue if one not in safe and one.attempts >= REPLACED_AFTER and one.revision < new.revision
    )
    kept = tuple(one for one in queue if one not in replaced)
    return Joined(tuple(sorted((*kept, new), key=lambda one: one.revision)), replaced)


def told_once(queue: Queue, *, told: int | None) -> Joined:
    """Leave one event of a call that is told of once by now, and may not have been when it came to wait.

    That is what the receiver may have made something of: the revision it was `told`, or what was tried in vain; else
    the last.
    """
    if told is not None:
        kept = tuple(one for one in queue if one.revision == told)
    else:
        kept = queue[:1] if queue[0].attempts else queue[-1:]
    going = tuple(msgspec.structs.replace(one, going=True) if one.attempts else one for one in kept)
    return Joined(going, tuple(one for one in queue if one not in kept))


def outdated(queue: Queue, later: Waiting, *, in_flight: bool = False) -> Joined:
    """Take out what waits of a call of which `later` is not wanted any more; not what was going to be tried."""
    safe = queue[:1] if in_flight else ()
    old = tuple(
        one
        for one in queue
        if not (one in safe or one.attempts or one.going)
        and (one.account == later.account and one.revision < later.revision)
    )
    return Joined(tuple(one for one in queue if one not in old), old)


def failed(queue: Queue, *, again_at: float) -> Joined:
    """Give the queue after its first event was tried in vain: tried again then, unless a later one takes its place."""
    tried = msgspec.structs.replace(queue[0], attempts=queue[0].attempts + 1, due=again_at, held=False)
    later = queue[1:]
    if tried.attempts >= REPLACED_AFTER and later:
        return Joined(later, (tried,))
    return Joined((tried, *later))


def load(redis: Redis, destination: str, calls: Sequence[str]) -> dict[str, Queue]:
    """Load the queues of these calls; a call for which nothing waits is absent."""
    if not calls:
        return {}
    blobs = cast("list[bytes | None]", redis.hmget(keys.waiting(destination), list(calls)))
    return {call: decode(blob) for call, blob in zip(calls, blobs, strict=True) if blob is not None}


def everything(redis: Redis, destination: str) -> dict[str, Queue]:
    """Load all queues of a destination."""
    found = cast("dict[bytes, bytes]", redis.hgetall(keys.waiting(destination)))
    return {call.decode(): decode(blob) for call, blob in found.items()}


def write(destination: str, call: str, queue: Queue) -> tuple[Command, ...]:
    """Give the commands that store the queue of a call."""
    if not queue:
        return ("HDEL", keys.waiting(destination), call), ("ZREM", keys.retries(destination), call)
    return (
        ("HSET", keys.waiting(destination), call, msgspec.msgpack.encode(queue)),
        ("ZADD", keys.retries(destination), f"{queue[0].due:.3f}", call),
    )


def decode(blob: bytes) -> Queue:
    """Read a stored queue."""
    return msgspec.msgpack.decode(blob, type=Queue)
