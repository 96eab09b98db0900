"""What the past costs: Redis's memory for each call that is kept, and the time of everything beside more of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Final

from msgspec import Struct
from redis import Redis

from runtime import keys
from scripts.benchmarks.box_client import Box, played
from scripts.benchmarks.copied_calls import fill
from scripts.benchmarks.figures import Figure, Result, Table
from scripts.benchmarks.finished_calls import NUMBER, FinishedCalls
from scripts.benchmarks.growing import ACCOUNT, MEMBERS_SAMPLED, Plan, Site, Size, room
from scripts.benchmarks.growth import NO_SECOND_LOOKS
from scripts.benchmarks.installation import Installation, legwork
from scripts.benchmarks.load import Load
from scripts.benchmarks.options import Options
from scripts.supervisor.box import local_session
from scripts.supervisor.watchdog import Watchdog

OPEN: Final = 1_000
DEFAULT: Final = 100_000
MOST_RATIO: Final = 1.3
PREDICTED_BYTES: Final = 9_600.0
"""What docs/capacity.md says an outcome takes that is kept."""

NEAR: Final = 0.15
ROUNDS: Final = 60
KEYS_SAMPLED: Final = 400
PLAN: Final = Plan(
    notifications=3_000,
    rounds=5,
    plays=2,
    load=Load(per_minute=480, longest_call=6, lag=(2, 4), lead_in=15, window=30, rest=10),
)
QUICK: Final = Plan(
    notifications=200,
    rounds=1,
    plays=1,
    load=Load(per_minute=60, shortest_call=1, longest_call=2, lag=(1, 2), speed=6, lead_in=15, window=12, rest=0),
)
REMARKS: Final = f"""\
Calls that are over, of all the kinds the simulator plays: session, resolution, two or three events, lists, index. The
first are committed as the workers do it, the rest are copies of what these left, each under ids of its own.
{OPEN:,} calls are on beside them.
a notification, an outcome   CPU of the workers and Redis: to append and fold one; to resolve a call that is played and
                             commit its outcome. The least of several rounds
