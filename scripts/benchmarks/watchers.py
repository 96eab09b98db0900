"""Watchers: what fifty open dashboards cost the notifications."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from statistics import median
from typing import Final

from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.ingest import CONNECTIONS, DURABLE, Stretch
from scripts.benchmarks.installation import REDIS, Installation, beside_web
from scripts.benchmarks.notification import request
from scripts.benchmarks.options import Options
from scripts.benchmarks.posting import post
from scripts.supervisor.group import Group
from scripts.supervisor.procfile import Entry, process
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT

DASHBOARDS: Final = 50
EVENTS: Final = 4
ROUNDS: Final = 9
RATE: Final = 200.0
OPENED_SECONDS: Final = 4.0
"""From when the dashboards are open until the measurement: opening fifty at once is not what is measured."""

TOKEN: Final = "benchmark-watchers"  # noqa: S105 - opens nothing but this run
NOBODY, WATCHED, APART = "nobody", f"{DASHBOARDS} dashboards", f"{DASHBOARDS} at a process of their own"
KINDS: Final = (NOBODY, WATCHED, APART)
COLUMNS: Final = ("beside", "requests", "p50 ms", "p99 ms", "usual p99 ms", "web us", "redis us", "not 200", "told")
REMARKS: Final = f"""\
{RATE:g} notifications a second over {CONNECTIONS} connections, while {EVENTS} events a second are published: with
nobody watching, with {DASHBOARDS} dashboards open, and as many at a process of role `ops`, in turn, {ROUNDS} times.
p50 and p99 are of all notifications of a kind together; the usual p99 is the median of its stretches', and tells
whether a single stretch, disturbed by something else on this machine, made it.
A dashboard is a browser with *Now* open, as far as the server can see: it is told the parts that changed
(scripts/benchmarks/dashboards.py, a process that runs where nobody else would: they stand for other machines). `told`:
how often the dashboard that was told least was told in a stretch. CPU for each notification, all else included.
"""


def run(options: Options) -> Result:
    """Measure with few and many dashboards, in turn."""
    seconds, rounds = (0.5, 1) if options.quick else (2 * options.seconds, ROUNDS)
    found: dict[str, list[Stretch]] = {}
    told: dict[str, list[int]] = {kind: [] for kind in KINDS}
    with Watchdog() as watchdog, beside_web(_apart, watchdog, ADMIN_TOKEN=TOKEN) as (product, port):
        urls = {WATCHED: product.web_url, APART: f"http://127.0.0.1:{port}"}
        for number in range(rounds):
            for kind in KINDS:
                options.say(f"watchers: round {number + 1} of {rounds}, {kind}")
                with _dashboards(product, urls.get(kind), watchdog, told[kind]):
                    time.sleep(0 if options.quick else OPENED_SECONDS)
                    found.setdefault(kind, []).append(_measured(product, seconds))
    rows = tuple((*_row(kind, stretches), min(told[kind])) for kind, stretches in found.items())
    return Result(
        benchmark="watchers",
        remarks=REMARKS,
        tables=(Table("The durable route", COLUMNS, rows),),
        figures=tuple(_figures(found)),
    )


def _apart(port: int) -> Entry:
    return Entry("ops", f"env WEB_ROLE=ops {process('web').command.replace('$PORT', str(port))}")


@contextmanager
def _dashboards(product: Installation, url: str | None, watchdog: Watchdog, told: list[int]) -> Iterator[None]:
    """Have the dashboards open at `url`, or none, and events published, while the block runs; then note `told`."""
    asked = (url or product.web_url, product.redis_url, TOKEN, str(DASHBOARDS if url else 0), str(EVENTS))
    command = (sys.executable, "-m", "scripts.benchmarks.dashboards", *asked)
    group = Group(command, watchdog=watchdog, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        if group.output.readline() != b"watching\n":
            raise RuntimeError("the dashboards could not be opened")
        yield
        group.stop(grace=2)
        told.append(int(group.output.readline()))
    finally:
        group.stop(grace=2)
        group.output.close()


def _measured(product: Installation, seconds: float) -> Stretch:
    address = product.web_address
    before = product.cpu()
    answers = post(address, repeat(request(address)), connections=CONNECTIONS, seconds=seconds, rate=RATE)
    after = product.cpu()
    web, redis = (1e6 * (after[name] - before[name]) / answers.count for name in (DURABLE, REDIS))
    return Stretch(DURABLE, "", answers, web, redis)


def _row(kind: str, ran: Sequence[Stretch]) -> Iterator[Cell]:
    yield kind
    yield sum(one.answers.count for one in ran)
    yield _p(0.5, ran)
    yield _p(0.99, ran)
    yield median(1000 * one.answers.quantile(0.99) for one in ran)
    yield median(one.server_us for one in ran)
    yield median(one.redis_us for one in ran)
    yield sum(one.refused for one in ran)


def _p(share: float, ran: Sequence[Stretch]) -> float:
    """Give the milliseconds that `share` of all answers did not exceed."""
    took = sorted(latency for one in ran for latency in one.answers.latencies)
    return 1000 * took[min(len(took) - 1, int(share * len(took)))]


def _figures(found: Mapping[str, Sequence[Stretch]]) -> Iterator[Figure]:
    alone = _p(0.99, found[NOBODY])
    for kind in (WATCHED, APART):
        yield Figure(
            name=f"p99 beside {kind} against nobody watching", value=_p(0.99, found[kind]) / alone, at_most=1.2
        )
    refused = sum(one.refused for ran in found.values() for one in ran)
    yield Figure(name="not acknowledged", value=refused, at_most=0)
