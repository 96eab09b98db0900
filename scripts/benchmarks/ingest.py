"""The durable webhook route beside an empty Flask route: the same server, the same run, in turn."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from statistics import median
from typing import Final

from msgspec import Struct

from runtime import keys
from runtime.settings import DEFAULT_ACCOUNT
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import REDIS, Installation, beside_web
from scripts.benchmarks.notification import request
from scripts.benchmarks.options import Options
from scripts.benchmarks.posting import Answers, post
from scripts.supervisor.procfile import Entry
from scripts.supervisor.watchdog import Watchdog

DURABLE, EMPTY = "web", "empty"
LABELS: Final = {DURABLE: "durable", EMPTY: "empty Flask"}
PEAK, HALF, CROWD = "peak", "half of peak", "crowd"
CONNECTIONS: Final = 20
CROWDED: Final = 512
ROUNDS: Final = 5
WARM_UP_SECONDS: Final = 0.5
OK: Final = 200
WSGI_COMMAND: Final = (
    "granian --interface wsgi --factory --host 0.0.0.0 --workers 2 --blocking-threads 8 --no-ws --log-level error"
)

LOADS: Final = {PEAK: None, HALF: 25.0, CROWD: 500.0}
"""What is sent, and how many milliseconds p99 may take then; nobody promises one at the peak itself."""

COLUMNS: Final = ("route", "load", "requests/s", "p50 ms", "p99 ms", "server us", "redis us", "not 200")
REMARKS: Final = f"""\
{CONNECTIONS} connections, a notification of 1.2 kB, granian with two processes for both
routes (the Procfile's event loop for ours, eight threads for Flask), an embedded server with its append-only file on.
Empty, durable, empty, durable; medians. One process of our own makes the load
(scripts/benchmarks/posting.py) on the same machine: server, Redis and load share its cores.
peak          each connection sends again as soon as it is answered
half of peak  so many requests a second as half of the route's peak; latency from the moment a request was due
crowd         {CROWDED} connections, each of which sends again as soon as it is answered
server, redis CPU per request
"""


class Stretch(Struct, frozen=True):
    """Some seconds of load on one route."""

    route: str
    load: str
    answers: Answers
    server_us: float
    redis_us: float

    @property
    def refused(self) -> int:
        """Answers other than 200."""
        return self.answers.count - self.answers.statuses.get(OK, 0)


class Bench:
    """Both routes, running, and everything that was sent to them."""

    def __init__(self, running: Installation, addresses: dict[str, tuple[str, int]]) -> None:
        self.stretches: list[Stretch] = []
        self.acknowledged = 0
        self._running = running
        self._addresses = addresses

    def warm_up(self) -> None:
        """Let both routes import, connect and fill their caches."""
        for route in self._addresses:
            self._post(route, WARM_UP_SECONDS, None)

    def measure(self, route: str, load: str, seconds: float) -> None:
        """Load a route and note what it cost."""
        rate = self.of(route, PEAK)[-1].answers.rate / 2 if load == HALF else None
        before = self._running.cpu()
        answers = self._post(route, seconds, rate, connections=CROWDED if load == CROWD else CONNECTIONS)
        after = self._running.cpu()
        server, redis = (1e6 * (after[name] - before[name]) / answers.count for name in (route, REDIS))
        self.stretches.append(Stretch(route, load, answers, server, redis))

    def stored(self) -> int:
        """Count what is in the inbox."""
        return int(self._running.redis.xlen(keys.inbox(DEFAULT_ACCOUNT)))

    def of(self, route: str, load: str) -> Sequence[Stretch]:
        """Give the stretches of a route under a load."""
        return [one for one in self.stretches if (one.route, one.load) == (route, load)]

    def _post(self, route: str, seconds: float, rate: float | None, *, connections: int = CONNECTIONS) -> Answers:
        address = self._addresses[route]
        answers = post(address, repeat(request(address)), connections=connections, seconds=seconds, rate=rate)
        if route == DURABLE:
            self.acknowledged += answers.statuses.get(OK, 0)
        return answers


def run(options: Options) -> Result:
    """Measure both routes in turn."""
    seconds, rounds = (0.3, 1) if options.quick else (options.seconds, ROUNDS)
    with Watchdog() as watchdog, running(watchdog) as bench:
        bench.warm_up()
        for number in range(rounds):
            options.say(f"ingest: round {number + 1} of {rounds}, {2 * len(LOADS) * seconds:g} s")
            for load in LOADS:
                for route in (EMPTY, DURABLE):
                    bench.measure(route, load, seconds)
        return Result(
            benchmark="ingest",
            remarks=REMARKS,
            tables=(Table("Medians of the rounds", COLUMNS, tuple(_rows(bench))),),
            figures=tuple(_figures(bench)),
        )


@contextmanager
def running(watchdog: Watchdog) -> Iterator[Bench]:
    """Serve both routes with the Procfile's settings while the block runs."""
    with beside_web(empty, watchdog) as (product, port):
        yield Bench(product, {EMPTY: ("127.0.0.1", port), DURABLE: product.web_address})


def empty(port: int) -> Entry:
    """Give the baseline's process: the same server as `web`'s, over WSGI, which is what serves a Flask route best."""
    return under_wsgi(EMPTY, port, "scripts.benchmarks.empty:create_app")


def under_wsgi(name: str, port: int, app: str) -> Entry:
    """Give the process that serves an app with granian's threads."""
    return Entry(name, f"{WSGI_COMMAND} --port {port} {app}")


def ratio(bench: Bench) -> float:
    """Say how many requests a second the durable route takes for one of the empty route's."""
    ours, theirs = (median(one.answers.rate for one in bench.of(route, PEAK)) for route in (DURABLE, EMPTY))
    return ours / theirs


def _rows(bench: Bench) -> Iterator[tuple[Cell, ...]]:
    for load in LOADS:
        for route in (EMPTY, DURABLE):
            ran = bench.of(route, load)
            yield (
                LABELS[route],
                load,
                median(one.answers.rate for one in ran),
                median(1000 * one.answers.quantile(0.5) for one in ran),
                median(1000 * one.answers.quantile(0.99) for one in ran),
                median(one.server_us for one in ran),
                median(one.redis_us for one in ran),
                sum(one.refused for one in ran),
            )


def _figures(bench: Bench) -> Iterator[Figure]:
    yield Figure(name="requests/s, durable against empty Flask", value=ratio(bench), at_least=0.85)
    for load, most in LOADS.items():
        slow = median(1000 * one.answers.quantile(0.99) for one in bench.of(DURABLE, load))
        yield Figure(name=f"p99 of the durable route, {load}", value=slow, unit="ms", at_most=most)
    yield Figure(name="acknowledged, but not stored", value=bench.acknowledged - bench.stored(), at_most=0)
    yield Figure(name="not acknowledged", value=sum(one.refused for one in bench.stretches), at_most=0)