pages                        median time over HTTP, each size in turn; each page is full at every size
bytes                        of Redis's used memory, the empty server's taken off. Notifications are not in it
as played                    the same of the calls that were played, as the workers left them
The append-only file is off, for filling would measure the disk.
"""


class Page(Struct):
    """Something to ask for over HTTP, and how long the answers took (ms)."""

    name: str
    path: str
    times: list[float]


class Past:
    """One installation that keeps so many calls which are over."""

    def __init__(self, count: int, plan: Plan, product: Installation, box: Box, calls: FinishedCalls) -> None:
        self.count = count
        self._product = product
        self._redis = product.redis
        self._redis.config_set("maxmemory", 0)
        self._redis.config_set("appendonly", "no")
        empty = room(self._redis)
        fill(self._redis, ACCOUNT, calls, count, now=time.time())
        self.bytes_each = (room(self._redis) - empty) / count
        self.parts = _parts(self._redis, [calls.name(one) for one in range(0, count, max(1, count // KEYS_SAMPLED))])
        self.site = Site(min(OPEN, count), plan, product, box)
        self.site.open()
        self.pages = [
            Page("page of calls", "/api/v1/calls?limit=100", []),
            Page("page of outcomes", "/api/v1/outcomes?limit=100", []),
            Page("one call", f"/api/v1/calls/{calls.name(count // 2)}", []),
            Page("search by number", f"/api/v1/calls?number={NUMBER}&limit=100", []),
            Page("search by outcome and direction", "/api/v1/calls?outcome=busy&direction=Outbound&limit=20", []),
        ]
        self._http = local_session()
        self._http.headers["Authorization"] = "Bearer benchmark"

    def ask(self, page: Page) -> None:
        """Ask for one page."""
        began = time.perf_counter()
        self._http.get(self._product.web_url + page.path, timeout=60).raise_for_status()
        page.times.append(1000 * (time.perf_counter() - began))

    def result(self) -> Size:
        """Give what notifications and outcomes cost here; records, which live for half an hour, are not kept."""
        for some in self._redis.scan_iter(match=keys.records(ACCOUNT, "*"), count=10_000):
            self._redis.delete(some)
        return self.site.result()


def run(options: Options) -> Result:
    """Fill all, then measure them in turn, so that a noisy neighbour meets all of them."""
    most = options.outcomes or DEFAULT
    plan, sizes, rounds = (QUICK, (200, 400), 3) if options.quick else (PLAN, (1_000, most // 10, most), ROUNDS)
    calls = FinishedCalls(ACCOUNT)
    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog())
        pasts = []
        for count in sizes:
            options.say(f"retained: keeping {count:,} outcomes")
            pasts.append(stack.enter_context(_past(count, plan, calls, watchdog)))
        for number in range(plan.rounds):
            options.say(f"retained: news, round {number + 1} of {plan.rounds}")
            for past in pasts:
                past.site.tell_news()
        options.say(f"retained: pages, {rounds} times each")
        for _ in range(rounds):
            for past in pasts:
                for page in past.pages:
                    past.ask(page)
        for number in range(plan.plays):
            options.say(f"retained: calls, round {number + 1} of {plan.plays}")
            for past in pasts:
                past.site.play()
        found = [past.result() for past in pasts]
    times = _times(pasts, found)
    return Result(
        benchmark="retained",
        remarks=REMARKS,
        tables=(_table_of_times(sizes, times), _table_of_bytes(pasts, found)),
        figures=tuple(_figures(pasts, found, times)),
    )


@contextmanager
def _past(count: int, plan: Plan, calls: FinishedCalls, watchdog: Watchdog) -> Iterator[Past]:
    with (
        played([plan.load.configuration()], watchdog) as boxes,
        legwork(boxes, plan.load.speed, watchdog, **NO_SECOND_LOOKS) as product,
    ):
        yield Past(count, plan, product, boxes[0], calls)


def _times(pasts: Sequence[Past], found: Sequence[Size]) -> dict[str, list[float]]:
    """Give the milliseconds each thing took, in the order of the sizes."""
    return {
        "a notification, CPU": [1000 * one.notification.cpu for one in found],
        "an outcome, CPU": [one.outcome for one in found],
        **{page.name: [median(past.pages[place].times) for past in pasts] for place, page in enumerate(pasts[0].pages)},
    }


def _table_of_times(sizes: Sequence[int], times: Mapping[str, Sequence[float]]) -> Table:
    columns = ("milliseconds", *(f"at {one:,}" for one in sizes), "last to first")
    return Table(
        "Beside so many retained outcomes", columns, tuple((name, *row, _ratio(row)) for name, row in times.items())
    )


def _table_of_bytes(pasts: Sequence[Past], found: Sequence[Size]) -> Table:
    columns = ("retained", "bytes each", "as played", *pasts[0].parts)
    rows = (
        (past.count, past.bytes_each, size.bytes_per_outcome, *past.parts.values())
        for past, size in zip(pasts, found, strict=True)
    )
    return Table("Bytes of a retained outcome, and where they are", columns, tuple(rows))


def _figures(pasts: Sequence[Past], found: Sequence[Size], times: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    for name, row in times.items():
        yield Figure(name=f"{name}, last to first", value=_ratio(row), unit="times", at_most=MOST_RATIO)
    low, high = ((1 + by) * PREDICTED_BYTES for by in (-NEAR, NEAR))
    value = pasts[-1].bytes_each
    yield Figure(name="Redis, per retained outcome", value=value, unit="bytes", at_least=low, at_most=high)
    yield Figure(name="Redis, per outcome as played", value=found[0].bytes_per_outcome, unit="bytes")


def _ratio(row: Sequence[float]) -> float | None:
    return row[-1] / row[0] if row[0] else None


def _parts(redis: Redis, calls: Sequence[str]) -> dict[str, float]:
    """Say where the bytes of a call are, from a sample of them; Redis's own tables of keys are in no part."""
    count = redis.zcard(keys.calls(ACCOUNT))
    index = redis.scan_iter(match=f"{keys.calls(ACCOUNT)}*", count=10_000)
    return {
        "events": _size(redis, keys.OUTCOMES) / count,
        "index": sum(_size(redis, name) for name in index) / count,
        "session": _mean(redis, [keys.session(ACCOUNT, one) for one in calls]),
        "resolution": _mean(redis, [keys.resolution(ACCOUNT, one) for one in calls]),
        "revisions": _mean(redis, [keys.revisions(ACCOUNT, one) for one in calls]),
        "listed": _size(redis, keys.listed(ACCOUNT)) / count,
    }


def _mean(redis: Redis, names: Sequence[str]) -> float:
    return sum(_size(redis, name) for name in names) / len(names)


def _size(redis: Redis, name: str | bytes) -> int:
    return int(redis.memory_usage(name, samples=MEMBERS_SAMPLED) or 0)
