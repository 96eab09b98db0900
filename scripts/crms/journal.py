"""What a CRM's journal must not show, and what ours says of the way there."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from redis import Redis

from runtime.deliveries import attempts
from scripts.crms.receiver import Arrival


def two_bodies(arrivals: Sequence[Arrival]) -> Iterator[str]:
    """Name the events that came again with another body."""
    seen: dict[str, bytes] = {}
    for one in arrivals:
        if seen.setdefault(one.event_id, one.digest) != one.digest:
            yield f"{one.event_id} came with two bodies"


def wrong_order(arrivals: Sequence[Arrival]) -> Iterator[str]:
    """Name the calls of which an earlier revision came after a later one."""
    calls: dict[str, list[int]] = {}
    for one in arrivals:
        call, _, revision = one.event_id.rpartition("/")
        calls.setdefault(call, []).append(int(revision))
    for call, revisions in calls.items():
        if any(later < earlier for earlier, later in pairwise(revisions)):
            yield f"{call} came in the order {revisions}"


def all_attempts(redis: Redis, destination: str) -> Iterator[attempts.Attempt]:
    """Give all attempts at a destination, the newest first."""
    after: str | None = None
    while True:
        page = attempts.page(redis, destination, after=after, limit=1000)
        yield from page.items
        after = page.next
        if after is None:
            return
