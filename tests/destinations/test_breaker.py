"""When a destination is left alone, and when it is tried again."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.destinations.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breaker

NOW = 1_700_000_000.0


def after(answers: Iterable[bool], *, every: float = 1.0) -> Breaker:
    """Give the breaker after these answers, one every `every` seconds."""
    breaker = Breaker()
    for number, success in enumerate(answers):
        breaker = breaker.after(success, NOW + number * every)
    return breaker


def is_closed(breaker: Breaker) -> bool:
    return breaker.opens_until is None


@pytest.mark.parametrize(
    ("answers", "closed"),
    [
        ([False] * 9, True),
        ([False] * 10, False),
        ([True] * 3 + [False] * 7, False),
        ([True] * 4 + [False] * 6, True),
        ([True] * 30 + [False] * 69, True),
        ([True] * 30 + [False] * 70, False),
    ],
)
def test_it_opens_when_of_ten_attempts_seven_have_failed(answers: list[bool], closed: bool) -> None:  # noqa: FBT001
    assert is_closed(after(answers)) is closed


def test_failures_that_are_far_apart_do_not_open_it() -> None:
    assert is_closed(after([False] * 100, every=60))


def test_what_was_five_minutes_ago_does_not_count() -> None:
    breaker = after([False] * 9)

    assert is_closed(breaker.after(success=False, now=NOW + 340))


def test_what_was_before_the_clock_was_put_back_does_not_count() -> None:
    breaker = after([False] * 9)

    assert is_closed(breaker.after(success=False, now=NOW - 3600))


def test_while_it_is_open_nothing_is_sent_and_then_one_probe() -> None:
    breaker = after([False] * 10, every=0)

    assert not breaker.may_send(NOW)
    assert not breaker.may_send(NOW + FIRST_PAUSE - 0.1)
    assert breaker.may_send(NOW + FIRST_PAUSE)


def test_who_looked_at_the_clock_before_it_opened_sends_nothing_either() -> None:
    breaker = after([False] * 10, every=0)

    assert not breaker.may_send(NOW - 5)


def test_one_that_opened_before_the_clock_was_put_back_is_tried_at_once() -> None:
    breaker = after([False] * 10, every=0)

    assert breaker.may_send(NOW - 3600)
    assert is_closed(breaker.after(success=True, now=NOW - 3600))


def test_a_probe_that_arrives_closes_it_and_the_past_is_forgotten() -> None:
    breaker = after([False] * 10, every=0).after(success=True, now=NOW + FIRST_PAUSE)

    assert breaker == Breaker()


def test_each_probe_that_fails_doubles_the_pause_up_to_ten_minutes() -> None:
    breaker, now, pauses = after([False] * 10, every=0), NOW, []

    for _ in range(7):
        assert breaker.opens_until is not None
        pauses.append(breaker.opens_until - now)
        now = breaker.opens_until
        breaker = breaker.after(success=False, now=now)

    assert pauses == [30, 60, 120, 240, 480, LONGEST_PAUSE, LONGEST_PAUSE]


def test_answers_to_what_was_sent_before_it_opened_change_nothing() -> None:
    breaker = after([False] * 10, every=0)

    assert breaker.after(success=False, now=NOW + 1) == breaker
    assert breaker.after(success=True, now=NOW + 1) == breaker


def test_however_many_answers_come_in_five_minutes_it_stays_small() -> None:
    assert len(after([True] * 1000, every=0.3).recent) <= 11


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 400)), max_size=200))
def test_it_stays_small_and_survives_being_stored(steps: list[tuple[bool, float]]) -> None:
    breaker, now = Breaker(), NOW

    for success, wait in steps:
        now += wait
        breaker = breaker.after(success, now)

    assert len(breaker.recent) <= 11
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(breaker), type=Breaker) == breaker
