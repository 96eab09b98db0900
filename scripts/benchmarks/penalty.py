"""Provoke the penalty of a 429: whoever sends during it makes it longer, so nothing may be sent."""

import time
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from scripts.benchmarks.box_client import Box, SeenRequest, played
from scripts.benchmarks.figures import Figure, Result, Table
from scripts.benchmarks.installation import legwork
from scripts.benchmarks.load import Load, begin
from scripts.benchmarks.observation import HEAVY, TOO_MANY
from scripts.benchmarks.options import Options
from scripts.supervisor.watchdog import Watchdog

LOOK_SECONDS: Final = 0.25
COLUMNS: Final = ("Retry-After", "penalty, s", "refused with 429", "sent during it", "first request after it, s")
REMARKS: Final = """\
A busy account at speed 1. Retry-After is told in seconds, as a date, or not at all; where it is not, 30 s are waited.
"""


class Case(Struct, frozen=True):
    """One way to be refused: how Retry-After is told, and how long the penalty lasts."""

    retry_after: str
    seconds: float


class Seen(Struct, frozen=True):
    """What came of one case."""

    case: Case
    refused: int
    during: int
    resumed_after: float | None


CASES: Final = (Case("seconds", 15), Case("date", 15), Case("absent", 25))
QUICK: Final = (Case("seconds", 2),)
LOAD: Final = Load(per_minute=120, longest_call=10, lag=(2, 4), lead_in=0, window=600)


def run(options: Options) -> Result:
    """Provoke every case in turn, on one account that goes on having calls."""
    cases = QUICK if options.quick else CASES
    with (
        Watchdog() as watchdog,
        played([LOAD.configuration()], watchdog) as boxes,
        legwork(boxes, 5 if options.quick else 1, watchdog),
    ):
        begin(LOAD, boxes[0])
        seen = [_provoked(case, boxes[0], options) for case in cases]
    return Result(
        benchmark="penalty",
        remarks=REMARKS,
        tables=(Table("Provoked penalties", COLUMNS, tuple(_row(one) for one in seen)),),
        figures=(
            Figure(name="requests sent during a penalty", value=sum(one.during for one in seen), at_most=0),
            Figure(name="penalties after which requests went on", value=_resumed(seen), at_least=len(cases)),
        ),
    )


def _provoked(case: Case, box: Box, options: Options) -> Seen:
    """Have the next request refused, and wait until one is answered again, at most three penalties long."""
    options.say(f"penalty: {case.seconds:g} s, Retry-After: {case.retry_after}")
    before = len(_heavy(box))
    _wait_for(box, before, number=1, seconds=90)  # requests flow
    before = len(_heavy(box))
    box.fault("rate_limit", group=HEAVY, seconds=case.seconds, retryAfter=case.retry_after)
    _wait_for(box, before, number=1, seconds=90)
    _wait_for(box, before, number=2, seconds=3 * case.seconds + 60)
    return judged(case, _heavy(box)[before:])


def judged(case: Case, requests: Sequence[SeenRequest]) -> Seen:
    """Judge what was sent from the refused request on."""
    refused = [one for one in requests if one.status == TOO_MANY]
    answered = [one for one in requests if refused and one.time > refused[-1].time]
    return Seen(
        case,
        refused=len(refused),
        during=sum(one.during_penalty for one in requests),
        resumed_after=answered[0].time - refused[-1].time - case.seconds if answered else None,
    )


def _wait_for(box: Box, before: int, *, number: int, seconds: float) -> None:
    """Wait until so many more requests have come, or the time is over."""
    deadline = time.monotonic() + seconds
    while len(_heavy(box)) < before + number and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _heavy(box: Box) -> list[SeenRequest]:
    return [one for one in box.requests() if one.group == HEAVY]


def _resumed(seen: Sequence[Seen]) -> int:
    return sum(one.resumed_after is not None for one in seen)


def _row(one: Seen) -> tuple[str | float | None, ...]:
    return (one.case.retry_after, one.case.seconds, one.refused, one.during, one.resumed_after)
