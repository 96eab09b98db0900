"""Two accounts on one installation: what a 429 storm and 5xx of the one do to the other's delays."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from msgspec import Struct

from scripts.benchmarks.box_client import Box, played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import legwork
from scripts.benchmarks.load import Load, begin, looked_at
from scripts.benchmarks.observation import HEAVY, TOO_MANY, Observation, quantile, unseen
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

CALM, STORM = "calm", "storm"
GUST_SECONDS: Final = 2.0
REFUSALS: Final[dict[str, Any]] = {"name": "rate_limit", "group": HEAVY, "seconds": 4}
ILLNESS: Final[dict[str, Any]] = {"name": "answer_status", "group": HEAVY, "status": 503}
SETTLING_SECONDS: Final = 25.0  # until the first outcomes are out, and after the last calls

COLUMNS: Final = (
    "the other account has",
    "calls",
    "p50 s",
    "p95 s",
    "not seen",
    "other's p50 s",
    "other's p95 s",
    "other's requests",
    "429s",
    "5xx",
    "sent in penalty",
)
REMARKS: Final = """\
A quiet account with 20 calls a minute and a busy one with 300, at speed 1, on the same workers. The busy one has calm
and storm in turns. In a storm its next request is, every two seconds, refused with a new penalty; later answered 503.
"""


class Plan(Struct, frozen=True):
    """What the weather is in turn, how long each time (simulated seconds), and how many calls a minute there are."""

    weathers: tuple[str, ...] = (CALM, STORM) * 3
    seconds: float = 60
    speed: float = 1
    quiet_rate: float = 20
    busy_rate: float = 300

    def load(self, rate: float, seed: int) -> Load:
        """Choose the calls of one account."""
        seconds = self.seconds * len(self.weathers) + 2 * SETTLING_SECONDS
        return Load(per_minute=rate, longest_call=10, lead_in=0, window=seconds, rest=0, speed=self.speed, seed=seed)


QUICK: Final = Plan(weathers=(CALM, STORM), seconds=25, speed=10, quiet_rate=60, busy_rate=60)


class Accounts(Struct, frozen=True):
    """What both accounts showed in one kind of weather: one observation for each time of it."""

    quiet: tuple[Observation, ...]
    busy: tuple[Observation, ...]

    def delay(self, share: float) -> float | None:
        """Give the delay that `share` of the quiet account's calls did not exceed."""
        return quantile(share, [wait for one in self.quiet for wait in one.waits()])


def run(options: Options) -> Result:
    """Measure the quiet account's delays while the other one has calm, and while it has a storm."""
    plan = QUICK if options.quick else Plan()
    options.say(f"isolation: {plan.load(1, 1).real_seconds:.0f} s")
    seen = _measured(plan)
    rows = tuple(_row(weather, accounts) for weather, accounts in seen.items())
    return Result(
        benchmark="isolation",
        remarks=REMARKS,
        tables=(Table("The quiet account", COLUMNS, rows),),
        figures=tuple(_figures(seen[CALM], seen[STORM])),
    )


def _measured(plan: Plan) -> dict[str, Accounts]:
    loads = (plan.load(plan.quiet_rate, 1), plan.load(plan.busy_rate, 2))
    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog())
        # A simulator each, as the one's work must not delay the other's.
        boxes = [stack.enter_context(played([load.configuration()], watchdog))[0] for load in loads]
        product = stack.enter_context(legwork(boxes, plan.speed, watchdog))
        for load, box in zip(loads, boxes, strict=True):
            begin(load, box)
        time.sleep(SETTLING_SECONDS / plan.speed)
        times = [(weather, *_weather(weather, plan, boxes[1])) for weather in plan.weathers]
        time.sleep(SETTLING_SECONDS / plan.speed)
        product.cpu()  # all of it still runs
        quiet, busy = looked_at(boxes, product, speed=plan.speed, begin=times[0][1], end=times[-1][2])
    return {
        weather: Accounts(
            tuple(quiet.narrowed(begin, end) for name, begin, end in times if name == weather),
            tuple(busy.narrowed(begin, end) for name, begin, end in times if name == weather),
        )
        for weather in (CALM, STORM)
    }


def _weather(weather: str, plan: Plan, box: Box) -> tuple[float, float]:
    """Let there be calm or storm for a while; give when it began and ended."""
    begun = time.time()
    end = begun + plan.seconds / plan.speed
    while (now := time.time()) < end:
        if weather == STORM:  # first of 429s, then of 5xx: a 429 comes before anything else, and would hide them
            box.fault(**(REFUSALS if now < (begun + end) / 2 else ILLNESS))
        time.sleep(min(GUST_SECONDS / plan.speed, max(0.0, end - time.time())))
    box.fault("clear")
    return begun, time.time()


def _row(weather: str, accounts: Accounts) -> tuple[Cell, ...]:
    quiet = [wait for one in accounts.quiet for wait in one.waits()]
    busy = [wait for one in accounts.busy for wait in one.waits()]
    statuses = [status for one in accounts.busy for status in one.statuses()]
    return (
        weather,
        len(quiet),
        quantile(0.5, quiet),
        quantile(0.95, quiet),
        unseen(quiet),
        quantile(0.5, busy),
        quantile(0.95, busy),
        len(statuses),
        statuses.count(TOO_MANY),
        sum(status >= 500 for status in statuses),  # noqa: PLR2004 - HTTP's number
        accounts.busy[0].during_penalty() if weather == STORM else None,
    )


def _figures(calm: Accounts, storm: Accounts) -> Iterator[Figure]:
    for share, name in ((0.5, "p50"), (0.95, "p95")):
        before, after = calm.delay(share), storm.delay(share)
        longer = None if before is None or after is None else after - before
        yield Figure(name=f"{name} of the quiet account, added by the other's storm", value=longer, unit="s", at_most=1)
