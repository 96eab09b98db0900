"""What a notification and an outcome cost while ever more calls are on, and how much room each call takes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

from msgspec import Struct

from runtime import keys
from runtime.inbox import Inbox
from scripts.benchmarks.box_client import Box, played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import REDIS, Installation, legwork, name_of
from scripts.benchmarks.load import Load, observe
from scripts.benchmarks.open_sessions import OpenSessions
from scripts.benchmarks.options import Options
from scripts.benchmarks.published import from_outcome_log
from scripts.supervisor.watchdog import Watchdog

ACCOUNT: Final = name_of(0)
APPENDING_THREADS: Final = 24
LOOK_SECONDS: Final = 0.02
RESOLVING: Final = ("track", "resolve", "clock")
# Else the calls played at one size would be looked at again while the next one is measured.
NO_SECOND_LOOKS: Final = {"REREAD_SECONDS": "80000", "RECONCILE_SECONDS": "80000"}

COLUMNS: Final = (
    "open sessions",
    "track, us",
    "redis, us",
    "passed, us",
    "against first",
    "resolve, ms",
    "redis, ms",
    "against first",
    "bytes/session",
)
REMARKS: Final = """\
Sessions are opened by appending real notifications to the inbox, and folded by track.
track, redis, passed   CPU, and time that passed, per notification about an open session; the least of several rounds
resolve, redis         CPU of track, resolve and clock, and of Redis, per outcome of calls played beside the open ones
against first          the CPU of all of them together, against that of the first row
bytes/session          of Redis's memory, for each open session, with the inbox trimmed
Calls are not looked at a second time here, and the call log is not reconciled.
"""


class Plan(Struct, frozen=True):
    """The sizes, the notifications of one round, the rounds, and the calls played at each size."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    notifications: int = 5_000
    rounds: int = 3
    load: Load = Load(per_minute=480, longest_call=6, lag=(2, 4), lead_in=25, window=45, rest=0)


QUICK: Final = Plan(
    sizes=(200, 400),
    notifications=400,
    rounds=1,
    load=Load(per_minute=60, shortest_call=1, longest_call=2, lag=(1, 2), speed=6, lead_in=15, window=12, rest=0),
)


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


def run(options: Options) -> Result:
    """Grow from size to size, and measure at each."""
    plan = QUICK if options.quick else Plan()
    with (
        Watchdog() as watchdog,
        played([plan.load.configuration()], watchdog) as boxes,
        legwork(boxes, plan.load.speed, watchdog, **NO_SECOND_LOOKS) as product,
    ):
        sizes = list(Growth(plan, product, boxes[0], options.say).sizes())
    return Result(
        benchmark="growth",
        remarks=REMARKS,
        tables=(Table("Costs with so many sessions open", COLUMNS, tuple(_row(one, sizes[0]) for one in sizes)),),
        figures=tuple(_figures(sizes)),
    )


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
            numbers = range(opened, size)
            self._append(body for number in numbers for body in self._sessions.beginning(number))
            opened, room = size, self._room()
            notification = min((self._news(size) for _ in range(self._plan.rounds)), key=lambda one: one.cpu)
            before = self._room()
            seen = observe(self._plan.load, self._box, self._product, lambda: from_outcome_log(self._redis))
            grown, outcomes = self._room() - before, len(seen.published)
            yield Size(
                sessions=size,
                notification=notification,
                resolve=seen.cpu_ms(*RESOLVING),
                redis=seen.cpu_ms(REDIS),
                bytes_per_session=(room - empty - room_of_outcomes) / size,
                bytes_per_outcome=grown / outcomes if outcomes and not room_of_outcomes else None,
            )
            room_of_outcomes += grown

    def _news(self, size: int) -> PerNotification:
        """Have something happen in sessions all over the place, and see what it costs until all of it is folded."""
        count = self._plan.notifications
        numbers = [number * size // count if size > count else number % size for number in range(count)]
        bodies = []
        for place, number in enumerate(numbers):
            bodies.append(self._sessions.news(number, self._round + place // size))
        self._round += 1 + count // size
        before, began = self._product.cpu(), time.monotonic()
        self._append(bodies)
        passed, after = time.monotonic() - began, self._product.cpu()
        return PerNotification(
            track=(after["track"] - before["track"]) / count,
            redis=(after[REDIS] - before[REDIS]) / count,
            passed=passed / count,
        )

    def _append(self, bodies: Iterable[bytes]) -> None:
        """Store bodies in the inbox as web does, from several threads, and wait until track has folded them all."""
        with ThreadPoolExecutor(APPENDING_THREADS) as threads:
            for chunk in _chunks(bodies, 10_000):
                list(threads.map(self._inbox.append, chunk))
        newest = cast("list[Any]", self._redis.xrevrange(keys.inbox(ACCOUNT), count=1))
        while newest and self._redis.get(keys.inbox_cursor(ACCOUNT)) != newest[0][0]:
            time.sleep(LOOK_SECONDS)

    def _room(self) -> int:
        """Give the bytes Redis needs for what it keeps: without the inbox, whose retention is its own, and buffers."""
        self._redis.xtrim(keys.inbox(ACCOUNT), maxlen=0, approximate=False)
        memory = self._redis.info("memory")
        buffers = ("mem_clients_normal", "mem_clients_slaves", "mem_aof_buffer")
        return int(memory["used_memory"]) - sum(int(memory.get(name, 0)) for name in buffers)


def _chunks(bodies: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for body in bodies:
        chunk.append(body)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk


def _row(one: Size, first: Size) -> tuple[Cell, ...]:
    micro = 1e6
    return (
        one.sessions,
        one.notification.track * micro,
        one.notification.redis * micro,
        one.notification.passed * micro,
        one.notification.cpu / first.notification.cpu,
        one.resolve,
        one.redis,
        one.outcome / first.outcome if first.outcome else None,
        one.bytes_per_session,
    )


def _figures(sizes: Sequence[Size]) -> Iterator[Figure]:
    notifications = [one.notification.cpu for one in sizes]
    outcomes = [one.outcome for one in sizes if one.outcome]
    spread = max(notifications) / min(notifications)
    yield Figure(name="cost per notification, most against least", value=spread, unit="times", at_most=1.3)
    if outcomes:
        spread = max(outcomes) / min(outcomes)
        yield Figure(name="cost per outcome, most against least", value=spread, unit="times", at_most=1.3)
    room = sizes[-1].bytes_per_session
    yield Figure(name="Redis, per open session", value=room, unit="bytes", at_most=400)
    yield Figure(name="Redis, per retained outcome", value=sizes[0].bytes_per_outcome, unit="bytes")
