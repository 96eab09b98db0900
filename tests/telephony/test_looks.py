"""When to look at the call log: soon but not too soon, ever more rarely, and never quite for the last time."""

import itertools

import pytest

from scripts.simulator.chance import seeded
from telephony.looks import LATE_LOOKS, LONGEST_WAIT, first_wait, is_too_late, next_look, next_of

SETTLE, INTERVAL = 10.0, 6.0


def looks_of(ended_at: float, *, until: float, interval: float = INTERVAL) -> list[float]:
    """Give the seconds after the end of a call at which its record is looked for in vain."""
    times = [ended_at + SETTLE]
    while times[-1] < ended_at + until:
        times.append(next_look(ended_at, now=times[-1], interval=interval))
    return [time - ended_at for time in times]


def test_before_any_record_was_seen_the_first_look_comes_as_early_as_it_may() -> None:
    assert first_wait([], settle=SETTLE) == SETTLE


def test_the_first_look_comes_when_all_of_the_last_records_were_there_but_the_slowest_of_fifty() -> None:
    assert first_wait([*[20.0] * 48, 25.0, 50.0], settle=SETTLE) == pytest.approx(25, abs=0.1)
    assert first_wait([*[20.0] * 49, 50.0], settle=SETTLE) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize(
    ("lags", "wait"),
    [
        ([20.0], 21.0),
        ([20.0, 20.0], 20.5),
        ([20.0, 20.0, 20.0, 22.0], 22.5),
        ([15.0, 30.0], 31.5),
        ([20.0] * 10, 20.1),
    ],
)
def test_the_fewer_records_were_seen_the_longer_the_first_look_waits_for_one_that_is_slower_yet(
    lags: list[float], wait: float
) -> None:
    assert first_wait(lags, settle=SETTLE) == pytest.approx(wait)


def test_few_looks_are_in_vain_where_records_take_alike() -> None:
    chance, in_vain = seeded("alike"), 0
    for _ in range(200):
        lags = [chance.uniform(15, 16)]
        for _ in range(9):
            lags.append(chance.uniform(15, 16))
            in_vain += first_wait(lags[:-1], settle=SETTLE) < lags[-1]

    assert in_vain / 1800 < 0.06  # where the slowest one alone is waited for, 0.21


def test_the_first_look_is_never_earlier_than_it_may_be_nor_later_than_a_minute() -> None:
    assert first_wait([0.5] * 20, settle=SETTLE) == SETTLE
    assert first_wait([600.0] * 20, settle=SETTLE) == LONGEST_WAIT
    assert first_wait([600.0] * 20, settle=90.0) == 90.0


def test_a_call_that_was_just_over_is_looked_at_often_and_one_long_over_once_a_minute() -> None:
    times = looks_of(1_790_000_000.0, until=900)

    pauses = [late - early for early, late in itertools.pairwise(times)]
    assert pauses[0] == INTERVAL
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_WAIT)
    assert len(times) < 30


def test_no_look_comes_sooner_than_the_call_log_may_be_asked() -> None:
    times = looks_of(1_790_000_000.0, until=900, interval=90.0)

    assert {late - early for early, late in itertools.pairwise(times)} == {90.0}


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (899.9, False), (900, True), (5000, True)])
def test_a_record_is_too_late_at_the_deadline(seconds: float, late: bool) -> None:  # noqa: FBT001 - a table
    assert is_too_late(1000.0, now=1000.0 + seconds, deadline=900.0) is late


def test_the_next_of_a_schedule_is_the_first_that_is_still_to_come() -> None:
    schedule = (90.0, 300.0, 900.0)

    nexts = [next_of(schedule, since=1000.0, now=now) for now in (1000.0, 1089.9, 1090.0, 1300.0, 1899.0, 1900.0)]

    assert nexts == [1090.0, 1090.0, 1300.0, 1900.0, 1900.0, None]
    assert next_of((), since=1000.0, now=1000.0) is None


def test_even_a_call_that_was_given_up_is_looked_at_later() -> None:
    assert list(LATE_LOOKS) == sorted(LATE_LOOKS)
    assert LATE_LOOKS[-1] >= 86_400
