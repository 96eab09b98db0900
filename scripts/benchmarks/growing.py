"""One installation with many open sessions: what a notification and an outcome cost there, and the room they take."""

import time
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Final

from msgspec import Struct, structs
from redis import Redis

from runtime import keys, outcome_log, streams
from runtime.inbox import Inbox, tracked_to
from scripts.benchmarks.box_client import Box
from scripts.benchmarks.installation import REDIS, Installation, name_of
from scripts.benchmarks.load import Load, observe
from scripts.benchmarks.observation import Observation
from scripts.benchmarks.open_sessions import OpenSessions
from scripts.benchmarks.published import from_outcome_log
from workers.tracking.changing import NOTED_SECONDS

ACCOUNT: Final = name_of(0)
TOGETHER: Final = 500  # notifications in one round trip
LOOK_SECONDS: Final = 0.02
MEMBERS_SAMPLED: Final = 200  # of each set, whose room is told from them
RESOLVING: Final = ("track", "resolve", "clock")


class Plan(Struct, frozen=True):
    """The sizes; rounds of news of so many sessions at each, `apart` seconds; a load of calls, played so often at each.

    No session has news twice while track remembers it, or while the list of open ones is exact enough: that would be
    cheaper, and would happen only where few are open.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    notifications: int = 1_000
    rounds: int = 8
    apart: float = NOTED_SECONDS + 1.0
    plays: int = 3
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
    bytes_of_index: float
    bytes_per_outcome: float | None

    @property
    def outcome(self) -> float:
        """CPU per outcome, of all together."""
        return (self.resolve or 0.0) + (self.redis or 0.0)


class Site:
    """One installation with so many sessions open."""

    def __init__(self, size: int, plan: Plan, product: Installation, box: Box) -> None:
        self.size = size
        self._plan = plan
        self._product = product
        self._redis = product.redis
        self._box = box
        self._sessions = OpenSessions(began=time.time())
        self._inbox = Inbox(product.redis, ACCOUNT)
        self._news: list[PerNotification] = []
        self._plays: list[Observation] = []
        self._before = outcome_log.end(product.redis)[0]
        self._room_empty, self._room_open, self._room_of_index = room(self._redis), 0, 0

    def open(self) -> None:
        """Open the sessions."""
        self._append([body for number in range(self.size) for body in self._sessions.beginning(number)])
        self._room_open, self._room_of_index = room(self._redis), self._index()

    def tell_news(self) -> None:
        """Have something happen in sessions all over the place, and see what it costs until all of it is folded."""
        count, told = self._plan.notifications, len(self._news)
        bodies = [self._sessions.news(place * self.size // count, told) for place in range(count)]
        self._wait_for_server()
        before, began = self._product.cpu(), time.monotonic()
        self._append(bodies)
        passed, after = time.monotonic() - began, self._product.cpu()
        track, redis = (after[name] - before[name] for name in ("track", REDIS))
        self._news.append(PerNotification(track / count, redis / count, passed / count))

    def play(self) -> None:
        """Have calls played beside the open sessions."""
        self._wait_for_server()
        seen = observe(
            self._plan.load, self._box, self._product, lambda: from_outcome_log(self._redis, f"({self._before}")
        )
        self._plays.append(seen)

    def result(self) -> Size:
        """Give what was measured: of a notification the mean, of an outcome the least of all rounds."""
        outcomes, opened = len(self._plays[-1].published), self._room_open - self._room_empty
        return Size(
            sessions=self.size,
            notification=PerNotification(*(fmean(one) for one in zip(*map(structs.astuple, self._news), strict=True))),
            resolve=_least(seen.cpu_ms(*RESOLVING) for seen in self._plays),
            redis=_least(seen.cpu_ms(REDIS) for seen in self._plays),
            bytes_per_session=(opened - self._room_of_index) / self.size,
            bytes_of_index=self._room_of_index / self.size,
            bytes_per_outcome=(room(self._redis) - self._room_open) / outcomes if outcomes else None,
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
        newest = streams.order(streams.end(self._redis, keys.inbox(ACCOUNT))[0])
        while streams.order(tracked_to(self._redis, ACCOUNT)) < newest:
            time.sleep(LOOK_SECONDS)

    def _wait_for_server(self) -> None:
        """Let the server finish the rewriting of its append-only file, which is not what is measured."""
        while self._redis.info("persistence").get("aof_rewrite_in_progress"):
            time.sleep(LOOK_SECONDS)

    def _index(self) -> int:
        """Give the bytes of the sets by which calls are found, which grow with what people look for, not with calls."""
        names = self._redis.scan_iter(match=f"{keys.calls(ACCOUNT)}*", count=10_000)
        return sum(int(self._redis.memory_usage(name, samples=MEMBERS_SAMPLED) or 0) for name in names)


def room(redis: Redis) -> int:
    """Give the bytes Redis needs for what it keeps: without the inbox, whose retention is its own, and buffers."""
    redis.xtrim(keys.inbox(ACCOUNT), maxlen=0, approximate=False)
    memory = redis.info("memory")
    buffers = ("mem_clients_normal", "mem_clients_slaves", "mem_aof_buffer")
    return int(memory["used_memory"]) - sum(int(memory.get(name, 0)) for name in buffers)


def _least(measured: Iterable[float | None]) -> float | None:
    return min((one for one in measured if one is not None), default=None)
