"""What a step of a destination's runner decides upon, read in one round trip."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import as_seconds, stopwatch
from runtime.deliveries import destinations, redrive
from runtime.outcome_log import Entry, entries_of
from telephony.destinations import Destination, DestinationState

MOST_WAITING: Final = 10_000
"""Calls whose events failed and wait, beyond which nothing new is taken up: the rest waits in the outcome log."""

MOST_HELD: Final = 200_000
"""The same where events are held because they may change: there a quarter of an hour's calls wait without any fault."""


class View(msgspec.Struct, frozen=True):
    """What there is to do. `read_at` is what the stopwatch said at `now`; `due` are calls, `asked` places.

    `stored` is the destination as Redis has it; empty when there is none. `asked_late` is by how many seconds the first
    of the events of calls that were asked for is late. `is_crowded` says that so much waits that
    nothing new is taken up.
    """

    now: float
    read_at: float
    stored: bytes
    destination: Destination | None
    secrets: tuple[str, ...]
    entries: tuple[Entry, ...]
    due: tuple[str, ...]
    asked: tuple[str, ...]
    asked_late: float
    is_crowded: bool
    others_wait: bool

    def later(self) -> float:
        """Give the time by Redis's clock now."""
        return self.now + stopwatch() - self.read_at

    @property
    def is_active(self) -> bool:
        """Whether anything may be sent."""
        return self.destination is not None and self.destination.state is DestinationState.ACTIVE


def view(
    redis: Redis, destination_id: str, cursor: str, room: int, *, flying: int, keys_of_secrets: Sequence[str]
) -> View:
    """Read what there is to do, for at most `room` events; `flying` ones are on their way. Raises CannotOpen."""
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.hget(keys.DESTINATIONS, destination_id)
        pipeline.get(keys.secrets(destination_id))
        pipeline.hlen(keys.waiting(destination_id))
        pipeline.llen(bells.queue_key(Stage.DELIVER))
        pipeline.zrange(keys.retries(destination_id), 0, room + flying, withscores=True)
        pipeline.zrange(keys.asked(destination_id), 0, max(0, room - 1), withscores=True)
        pipeline.xrange(keys.OUTCOMES, min=f"({cursor}", max="+", count=max(1, room))
        time, text, blob, waiting, others, retries, asked, rows = pipeline.execute()
    now = as_seconds(*time)
    destination = None if text is None else msgspec.json.decode(text, type=Destination)
    is_crowded = waiting >= (MOST_HELD if destination and destination.create_only else MOST_WAITING)
    return View(
        now=now,
        read_at=stopwatch(),
        stored=text or b"",
        destination=destination,
        secrets=() if blob is None else destinations.valid_now(destinations.unsealed(blob, keys_of_secrets), now),
        entries=entries_of(rows) if room and not is_crowded else (),
        due=_due(retries, now) if room else (),
        asked=_due(asked, now) if room else (),
        asked_late=now - min((score for member, score in asked if redrive.is_of_log(member.decode())), default=now),
        is_crowded=is_crowded,
        others_wait=others > 0,
    )


def _due(rows: Any, now: float) -> tuple[str, ...]:
    return tuple(member.decode() for member, score in rows if score <= now)
