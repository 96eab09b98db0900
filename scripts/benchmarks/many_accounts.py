"""Many accounts: what a call costs where as many calls are shared by more accounts, and an account without any."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from msgspec import Struct, structs

from scripts.benchmarks.box_client import played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.installation import REDIS, Installation, legwork, unsubscribed
from scripts.benchmarks.load import Load, begin_in_turn, looked_at
from scripts.benchmarks.observation import Observation, Wait, quantile, unseen
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

PARTS: Final = ("web", "track", "resolve", "upkeep", "clock", REDIS)
COLUMNS: Final = (
    "accounts",
    "calls/min each",
    "outcomes",
    *(f"{part}, ms" for part in PARTS),
    "all, ms",
    "p50 s",
    "p95 s",
    "not seen",
    "429s",
)
IDLE_COLUMNS: Final = ("accounts", *(f"{part}, ms" for part in PARTS), "all, ms")
REMARKS: Final = """\
As many calls a minute in one account and shared by many, at speed 1; calls of 2 to 10 s, about 7 notifications each.
Each account has its own simulator, limits and budget. CPU of a call in milliseconds, deliveries left out; and of an
account to which nothing happens, a minute: its upkeep, and the comparison of its call log.
calculated    what 10,000 accounts with a call a minute each take, from both: cores, and how much of Redis's one
"""


class Plan(Struct, frozen=True):
    """How many calls a minute are shared by how many accounts, and how many have none; times are simulated seconds."""

    per_minute: float = 300
    accounts: tuple[int, ...] = (1, 100)
    idle: int = 300
    speed: float = 1
    settling: float = 60
    window: float = 90
    idle_window: float = 300
    """In which each account is compared once."""

    def load(self, accounts: int, seed: int) -> Load:
        """Choose the calls of one of so many accounts."""
        return Load(
            per_minute=self.per_minute / accounts,
            longest_call=10,
            speed=self.speed,
            lead_in=self.settling,
            window=self.window,
            seed=seed,
        )


QUICK: Final = Plan(per_minute=120, accounts=(3,), idle=3, speed=10, settling=10, window=20, idle_window=30)


class Shared(Struct, frozen=True):
    """What became of the calls of all accounts, and the CPU seconds that each process took for them."""

    per_minute: float
    accounts: tuple[Observation, ...]
    cpu: Mapping[str, float]

    @property
    def outcomes(self) -> int:
        """Count the outcomes."""
        return sum(one.outcomes() for one in self.accounts)

    def ms(self, *names: str) -> float | None:
        """Say how many milliseconds of these processes' CPU one call took."""
        return 1000 * sum(self.cpu[name] for name in names) / self.outcomes if self.outcomes else None

    def waits(self) -> list[Wait]:
        """Give the waits of all calls."""
        return [wait for one in self.accounts for wait in one.waits()]


class Idle(Struct, frozen=True):
    """The CPU seconds that each process took for accounts without calls."""

    accounts: int
    minutes: float
    cpu: Mapping[str, float]

    def ms(self, *names: str) -> float:
        """Say how many milliseconds of these processes' CPU one account took a minute."""
        return 1000 * sum(self.cpu[name] for name in names) / self.accounts / self.minutes


def run(options: Options) -> Result:
    """Measure calls that more and more accounts share, then accounts that have none."""
    plan = QUICK if options.quick else Plan()
    with Watchdog() as watchdog:
        shared = [_shared(plan, number, options, watchdog) for number in plan.accounts]
        idle = _idle(plan, options, watchdog)
    return Result(
        benchmark="many-accounts",
        remarks=REMARKS,
        tables=(
            Table("A call", COLUMNS, tuple(_row(one) for one in shared)),
            Table("An account without calls, a minute", IDLE_COLUMNS, (_idle_row(idle),)),
        ),
        figures=tuple(_figures(shared, idle)),
    )


