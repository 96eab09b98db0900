"""Slow clients: what it costs the quick ones that others send their requests byte by byte."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import repeat
from statistics import median
from typing import Final

from scripts.benchmarks.figures import Figure, Result, Table
from scripts.benchmarks.ingest import CONNECTIONS, DURABLE, OK, under_wsgi
from scripts.benchmarks.installation import START_SECONDS, beside_web
from scripts.benchmarks.notification import request
from scripts.benchmarks.options import Options
from scripts.benchmarks.posting import Answers, ConnectionLost, post
from scripts.supervisor.watchdog import Watchdog

SLOW: Final = 150
ROUNDS: Final = 3
RATE: Final = 200.0
THREADS, ALONE = "threads", "alone"
KINDS: Final = (ALONE, "slow headers", "slow bodies")
REMARKS: Final = f"""\
{RATE:g} notifications a second over {CONNECTIONS} connections to the durable route: alone, beside {SLOW} connections
that have sent half of their headers, and beside {SLOW} that have sent the right token and one byte of their body. The
Procfile's server against the same route under granian's WSGI with eight threads in each of two processes. In turn;
medians of the rounds. A dash: nothing was answered within ten seconds.
"""
Address = tuple[str, int]


def run(options: Options) -> Result:
    """Measure both servers under each kind of load, in turn."""
    seconds, rounds = (0.5, 1) if options.quick else (options.seconds, ROUNDS)
    found: dict[tuple[str, str], list[float | None]] = {}
    with Watchdog() as watchdog, _serving(watchdog) as addresses:
        for number in range(rounds):
            for server, address in addresses.items():
                for kind in KINDS:
                    options.say(f"slow-clients: round {number + 1} of {rounds}, {server}, {kind}")
                    with _slow(kind, address):
                        found.setdefault((server, kind), []).append(_p99(address, seconds))
    rows = tuple((server, *(_median(found[server, kind]) for kind in KINDS)) for server in (DURABLE, THREADS))
    table = Table("p99 of the quick ones, ms", ("server", *KINDS), rows)
    return Result(benchmark="slow-clients", remarks=REMARKS, tables=(table,), figures=tuple(_figures(found)))


@contextmanager
def _serving(watchdog: Watchdog) -> Iterator[dict[str, Address]]:
    with beside_web(lambda port: under_wsgi(THREADS, port, "web.wsgi:app"), watchdog) as (product, port):
        yield {DURABLE: product.web_address, THREADS: ("127.0.0.1", port)}


@contextmanager
def _slow(kind: str, address: Address) -> Iterator[None]:
    """Hold the slow connections open while the block runs."""
    whole = request(address)
    head = whole.index(b"\r\n\r\n") + 4
    sent = {"slow headers": whole[: head // 2], "slow bodies": whole[: head + 1]}.get(kind)
    with ExitStack() as stack:
        for _ in range(SLOW if sent else 0):
            one = stack.enter_context(socket.create_connection(address, timeout=START_SECONDS))
            one.sendall(sent or b"")
        yield


def _p99(address: Address, seconds: float) -> float | None:
    """Give the 99th percentile in milliseconds, None when not all was answered 200."""
    try:
        answers: Answers = post(address, repeat(request(address)), connections=CONNECTIONS, seconds=seconds, rate=RATE)
    except ConnectionLost:
        return None
    return 1000 * answers.quantile(0.99) if set(answers.statuses) == {OK} else None


def _median(values: list[float | None]) -> float | None:
    return None if None in values else median(value for value in values if value is not None)


def _figures(found: dict[tuple[str, str], list[float | None]]) -> Iterator[Figure]:
    alone = _median(found[DURABLE, ALONE])
    for kind in KINDS[1:]:
        beside = _median(found[DURABLE, kind])
        ratio = beside / alone if beside and alone else None
        yield Figure(name=f"p99 beside {kind} against p99 alone", value=ratio, at_most=1.5)
