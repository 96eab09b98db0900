"""A quarter of an hour of sweeps of the list by a clock of their own: planner, sweeper, what is known, and no Redis."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.asking import Asking
from runtime.budget import Share
from scripts.simulator.chance import seeded
from telephony.call_log import CallLogPage
from telephony.fetch_plan import Lane, Wanted, plan
from tests.builders.call_log import a_record
from tests.workers.test_sweep import LATE, SilentFeed
from workers.resolving.sweep import Sweep, Sweeper
from workers.ringcentral.call_log import CallLog

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPAN = 900.0
PACE, TOO_LONG = 6.7, 30.0
"""Seconds: from one request to the next, and until one is given up that RingCentral takes too long for."""


class FrailLog(CallLog):
    """A call log of calls that began at these times, which takes too long for a page of more than it bears."""

    def __init__(self, starts: Sequence[datetime], bears: int) -> None:
        self._starts = starts
        self._bears = bears

    def pages(self, date_from: datetime, date_to: datetime, **_: Any) -> Iterator[CallLogPage]:
        found = [start for start in self._starts if date_from <= start <= date_to]
        if len(found) > self._bears:
            raise LATE
        yield CallLogPage(tuple(a_record(start_time=start) for start in found))


def swept(log: CallLog, wanted: Sequence[Wanted], asking: Asking, now: datetime) -> Sweep:
    """Make one sweep of one request."""
    density = asking.density_for(Share.LIVE, now=now.timestamp())
    requests = [(one, Share.LIVE) for one in plan(wanted, lane=Lane.LIST, most=1, density=density)]
    sweeper = Sweeper(log, SilentFeed(LATE), asking, lambda _: None)
    list(sweeper.carry_out(requests, since=NINE, now=now.timestamp()))
    return sweeper.found


@pytest.mark.parametrize(("a_second", "bears"), [(0.3, 60), (1.0, 300), (2.0, 500)])
def test_where_ringcentral_takes_too_long_for_full_pages_calls_are_found_in_shorter_ones(
    a_second: float, bears: int
) -> None:
    chance = seeded("frail", a_second)
    ends = [NINE + timedelta(seconds=number / a_second) for number in range(int(SPAN * a_second))]
    calls = [(end - timedelta(seconds=min(chance.expovariate(1 / 60), 300)), end) for end in ends]
    log, asking, now = FrailLog([start for start, _ in calls], bears), Asking(), NINE
    left, waited, in_vain, sweeps = dict(enumerate(calls)), [], 0, 0

    while now < NINE + timedelta(seconds=SPAN):
        due = {name: (start, end) for name, (start, end) in left.items() if end <= now}
        wanted = [
            Wanted(None, start, end, due_for=(now - end).total_seconds(), waiting=(now - end).total_seconds())
            for start, end in due.values()
        ]
        found = swept(log, wanted, asking, now)
        asking, is_late = found.asking, found.stopped_by is not None
        sweeps, in_vain = sweeps + 1, in_vain + is_late
        for (name, (_, end)), one in zip(due.items(), wanted, strict=True):
            if found.has_asked_about(one):
                waited.append((now - end).total_seconds())
                del left[name]
        now += timedelta(seconds=PACE + TOO_LONG * is_late)

    assert in_vain / sweeps < 0.2
    assert sorted(waited)[int(0.9 * len(waited))] < 120
