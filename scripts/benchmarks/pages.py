"""The pages people look at and the list of calls, at 2,000 and at 200,000 calls in the same run, asked in turn."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from requests import Session

from runtime import keys
from scripts.benchmarks import many_calls
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import Installation, installed
from scripts.benchmarks.options import Options
from scripts.supervisor.box import local_session
from scripts.supervisor.procfile import process
from scripts.supervisor.watchdog import Watchdog

FEW, MANY = 2_000, 200_000
MOST_MS: Final = 100.0
MOST_RATIO: Final = 1.5
TOKEN: Final = "benchmark"  # noqa: S105 - of nothing
WARM_UP: Final = 5
ROUNDS: Final = 150
PAUSE_SECONDS: Final = 0.02

API, NOW, CALLS = "API", "Now", "Calls"
NUMBER: Final = many_calls.searched().removeprefix("+1")
PAGES: Final = (
    (NOW, "/"),
    (CALLS, "/calls"),
    (CALLS, f"/calls?q=({NUMBER[:3]})%20{NUMBER[3:6]}-{NUMBER[6:]}"),
    (CALLS, "/calls?outcome=voicemail&direction=Inbound"),
    (API, "/api/v1/calls"),
    (API, f"/api/v1/calls?number={NUMBER}"),
    (API, "/api/v1/calls?outcome=busy&state=resolved&limit=50"),
)
REMARKS: Final = f"""\
Two installations on one machine, `web` as the Procfile has it and an embedded server each, filled by the functions the
workers write with. The number that is searched for has {many_calls.SEARCHED} calls in both, so that a full page is
compared with a full page. Every address is asked of one and then of the other, over HTTP, one request at a time.
"""


class Asked(Struct):
    """One address, and how long its answers took (ms) with few calls and with many."""

    page: str
    path: str
    few: list[float]
    many: list[float]

    @property
    def ratio(self) -> float:
        """Compare the two at their 95th percentile."""
        return p95(self.many) / p95(self.few)


def run(options: Options) -> Result:
    """Fill both, ask both."""
    few, many, rounds = (200, 2_000, 10) if options.quick else (FEW, MANY, ROUNDS)
    web = process("web")
    with Watchdog() as watchdog, ExitStack() as stack:
        products = [stack.enter_context(installed((web,), {"ADMIN_TOKEN": TOKEN}, watchdog)) for _ in range(2)]
        for product, count in zip(products, (few, many), strict=True):
            options.say(f"pages: filling a server with {count:,} calls")
            many_calls.fill(product.redis, count, now=datetime.now(UTC))
        clients = [stack.enter_context(_logged_in(product)) for product in products]
        asked = [Asked(page, path, [], []) for page, path in PAGES]
        options.say(f"pages: asking {len(PAGES)} addresses {rounds} times each")
        for number in range(-WARM_UP, rounds):
            for one in asked:
                for product, client, times in zip(products, clients, (one.few, one.many), strict=True):
                    took = _ask(client, product.web_url + one.path)
                    if number >= 0:
                        times.append(took)
            time.sleep(PAUSE_SECONDS)
        memory = [int(product.redis.info("memory")["used_memory"]) / 2**20 for product in products]
        index = _index_bytes(products[1])
    table = Table("Milliseconds", _columns(few, many), tuple(_row(one) for one in asked))
    figures = (*_figures(asked), *_sizes(memory, index, many))
    return Result(benchmark="pages", remarks=REMARKS, tables=(table,), figures=figures)


def p95(times: list[float]) -> float:
    """Give the time that 95 of 100 did not exceed."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def _logged_in(product: Installation) -> Session:
    session = local_session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    answer = session.post(f"{product.web_url}/login", data={"password": TOKEN, "name": "benchmark"}, timeout=10)
    answer.raise_for_status()
    return session


def _ask(client: Session, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address, timeout=30, allow_redirects=False)
    took = time.perf_counter() - began
    if answer.status_code != 200:  # noqa: PLR2004 - OK
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return 1000 * took


def _index_bytes(product: Installation) -> float:
    """Measure what the index takes of Redis, for each call."""
    names = [keys.calls(many_calls.ACCOUNT), *product.redis.scan_iter(keys.calls_by(many_calls.ACCOUNT, "*", "*"))]
    size = sum(int(product.redis.memory_usage(name, samples=20) or 0) for name in names)
    return size / max(1, product.redis.zcard(names[0]))


def _columns(few: int, many: int) -> tuple[str, ...]:
    return ("page", "address", f"p50, {few:,}", f"p95, {few:,}", f"p50, {many:,}", f"p95, {many:,}", "ratio of p95")


def _row(one: Asked) -> tuple[Cell, ...]:
    times = [time for some in (one.few, one.many) for time in (sorted(some)[len(some) // 2], p95(some))]
    return (one.page, one.path, *times, one.ratio)


def _figures(asked: list[Asked]) -> Iterator[Figure]:
    for page in (NOW, CALLS, API):
        some = [one for one in asked if one.page == page]
        slowest = max(p95(one.many) for one in some)
        yield Figure(name=f"p95 of {page}, its slowest address", value=slowest, unit="ms", at_most=MOST_MS)
        yield Figure(name=f"{page}, many calls to few", value=max(one.ratio for one in some), at_most=MOST_RATIO)


def _sizes(memory: list[float], index: float, many: int) -> Iterator[Figure]:
    yield Figure(name="Redis memory with few calls", value=memory[0], unit="MiB")
    yield Figure(name=f"Redis memory with {many:,} calls", value=memory[1], unit="MiB")
    yield Figure(name="index of calls, of each call", value=index, unit="bytes")
