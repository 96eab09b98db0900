"""How a stretch of the past is gone through for parts of which RingCentral has no answer."""

from datetime import UTC, datetime, timedelta

import pytest

from telephony.fetch_plan import LONGEST, Window
from telephony.narrowing import HOPELESS, MOST_STEPS, SHORTEST, Narrowing

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def window(length: timedelta) -> Window:
    return Window(NINE, NINE + length)


def hopeless(times: int) -> Narrowing:
    """Give what is left after so many windows as short as can be without an answer."""
    narrowing = Narrowing()
    for _ in range(times):
        narrowing = narrowing.unanswered(window(SHORTEST))
    return narrowing


def test_a_window_without_an_answer_is_followed_by_one_half_as_long_and_no_shorter_than_can_be() -> None:
    narrowing, lengths = Narrowing(), []
    for _ in range(5):
        lengths.append(narrowing.length(timedelta(seconds=80)).total_seconds())
        narrowing = narrowing.unanswered(window(timedelta(seconds=lengths[-1])))

    assert lengths == [80, 40, 20, 10, 10]


def test_windows_that_are_answered_grow_again_until_they_are_as_long_as_any() -> None:
    narrowing = Narrowing().unanswered(window(LONGEST / 2))

    assert narrowing.length(LONGEST) == LONGEST / 4
    assert narrowing.answered().length(LONGEST) == LONGEST / 2
    assert narrowing.answered().answered() == Narrowing()


def test_since_when_windows_are_short_is_known_until_they_are_as_long_as_any() -> None:
    later = Window(NINE + LONGEST, NINE + 1.5 * LONGEST)
    narrowing = Narrowing().unanswered(window(LONGEST / 2)).unanswered(later)

    assert narrowing.since == narrowing.answered().since == NINE.timestamp()
    assert narrowing.answered().answered().since == Narrowing().answered().since == 0.0


def test_a_window_as_short_as_can_be_is_tried_again_before_one_behind_it_is() -> None:
    assert [hopeless(times).step for times in range(HOPELESS + 1)] == [timedelta()] * HOPELESS + [SHORTEST]


def test_what_is_passed_over_is_little_and_begins_near_again() -> None:
    steps = [hopeless(HOPELESS + times).step // SHORTEST for times in range(MOST_STEPS + 2)]

    assert steps == [*range(1, MOST_STEPS + 1), 1, 2]


@pytest.mark.parametrize("after", [Narrowing.answered, lambda one: one.unanswered(window(2 * SHORTEST))])
def test_only_the_shortest_windows_in_a_row_are_hopeless(after: object) -> None:
    assert callable(after)
    narrowing, steps = after(hopeless(HOPELESS + 1)), []
    for _ in range(HOPELESS + 1):
        steps.append(narrowing.step)
        narrowing = narrowing.unanswered(window(SHORTEST))

    assert steps == [timedelta()] * HOPELESS + [SHORTEST]
