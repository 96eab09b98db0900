"""CPU of one call from the stored notification to the published outcome, beside the straightforward design's."""

from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Final

from msgspec import Struct, structs

from scripts.benchmarks import baseline, call_log
from scripts.benchmarks.figures import Cell, Figure, Result, Table, shown
from scripts.benchmarks.installation import REDIS
from scripts.benchmarks.load import Load
from scripts.benchmarks.observation import Observation
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

LEGWORK, SIMPLE, FORKING = "legwork", "straightforward", "straightforward, forking"
AFTER: Final = {
    LEGWORK: ("track", "resolve", "clock"),
    SIMPLE: baseline.WORKERS,
    FORKING: baseline.WORKERS,
}
"""The processes that work once a notification is stored. Upkeep works by the hour, deliver for whoever is told."""

COLUMNS: Final = (
    "design",
    "calls/min",
    "outcomes",
    "after, ms",
    "of it, ms",
    "redis, ms",
    "web, ms",
    "all, ms",
    "machine busy, %",
)
REMARKS: Final = """\
Speed 1, calls of 2 to 10 s (CPU per call does not depend on their length), about 7 notifications a call.
after         track, resolve and clock; of the straightforward design: its two RQ workers
all           after, web, deliver, upkeep and the Redis server
The straightforward design is measured with RingCentral's limits lifted, or it would finish ten calls a minute; and at
the rate its design keeps up with. Ratios are of the means of all rounds.
"""


class Run(Struct, frozen=True):
    """One round of one design."""

    design: str
    load: Load
    seen: Observation

    def after(self) -> float | None:
        """Say how many milliseconds one call took after its notifications were stored."""
        return self.seen.cpu_ms(*AFTER[self.design])

    def all(self) -> float | None:
        """Say how many milliseconds one call took altogether."""
        return self.seen.cpu_ms(*self.seen.cpu)


def run(options: Options) -> Result:
    """Measure the designs in turn, twice, so that a noisy neighbour meets all of them."""
    with Watchdog() as watchdog:
        runs = [_measured(design, options, watchdog) for design in _order(quick=options.quick)]
    return Result(
        benchmark="call-cpu",
        remarks=REMARKS,
        tables=(Table("CPU per call", COLUMNS, tuple(_row(one) for one in runs)),),
        figures=tuple(_figures(runs)),
    )


def _order(*, quick: bool) -> Sequence[str]:
    return (LEGWORK, SIMPLE) if quick else (LEGWORK, SIMPLE, FORKING) * 2


def _measured(design: str, options: Options, watchdog: Watchdog) -> Run:
    load = _load(design, quick=options.quick)
    options.say(f"call-cpu: {design}, {load.per_minute:g} calls a minute: {load.real_seconds:.0f} s")
    if design == LEGWORK:
        return Run(design, load, call_log.measure(load, watchdog))
    return Run(design, load, baseline.measure(load, watchdog, fork=design == FORKING))


def _load(design: str, *, quick: bool) -> Load:
    rate = {LEGWORK: 500.0, SIMPLE: 120.0, FORKING: 60.0}[design]
    ours = design == LEGWORK
    if quick:
        load = Load(per_minute=60, shortest_call=1, longest_call=2, lag=(1, 2), speed=5, lead_in=10, window=15, rest=0)
        return structs.replace(load, limited=ours)
    return Load(per_minute=rate, longest_call=10, lead_in=35, window=90 if ours else 60, rest=0, limited=ours)


def _row(one: Run) -> tuple[Cell, ...]:
    return (
        one.design,
        one.load.per_minute,
        one.seen.outcomes(),
        one.after(),
        _split(one),
        one.seen.cpu_ms(REDIS),
        one.seen.cpu_ms("web"),
        one.all(),
        one.seen.machine_busy,
    )


def _split(one: Run) -> str:
    """Name the processes that `after` is made of, and what each of them took."""
    return ", ".join(f"{name} {shown(one.seen.cpu_ms(name))}" for name in AFTER[one.design])


def _figures(runs: Sequence[Run]) -> Iterator[Figure]:
    ours_after, ours_all = _mean(runs, LEGWORK)
    yield Figure(name="CPU per call after the notification is stored", value=ours_after, unit="ms", at_most=1)
    for design in (SIMPLE, FORKING):
        after, everything = _mean(runs, design)
        if ours_after and ours_all and after and everything:
            least = 30 if design == SIMPLE else None
            yield Figure(name=f"{design} against it", value=after / ours_after, unit="times", at_least=least)
            yield Figure(name=f"{design}, with web and Redis", value=everything / ours_all, unit="times")


def _mean(runs: Sequence[Run], design: str) -> tuple[float | None, float | None]:
    """Give the means of a design's rounds: after storing, and altogether."""
    rounds = [(one.after(), one.all()) for one in runs if one.design == design]
    whole = [(after, everything) for after, everything in rounds if after is not None and everything is not None]
    return (mean(after for after, _ in whole), mean(everything for _, everything in whole)) if whole else (None, None)