def _shared(plan: Plan, number: int, options: Options, watchdog: Watchdog) -> Shared:
    loads = [plan.load(number, seed) for seed in range(1, number + 1)]
    options.say(f"many-accounts: {number} of {loads[0].per_minute:g} calls a minute: {loads[0].real_seconds:.0f} s")
    # One sender each: a hundred simulators with eight would be a thousand threads.
    configurations = [structs.replace(load.configuration(), senders=1) for load in loads]
    with played(configurations, watchdog) as boxes, legwork(boxes, plan.speed, watchdog) as product:
        # Spread out, so that the calls of all accounts together come evenly.
        begin_in_turn(loads, boxes, pause=60 / loads[0].per_minute / len(loads) / plan.speed)
        time.sleep(plan.settling / plan.speed)
        with _counted(product) as counted:
            time.sleep(plan.window / plan.speed)
        time.sleep(loads[0].rest / plan.speed)
        accounts = looked_at(boxes, product, speed=plan.speed, begin=counted.begun, end=counted.ended)
    return Shared(loads[0].per_minute, accounts, counted.cpu)


def _idle(plan: Plan, options: Options, watchdog: Watchdog) -> Idle:
    seconds = plan.settling + plan.idle_window
    options.say(f"many-accounts: {plan.idle} without calls: {seconds / plan.speed:.0f} s")
    load = structs.replace(plan.load(1, seed=1), limited=False)
    configuration = structs.replace(load.configuration(), sessions=plan.idle)  # which are all of one user here
    with (
        played([configuration], watchdog) as (box,),
        unsubscribed([box] * plan.idle, plan.speed, watchdog) as product,
    ):
        time.sleep(plan.settling / plan.speed)
        with _counted(product) as counted:
            time.sleep(plan.idle_window / plan.speed)
    return Idle(plan.idle, plan.idle_window / 60, counted.cpu)


class _Counted(Struct):
    """The CPU seconds of each process from one moment to another, once the latter has come."""

    begun: float
    ended: float = 0.0
    cpu: Mapping[str, float] = {}


@contextmanager
def _counted(product: Installation) -> Iterator[_Counted]:
    before, counted = product.cpu(), _Counted(time.time())
    yield counted
    after, counted.ended = product.cpu(), time.time()
    counted.cpu = {name: after[name] - before[name] for name in after}


def _row(one: Shared) -> tuple[Cell, ...]:
    waits = one.waits()
    return (
        len(one.accounts),
        one.per_minute,
        one.outcomes,
        *(one.ms(part) for part in PARTS),
        one.ms(*one.cpu),
        quantile(0.5, waits),
        quantile(0.95, waits),
        unseen(waits),
        sum(account.refused() for account in one.accounts),
    )


def _idle_row(one: Idle) -> tuple[Cell, ...]:
    return (one.accounts, *(one.ms(part) for part in PARTS), one.ms(*one.cpu))


def _figures(shared: Sequence[Shared], idle: Idle) -> Iterator[Figure]:
    few, many = shared[0], shared[-1]
    alone, busy = many.ms(*many.cpu), few.ms(*few.cpu)
    if alone is not None and busy:
        yield Figure(name=f"a call among {len(many.accounts)} accounts against one", value=alone / busy, unit="times")
    for name, parts in (("cores", tuple(idle.cpu)), ("of Redis's core", (REDIS,))):
        call = many.ms(*parts)
        if call is not None:
            # What its account took anyway is counted once.
            each = call - idle.ms(*parts) / many.per_minute + idle.ms(*parts)
            yield Figure(name=f"10,000 accounts with a call a minute, calculated: {name}", value=each * 10_000 / 60_000)
    yield Figure(name="calls without an outcome", value=unseen(many.waits()), at_most=0)
    refused = sum(account.refused() for one in shared for account in one.accounts)
    yield Figure(name="429s, all accounts", value=refused, at_most=0)
