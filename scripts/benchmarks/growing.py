"""Give one installation ever more open sessions, and measure at each size what notifications and outcomes cost."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from msgspec import Struct, structs

from runtime import keys
from runtime.inbox import Inbox
from scripts.benchmarks.box_client import Box
from scripts.benchmarks.installation import REDIS, Installation, name_of
from scripts.benchmarks.load import Load, observe
from scripts.benchmarks.observation import Observation
from scripts.benchmarks.open_sessions import OpenSessions
from scripts.benchmarks.published import from_outcome_log

ACCOUNT: Final = name_of(0)
TOGETHER: Final = 500  # notifications in one round trip
LOOK_SECONDS: Final = 0.02
RESOLVING: Final = ("track", "resolve", "clock")


class Plan(Struct, frozen=True):
    """The sizes; at each: rounds of so many notifications, then a load of calls, played so often."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    notifications: int = 5_000
    rounds: int = 5
    plays: int = 2
    load: Load = Load(per_minute=480, longest_call=6, lag=(2, 4), lead_in=25, window=45, rest=15)


class PerNotification(Struct, frozen=True):
    """Seconds per notification."""

    track: float
    redis: float
    passed: float

    @property
    def cpu(self) -> float:
        """CPU seconds of both."""
        return self.track + self.redis


class Size(Struct, frozen=True):
    """What was measured with so many sessions open. CPU per outcome is in milliseconds."""

    sessions: int
    notification: PerNotification
    resolve: float | None
    redis: float | None
    bytes_per_session: float
    bytes_per_outcome: float | None

    @property
    def outcome(self) -> float:
        """CPU per outcome, of all together."""
        return (self.resolve or 0.0) + (self.redis or 0.0)


class Growth:
    """One installation that is given ever more open sessions."""

    def __init__(self, plan: Plan, product: Installation, box: Box, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._product = product
        self._redis = product.redis
        self._box = box
        self._say = say
        self._sessions = OpenSessions()
        self._inbox = Inbox(product.redis, ACCOUNT)
        self._round = 0

    def sizes(self) -> Iterator[Size]:
        """Measure at every size."""
        empty, opened, room_of_outcomes = self._room(), 0, 0.0
        for size in self._plan.sizes:
            self._say(f"growth: {size:,} open sessions")
            self._append([body for number in range(opened, size) for body in self._sessions.beginning(number)])
            opened, room = size, self._room()
            news = [self._news(size) for _ in range(self._plan.rounds)]
            before = self._room()
            seen = [self._observe() for _ in range(self._plan.plays)]
            grown, outcomes = self._room() - before, len(seen[-1].published)
            yield Size(
                sessions=size,
                notification=PerNotification(*(min(one) for one in zip(*map(structs.astuple, news), strict=True))),
                resolve=min((ms for one in seen if (ms := one.cpu_ms(*RESOLVING))), default=None),
                redis=min((ms for one in seen if (ms := one.cpu_ms(REDIS))), default=None),
                bytes_per_session=(room - empty - room_of_outcomes) / size,
                bytes_per_outcome=grown / outcomes if outcomes and not room_of_outcomes else None,
            )
            room_of_outcomes += grown

    def _observe(self) -> Observation:
        """Have calls played beside the open sessions."""
        self._wait_for_server()
        return observe(self._plan.load, self._box, self._product, lambda: from_outcome_log(self._redis))

    def _news(self, size: int) -> PerNotification:
        """Have something happen in sessions all over the place, and see what it costs until all of it is folded."""
        count = self._plan.notifications
        numbers = [number * size // count if size > count else number % size for number in range(count)]
        bodies = []
        for place, number in enumerate(numbers):
            bodies.append(self._sessions.news(number, self._round + place // size))
        self._round += 1 + count // size
        self._wait_for_server()
        before, began = self._product.cpu(), time.monotonic()
        self._append(bodies)
        passed, after = time.monotonic() - began, self._product.cpu()
        return PerNotification(
            track=(after["track"] - before["track"]) / count,
            redis=(after[REDIS] - before[REDIS]) / count,
            passed=passed / count,
        )

    def _append(self, bodies: Sequence[bytes]) -> None:
        """Store bodies in the inbox, always alike and faster than web could, and wait until track has folded them all.

        The last one is stored as web does it, so that track is rung.
        """
        for start in range(0, len(bodies) - 1, TOGETHER):
            with self._redis.pipeline(transaction=False) as pipeline:
                for body in bodies[start : min(start + TOGETHER, len(bodies) - 1)]:
                    pipeline.xadd(keys.inbox(ACCOUNT), {"body": body})
                pipeline.execute()
        self._inbox.append(bodies[-1])
        newest = cast("list[Any]", self._redis.xrevrange(keys.inbox(ACCOUNT), count=1))[0][0]
        while _place(self._redis.get(keys.inbox_cursor(ACCOUNT))) < _place(newest):
            time.sleep(LOOK_SECONDS)

    def _wait_for_server(self) -> None:
        """Let the server finish the rewriting of its append-only file, which is not what is measured."""
        while self._redis.info("persistence").get("aof_rewrite_in_progress"):
            time.sleep(LOOK_SECONDS)

    def _room(self) -> int:
        """Give the bytes Redis needs for what it keeps: without the inbox, whose retention is its own, and buffers."""
        self._redis.xtrim(keys.inbox(ACCOUNT), maxlen=0, approximate=False)
        memory = self._redis.info("memory")
        buffers = ("mem_clients_normal", "mem_clients_slaves", "mem_aof_buffer")
        return int(memory["used_memory"]) - sum(int(memory.get(name, 0)) for name in buffers)


def _place(entry_id: Any) -> tuple[int, int]:
    """Read the id of an inbox entry, so that two can be compared."""
    milliseconds, _, number = (entry_id or b"0-0").partition(b"-")
    return int(milliseconds), int(number)
