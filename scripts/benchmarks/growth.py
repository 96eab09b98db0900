"""What a notification and an outcome cost while ever more calls are on, and how much room each call takes."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from scripts.benchmarks.box_client import played
from scripts.benchmarks.figures import Cell, Figure, Result, Table
from scripts.benchmarks.growing import Plan, Site, Size
from scripts.benchmarks.installation import legwork
from scripts.benchmarks.load import Load
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

# Else the calls of one round would be looked at again in the next.
NO_SECOND_LOOKS: Final = {"REREAD_SECONDS": "80000", "RECONCILE_SECONDS": "80000"}

COLUMNS: Final = (
    "open sessions",
    "track, us",
    "redis, us",
    "passed, us",
    "against first",
    "resolve, ms",
    "redis, ms",
    "against first",
    "bytes/session",
    "of index",
)
REMARKS: Final = """\
Sessions are opened by appending real notifications to the inbox, and folded by track.
track, redis, passed   CPU, and time that passed, per notification about an open session; the mean of several rounds,
                       in each of which as many sessions have news once, whatever the size, and half a minute apart
resolve, redis         CPU of track, resolve and clock, and of Redis, per outcome of calls played beside the open
                       ones; the least of several rounds, for upkeep counts all calls every few minutes, whatever is
                       played, and may do so in a round
against first          the CPU of all of them together, against that of the first row
bytes/session          of Redis's memory, for each open session, with the inbox trimmed; beside it the index of calls,
                       by which they are found (several sets hold each call)
Calls are not looked at a second time here, and the call log is not reconciled.
"""


QUICK: Final = Plan(
    sizes=(200,),
    notifications=200,
    rounds=1,
    apart=0,
    plays=1,
    load=Load(per_minute=60, shortest_call=1, longest_call=2, lag=(1, 2), speed=6, lead_in=15, window=12, rest=0),
)


def run(options: Options) -> Result:
    """Measure all sizes in turn, each on an installation of its own, so that a noisy neighbour meets all of them."""
    plan = QUICK if options.quick else Plan()
    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog())
        sites = [stack.enter_context(_site(size, plan, watchdog)) for size in plan.sizes]
        for site in sites:
            options.say(f"growth: {site.size:,} open sessions")
            site.open()
        for number in range(plan.rounds):
            options.say(f"growth: news, round {number + 1} of {plan.rounds}")
            next_at = time.monotonic() + plan.apart
            for site in sites:
                site.tell_news()
            time.sleep(max(0.0, next_at - time.monotonic()))
        for number in range(plan.plays):
            options.say(f"growth: calls, round {number + 1} of {plan.plays}")
            for site in sites:
                site.play()
        sizes = [site.result() for site in sites]
    return Result(
        benchmark="growth",
        remarks=REMARKS,
        tables=(Table("Costs with so many sessions open", COLUMNS, tuple(_row(one, sizes[0]) for one in sizes)),),
        figures=tuple(_figures(sizes)),
    )


@contextmanager
def _site(size: int, plan: Plan, watchdog: Watchdog) -> Iterator[Site]:
    with (
        played([plan.load.configuration()], watchdog) as boxes,
        legwork(boxes, plan.load.speed, watchdog, **NO_SECOND_LOOKS) as product,
    ):
        yield Site(size, plan, product, boxes[0])


def _row(one: Size, first: Size) -> tuple[Cell, ...]:
    micro = 1e6
    return (
        one.sessions,
        one.notification.track * micro,
        one.notification.redis * micro,
        one.notification.passed * micro,
        _against(one.notification.cpu, first.notification.cpu),
        one.resolve,
        one.redis,
        _against(one.outcome, first.outcome),
        one.bytes_per_session,
        one.bytes_of_index,
    )


def _against(cost: float, first: float) -> float | None:
    """Compare two costs; those of a quick run may be less than the clock of processes can tell."""
    return cost / first if first else None


def _figures(sizes: Sequence[Size]) -> Iterator[Figure]:
    notifications = [one.notification.cpu for one in sizes if one.notification.cpu]
    outcomes = [one.outcome for one in sizes if one.outcome]
    for name, costs in (("notification", notifications), ("outcome", outcomes)):
        if costs:
            spread = max(costs) / min(costs)
            yield Figure(name=f"cost per {name}, most against least", value=spread, unit="times", at_most=1.3)
    room = sizes[-1].bytes_per_session
    yield Figure(name="Redis, per open session", value=room, unit="bytes", at_most=400)
    yield Figure(name="Redis, its place in the index of calls", value=sizes[-1].bytes_of_index, unit="bytes")
    yield Figure(name="Redis, per retained outcome", value=sizes[0].bytes_per_outcome, unit="bytes")
