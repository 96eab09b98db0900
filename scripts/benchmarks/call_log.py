"""Outcomes a minute, requests an outcome and delay of one busy account under RingCentral's own limits."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from scripts.benchmarks import baseline
from scripts.benchmarks.box_client import played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import legwork
from scripts.benchmarks.load import Load, observe
from scripts.benchmarks.observation import Observation, quantile, unseen
from scripts.benchmarks.options import Options
from scripts.benchmarks.published import from_outcome_log
from scripts.supervisor.watchdog import Watchdog

FEED, LIST, BASELINE = "feed", "list only", "straightforward"
MEAN_CALL: Final = 180.0
RATES: Final = ((60.0, FEED), (500.0, FEED), (1500.0, FEED), (1200.0, LIST))
FEW: Final = 600.0
FAST, SLOW = 3.0, 2.0
BASELINE_RATE: Final = 60.0
PROMISED_RATE: Final = 1000.0
"""Outcomes a minute, whenever more calls than that are played."""

COLUMNS: Final = (
    "lane",
    "calls/min",
    "speed",
    "records/min",
    "outcomes/min",
    "p50 s",
    "p95 s",
    "not seen",
    "backlog",
    "requests",
    "per outcome",
    "429s",
    "wrong",
    "machine busy, %",
)
REMARKS: Final = """\
Stock limits: 10 Heavy requests a minute, 60 s penalty. Calls of 180 s mean length (exponential), records after 8 to
12 s, every record listed mid-call already and rewritten at the end.
speed         calls, RingCentral's minute and our waits pass so many times faster; figures are converted back, so what
              cannot be told to be faster (the clock's least pause of 0.05 s, the network, the CPU) counts `speed` times
p50, p95      from the moment the record is visible to its outcome in the outcome log
not seen      calls without an outcome when the run was over
backlog       records visible at the end of the measured time whose outcome was still to come
429s          of the whole run; wrong: outcomes that were not true
"""


class Run(Struct, frozen=True):
    """One row: what was played over which lane, and what became of it."""

    lane: str
    load: Load
    seen: Observation


def run(options: Options) -> Result:
    """Measure every rate and lane, and the baseline."""
    with Watchdog() as watchdog:
        runs = list(_runs(options, watchdog))
    return Result(
        benchmark="call-log",
        remarks=REMARKS,
        tables=(Table("One account under the stock limits", COLUMNS, tuple(_row(one) for one in runs)),),
        figures=tuple(_figures(runs)),
    )


def _runs(options: Options, watchdog: Watchdog) -> Iterator[Run]:
    for per_minute, lane in _chosen(options):
        load = _load(per_minute, lane, quick=options.quick)
        options.say(
            f"call-log: {per_minute:g} calls a minute, {lane}: {load.real_seconds:.0f} s at speed {load.speed:g}"
        )
        yield Run(lane, load, measure(load, watchdog))
    load = _load(BASELINE_RATE, BASELINE, quick=options.quick)
    options.say(f"call-log: {load.per_minute:g} calls a minute, {BASELINE}: {load.real_seconds:.0f} s")
    yield Run(BASELINE, load, baseline.measure(load, watchdog))


def _chosen(options: Options) -> Sequence[tuple[float, str]]:
    if options.rates:
        return [(rate, lane) for rate in options.rates for lane in (FEED, LIST)]
    return RATES[:1] if options.quick else RATES


def _load(per_minute: float, lane: str, *, quick: bool) -> Load:
    """Choose a load. The busier, the slower time passes, so that the simulator and two cores keep up.

    A list's windows are the slower, the older the oldest call; and in an installation's first minutes the past is
    compared, which takes a feed two turns.
    """
    if quick:
        return Load(per_minute=per_minute, mean_call=10, speed=15, lead_in=30, window=30, rest=15)
    return Load(
        per_minute=per_minute,
        mean_call=MEAN_CALL,
        speed=FAST if per_minute <= FEW else SLOW,
        lead_in=(4 if lane == LIST else 2.5) * MEAN_CALL,
        window=240,
        feeds=lane != LIST,
    )


def measure(load: Load, watchdog: Watchdog) -> Observation:
    """Play a load against Legwork."""
    with played([load.configuration()], watchdog) as boxes, legwork(boxes, load.speed, watchdog) as product:
        return observe(load, boxes[0], product, lambda: from_outcome_log(product.redis))


def _row(one: Run) -> tuple[Cell, ...]:
    seen, waits = one.seen, one.seen.waits()
    return (
        one.lane,
        one.load.per_minute,
        one.load.speed,
        seen.recorded_a_minute(),
        seen.outcomes_a_minute(),
        quantile(0.5, waits),
        quantile(0.95, waits),
        unseen(waits),
        seen.backlog(seen.end),
        seen.heavy_requests(),
        seen.requests_an_outcome(),
        seen.refused(),
        seen.wrong(),
        seen.machine_busy,
    )


def _figures(runs: Sequence[Run]) -> Iterator[Figure]:
    ours = [one for one in runs if one.lane != BASELINE]
    plain = next(one.seen for one in runs if one.lane == BASELINE)
    for one in ours:
        yield from _figures_of_run(one)
    yield Figure(name="429s, all runs", value=sum(one.seen.refused() for one in ours), at_most=0)
    most = max(one.seen.outcomes_a_minute() for one in ours)
    yield Figure(name=f"outcomes/min, {BASELINE}", value=plain.outcomes_a_minute())
    if plain.outcomes():
        yield Figure(
            name=f"outcomes/min, most against {BASELINE}", value=most / plain.outcomes_a_minute(), unit="times"
        )


def _figures_of_run(one: Run) -> Iterator[Figure]:
    where, waits = f"{one.load.per_minute:g} calls/min, {one.lane}", one.seen.waits()
    if one.load.per_minute > PROMISED_RATE:
        rate = one.seen.outcomes_a_minute()
        yield Figure(name=f"outcomes/min at {where}", value=rate, at_least=PROMISED_RATE)
    if one.lane == FEED:
        yield Figure(name=f"p50 at {where}", value=quantile(0.5, waits), unit="s", at_most=4.5)
        yield Figure(name=f"p95 at {where}", value=quantile(0.95, waits), unit="s", at_most=8)
    if one.load.per_minute == 500 and one.lane == FEED:  # noqa: PLR2004 - the rate the promise is about
        yield Figure(name=f"requests/outcome at {where}", value=one.seen.requests_an_outcome(), at_most=0.02)
