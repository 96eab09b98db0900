"""Few calls: how soon each one's outcome is there, and how many requests it takes when nobody shares them."""

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from scripts.benchmarks.box_client import played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import legwork
from scripts.benchmarks.load import Load, begin_in_turn, looked_at
from scripts.benchmarks.observation import Observation, Wait, quantile, unseen
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

STEADY, WIDE = (15.0, 16.0), (15.0, 20.0)  # as RingCentral says; never before SETTLE_SECONDS, when nobody looks yet
LAST_SECONDS: Final = 15.0  # what became visible just before the end is not judged
COLUMNS: Final = (
    "calls/min",
    "record after, s",
    "speed",
    "accounts",
    "outcomes",
    "until outcome",
    "later",
    "p50 s",
    "p95 s",
    "learned: calls",
    "until outcome",
    "p50 s",
    "p95 s",
    "not seen",
    "429s",
)
REMARKS: Final = """\
Several accounts at once, each with its own simulator, limits and budget: as many samples in less time.
until outcome   requests to the call log while the call waited for its outcome, per outcome
later           all others: re-reads and reconciliation, per outcome
learned         of the second half of the time, when the account's usual lag is known
"""


class Kind(Struct, frozen=True):
    """Some accounts that are alike. `every` is the simulated time from one call to the next."""

    every: float
    lag: tuple[float, float]
    accounts: int

    @property
    def per_minute(self) -> float:
        """Say how many calls a minute there are."""
        return 60 / self.every


class Plan(Struct, frozen=True):
    """Kinds of accounts measured together; `seconds` are real ones."""

    speed: float
    seconds: float
    kinds: tuple[Kind, ...]


PLANS: Final = (
    Plan(
        speed=5,
        seconds=490,
        kinds=(Kind(600, STEADY, 10), Kind(600, WIDE, 10)),
    ),
    Plan(
        speed=2,
        seconds=300,
        kinds=(Kind(60, STEADY, 6), Kind(60, WIDE, 6), Kind(10, STEADY, 2), Kind(10, WIDE, 2)),
    ),
)
QUICK: Final = (Plan(speed=12, seconds=11, kinds=(Kind(20, STEADY, 1), Kind(10, WIDE, 1))),)


class Seen(Struct, frozen=True):
    """What became of the calls of one kind: one observation for each account."""

    kind: Kind
    speed: float
    accounts: tuple[Observation, ...]

    def outcomes(self) -> int:
        """Count the outcomes."""
        return sum(one.outcomes() for one in self.accounts)

    def learned(self) -> "Seen":
        """Give the same of the second half of the time."""
        return Seen(self.kind, self.speed, tuple(_second_half(one) for one in self.accounts))

    def until_outcome(self) -> float | None:
        """Say how many requests an outcome took until it was there."""
        outcomes = self.outcomes()
        return sum(one.requests_until_outcome() for one in self.accounts) / outcomes if outcomes else None

    def later(self) -> float | None:
        """Say how many requests per outcome were for anything else."""
        until, outcomes = self.until_outcome(), self.outcomes()
        return None if until is None else sum(one.heavy_requests() for one in self.accounts) / outcomes - until

    def waits(self) -> list[Wait]:
        """Give the waits of all calls."""
        return [wait for one in self.accounts for wait in one.waits()]


def run(options: Options) -> Result:
    """Measure all kinds."""
    with Watchdog() as watchdog:
        seen = [one for plan in (QUICK if options.quick else PLANS) for one in _measured(plan, options, watchdog)]
    return Result(
        benchmark="lone-calls",
        remarks=REMARKS,
        tables=(Table("Accounts with few calls", COLUMNS, tuple(_row(one) for one in seen)),),
        figures=tuple(_figures(seen)),
    )


def _measured(plan: Plan, options: Options, watchdog: Watchdog) -> Iterator[Seen]:
    kinds = [kind for kind in plan.kinds for _ in range(kind.accounts)]
    loads = [_load(kind, plan, seed) for seed, kind in enumerate(kinds, start=1)]
    options.say(f"lone-calls: {len(loads)} accounts at speed {plan.speed:g}: {plan.seconds:.0f} s")
    configurations = [load.configuration() for load in loads]
    with played(configurations, watchdog) as boxes, legwork(boxes, plan.speed, watchdog) as product:
        begun = time.time()
        # Spread out: it is not the contention between accounts that is measured.
        begin_in_turn(loads, boxes, pause=min(kind.every for kind in kinds) / plan.speed / len(boxes))
        time.sleep(max(0.0, begun + plan.seconds - time.time()))
        product.cpu()  # all of it still runs
        ended = time.time() - LAST_SECONDS / plan.speed
        accounts = looked_at(boxes, product, speed=plan.speed, begin=begun, end=ended)
    for kind, found in groupby(zip(kinds, accounts, strict=True), key=lambda pair: pair[0]):
        yield Seen(kind, plan.speed, tuple(observation for _, observation in found))


def _load(kind: Kind, plan: Plan, seed: int) -> Load:
    return Load(
        per_minute=kind.per_minute,
        shortest_call=20,
        longest_call=40,
        lag=kind.lag,
        speed=plan.speed,
        lead_in=0,
        window=plan.seconds * plan.speed - 70,  # the last call ends, and its record comes
        rest=0,
        seed=seed,
    )


def _second_half(seen: Observation) -> Observation:
    return seen.narrowed((seen.begin + seen.end) / 2, seen.end)


def _row(one: Seen) -> tuple[Cell, ...]:
    waits, learned = one.waits(), one.learned()
    return (
        one.kind.per_minute,
        "{:g} to {:g}".format(*one.kind.lag),
        one.speed,
        one.kind.accounts,
        one.outcomes(),
        one.until_outcome(),
        one.later(),
        quantile(0.5, waits),
        quantile(0.95, waits),
        learned.outcomes(),
        learned.until_outcome(),
        quantile(0.5, learned.waits()),
        quantile(0.95, learned.waits()),
        unseen(waits),
        sum(account.refused() for account in one.accounts),
    )


def _figures(seen: Sequence[Seen]) -> Iterator[Figure]:
    for one in seen:
        where = "{:g} calls/min, record after {:g} to {:g} s".format(one.kind.per_minute, *one.kind.lag)
        learned = one.learned()
        if one.kind.every >= 600:  # noqa: PLR2004 - one call every ten minutes, as promised
            yield Figure(name=f"requests until the outcome, {where}", value=learned.until_outcome(), at_most=1.3)
        else:
            yield Figure(name=f"p50, {where}", value=quantile(0.5, learned.waits()), unit="s", at_most=1)
            goal = 1 if one.kind.lag == STEADY else None
            yield Figure(name=f"p95, {where}", value=quantile(0.95, learned.waits()), unit="s", at_most=goal)
    refused = sum(account.refused() for one in seen for account in one.accounts)
    yield Figure(name="429s, all accounts", value=refused, at_most=0)
