"""When an event that was not taken is sent again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.destinations.schedule import SCHEDULE, next_attempt

NOW = 1_700_000_000.0
HOUR = 3600.0


def middle() -> float:
    return 0.5


def earliest() -> float:
    return 0.0


def latest() -> float:
    return 1.0


def test_nine_attempts_are_made_and_then_the_event_is_a_dead_letter() -> None:
    waits = [next_attempt(made, now=0, retry_after=None, random=middle) for made in range(10)]

    assert waits == [0, 5, 30, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR, None]


def test_a_wait_is_up_to_a_fifth_shorter_or_longer() -> None:
    assert next_attempt(3, now=NOW, retry_after=None, random=earliest) == NOW + 240
    assert next_attempt(3, now=NOW, retry_after=None, random=latest) == NOW + 360


@pytest.mark.parametrize(
    ("attempts", "retry_after", "wait"),
    [
        (1, 0, 5),
        (1, 120, 120),
        (1, 86400, HOUR),
        (4, 60, 1800),
        (4, 86400, HOUR),
        (6, 7 * HOUR, 7 * HOUR),
        (6, 86400, 10 * HOUR),
    ],
    ids=["hurry", "granted", "too long", "sooner than planned", "an hour at least", "within twice", "twice at most"],
)
def test_what_they_ask_for_is_honoured_within_bounds(attempts: int, retry_after: float, wait: float) -> None:
    assert next_attempt(attempts, now=0, retry_after=retry_after, random=earliest) == wait


def test_retry_after_does_not_prolong_the_life_of_an_event() -> None:
    assert next_attempt(len(SCHEDULE), now=NOW, retry_after=5, random=middle) is None


@given(st.integers(1, len(SCHEDULE) - 1), st.floats(0, 1e7), st.floats(0, 1))
def test_whatever_they_ask_for_the_wait_stays_between_ours_and_the_most(
    attempts: int, retry_after: float, chance: float
) -> None:
    due = next_attempt(attempts, now=0, retry_after=retry_after, random=lambda: chance)

    assert due is not None
    assert SCHEDULE[attempts] <= due <= max(2 * SCHEDULE[attempts], HOUR)
