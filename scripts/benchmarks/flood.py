"""Flood: what a call costs when all come at once, and how many two cores carry, beside the straightforward design."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from statistics import median
from typing import Final

import msgspec

from runtime import outcome_log
from scripts.benchmarks import baseline
from scripts.benchmarks.box_client import Box, played
from scripts.benchmarks.call_cpu import FORKING, LEGWORK, SIMPLE
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.ingest import CONNECTIONS
from scripts.benchmarks.installation import REDIS, VERIFICATION_TOKEN, Installation, legwork, name_of
from scripts.benchmarks.load import FEEDS, NO_LIMIT
from scripts.benchmarks.notification import PATH, posted
from scripts.benchmarks.options import Options
from scripts.benchmarks.posting import post
from scripts.benchmarks.published import Listener, Published, from_outcome_log
from scripts.benchmarks.straightforward.jobs import CHANNEL
from scripts.benchmarks.taken_down import listening
from scripts.benchmarks.time_scale import minute_seconds
from scripts.simulator.configuration import LIMITS, Configuration
from scripts.supervisor.watchdog import Watchdog

SPEED: Final = 10.0
ROUNDS: Final = 2
CALLS: Final = {LEGWORK: 2000, SIMPLE: 400, FORKING: 120}
"""So many that each takes some ten seconds of CPU at least."""

DEALT_A_SECOND: Final = 60.0
SILENT_SECONDS: Final = 3.0
STALLED_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5

COLUMNS: Final = (
    "design",
    "calls",
    "notifications",
    "outcomes",
    "web, ms",
    "workers, ms",
    "redis, ms",
    "all, ms",
    "calls/min on these cores",
)
REMARKS: Final = f"""\
The notifications of calls that RingCentral in a box has played before are posted as quickly as they are answered, over
{CONNECTIONS} connections; their records are there, each once, and the call log may be asked without limits. CPU of all
processes and of Redis until the last outcome is published, for each session; all waits are divided by {SPEED:g}.
calls/min     what would keep these cores busy: a minute of each, divided by the CPU of a call
"""
Heard = Callable[[], Mapping[str, Published]]


class Run(msgspec.Struct, frozen=True):
    """One design, flooded once: CPU seconds by process."""

    design: str
    calls: int
    notifications: int
    outcomes: int
    cpu: Mapping[str, float]

    def ms(self, *names: str) -> float:
        """Say how many milliseconds of these processes' CPU one call took."""
        return 1000 * sum(self.cpu[name] for name in names) / self.calls

    @property
    def all(self) -> float:
        """Milliseconds of CPU one call took altogether."""
        return self.ms(*self.cpu)


class Dealt(msgspec.Struct, frozen=True):
    """Notifications in the order in which RingCentral in a box has posted them, each with its session."""

    posted: Sequence[tuple[str, bytes]]

    def first(self, calls: int) -> "Dealt":
        """Give those of so many calls, which follow each other as closely as all of them do."""
        ids = set(list(dict.fromkeys(one for one, _ in self.posted))[:calls])
        return Dealt([(one, body) for one, body in self.posted if one in ids])

    @property
    def ids(self) -> frozenset[str]:
        """The sessions."""
        return frozenset(one for one, _ in self.posted)


def run(options: Options) -> Result:
    """Flood the designs in turn."""
    calls, rounds = (dict.fromkeys(CALLS, 20), 1) if options.quick else (CALLS, ROUNDS)
    lifted = Configuration(
        longest_call=10,
        lag=(0.5, 1.0),
        provisional_share=0.0,
        recording_share=0.0,
        limits=dict.fromkeys(LIMITS, NO_LIMIT),
        minute_seconds=minute_seconds(SPEED),
    )
    runs = []
    with Watchdog() as watchdog, played([lifted], watchdog) as (box,):
        for feed in FEEDS:  # they show what changes from now on, and these records were there before
            box.fault("forbid", endpoint=feed)
        options.say(f"flood: {max(calls.values())} calls are played and their notifications taken down")
        dealt = _dealt(box, max(calls.values()))
        for number in range(rounds):
            for design in calls if not options.quick else (LEGWORK, SIMPLE):
                options.say(f"flood: round {number + 1} of {rounds}, {design}, {calls[design]} calls")
                with _serving(design, box, watchdog) as (product, path, heard):
                    runs.append(_flooded(design, product, path, dealt.first(calls[design]), heard))
    return Result(
        benchmark="flood",
        remarks=REMARKS,
        tables=(Table("All at once", COLUMNS, tuple(_row(one) for one in runs)),),
        figures=tuple(_figures(runs)),
    )


