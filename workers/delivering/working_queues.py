"""The queues of the calls that a step touches: loaded once, changed in memory, stored with the step's commit."""

from collections.abc import Iterable, Iterator

from redis import Redis

from runtime.deliveries import waiting
from runtime.deliveries.waiting import Queue
from runtime.leases import Command


class WorkingQueues:
    """A working copy of one destination's queues."""

    def __init__(self, redis: Redis, destination: str) -> None:
        self._redis = redis
        self._id = destination
        self._queues: dict[str, Queue] = {}
        self._stored: set[str] = set()  # which of them Redis has
        self._changed: set[str] = set()

    def __getitem__(self, call: str) -> Queue:
        return self._queues[call]

    def __setitem__(self, call: str, queue: Queue) -> None:
        self._queues[call] = queue
        self._changed.add(call)

    def load(self, calls: Iterable[str]) -> None:
        """Load the queues of these calls, but for those that are here."""
        missing = [call for call in calls if call not in self._queues]
        found = waiting.load(self._redis, self._id, missing)
        self._queues.update({call: found.get(call, ()) for call in missing})
        self._stored.update(found)

    def changes(self) -> Iterator[Command]:
        """Give the commands that store what changed. An event that came and went within a step costs none."""
        for call in sorted(self._changed):
            if self._queues[call] or call in self._stored:
                yield from waiting.write(self._id, call, self._queues[call])

    def forget_but(self, calls: set[str]) -> None:
        """Keep only the queues of `calls`, all changes being stored."""
        self._stored |= {call for call in self._changed if self._queues[call]}
        self._stored &= calls
        self._queues = {call: queue for call, queue in self._queues.items() if call in calls}
        self._changed.clear()