def _dealt(box: Box, calls: int) -> Dealt:
    """Have the calls played to nobody but us."""
    with listening() as listener:
        box.subscribe(listener.url, verification_token=VERIFICATION_TOKEN)
        box.play(calls, rate=DEALT_A_SECOND, speed=SPEED)
        time.sleep(calls / DEALT_A_SECOND)
        bodies = listener.until_silent(SILENT_SECONDS)
    return Dealt([(msgspec.json.decode(body)["body"]["telephonySessionId"], body) for body in bodies])


@contextmanager
def _serving(design: str, box: Box, watchdog: Watchdog) -> Iterator[tuple[Installation, str, Heard]]:
    """Run a design while the block runs; give where notifications go, and what tells of the outcomes so far."""
    if design == LEGWORK:
        with legwork([box], SPEED, watchdog) as product:
            yield product, f"{PATH}/{name_of(0)}", _Log(product).heard
    else:
        fork = design == FORKING
        with (
            baseline.straightforward(box, SPEED, watchdog, fork=fork) as product,
            closing(Listener(product.redis, CHANNEL)) as listener,
        ):
            yield product, PATH, listener.heard


class _Log:
    """Reads on in the outcome log, from where it was read to."""

    def __init__(self, product: Installation) -> None:
        self._redis = product.redis
        self._place = "-"
        self._found: dict[str, Published] = {}

    def heard(self) -> Mapping[str, Published]:
        end = outcome_log.end(self._redis)[0]
        self._found = from_outcome_log(self._redis, self._place) | self._found
        self._place = f"({end}"
        return self._found


def _flooded(design: str, product: Installation, path: str, dealt: Dealt, heard: Heard) -> Run:
    address = product.web_address
    requests = [posted(address, path, body) for _, body in dealt.posted]
    before = product.cpu()
    post(address, requests, connections=CONNECTIONS)
    outcomes = _wait(dealt.ids, heard)
    after = product.cpu()
    return Run(design, len(dealt.ids), len(requests), outcomes, {name: after[name] - before[name] for name in after})


def _wait(wanted: Collection[str], heard: Heard) -> int:
    """Return how many of the calls have an outcome: all of them, or no more for a while."""
    known, changed = 0, time.monotonic()
    while known < len(wanted) and time.monotonic() - changed < STALLED_SECONDS:
        time.sleep(_LOOK_SECONDS)
        count = len(heard().keys() & set(wanted))
        known, changed = count, time.monotonic() if count > known else changed
    return known


def _row(one: Run) -> tuple[Cell, ...]:
    workers = [name for name in one.cpu if name not in {"web", REDIS}]
    return (
        one.design,
        one.calls,
        one.notifications,
        one.outcomes,
        one.ms("web"),
        one.ms(*workers),
        one.ms(REDIS),
        one.all,
        60_000 * 2 / one.all,
    )


def _figures(runs: Sequence[Run]) -> Iterator[Figure]:
    ours = median(one.all for one in runs if one.design == LEGWORK)
    yield Figure(name="CPU per call, all at once", value=ours, unit="ms")
    for design, least in ((SIMPLE, 25), (FORKING, 70)):
        if theirs := [one.all for one in runs if one.design == design]:
            yield Figure(name=f"{design} against it", value=median(theirs) / ours, unit="times", at_least=least)
    lost = sum(one.calls - one.outcomes for one in runs if one.design == LEGWORK)
    yield Figure(name="calls without an outcome", value=lost, at_most=0)
