"""The plan of what to ask the call log: few requests, each answering many calls, none forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.fetch_plan import (
    LONGEST,
    PAGE,
    SHORTEST,
    Feed,
    Lane,
    LookUp,
    Request,
    Wanted,
    Window,
    plan,
    window_length,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FEEDS = [Lane.EXTRACT, Lane.SYNC]
DENSITIES = [None, 0.001, 0.1, 2.0, 50.0, 1000.0]

STARTS = st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=25, unique=True)


def a_call(seconds_ago: float, *, name: str | None = None, waiting: float = 0.0) -> Wanted:
    """Want the record of a call that began so long ago."""
    return Wanted(name or f"s-{seconds_ago}", NOON - timedelta(seconds=seconds_ago), waiting=waiting)


def list_plan(*wanted: Wanted, most: int = 100, density: float | None = None) -> tuple[Request, ...]:
    return plan(wanted, lane=Lane.LIST, most=most, density=density)


def answers(request: Request, one: Wanted) -> bool:
    """Say whether a request brings the record of a call, if there is one."""
    if isinstance(request, LookUp):
        return request.telephony_session_id == one.telephony_session_id and request.date_from < one.started_at
    return isinstance(request, Window) and request.covers(one.started_at)


def answered(requests: tuple[Request, ...], *wanted: Wanted) -> list[bool]:
    return [any(answers(request, one) for request in requests) for one in wanted]


def test_nobody_is_asked_about_when_nobody_is_wanted_or_nothing_may_be_asked() -> None:
    assert list_plan() == ()
    assert list_plan(a_call(60), most=0) == ()
    assert plan([a_call(60)], lane=Lane.EXTRACT, most=0, density=None) == ()


@pytest.mark.parametrize("lane", FEEDS)
def test_where_there_is_a_feed_one_request_answers_everybody(lane: Lane) -> None:
    wanted = [a_call(seconds_ago) for seconds_ago in range(30, 3000, 10)]

    assert plan(wanted, lane=lane, most=4, density=None) == (Feed(lane),)
    assert plan([], lane=lane, most=4, density=None) == (Feed(lane),)


@pytest.mark.parametrize("lane", FEEDS)
def test_a_call_the_feed_has_not_shown_for_long_is_asked_about_besides(lane: Lane) -> None:
    straggler = a_call(4000, waiting=600)

    requests = plan([a_call(30), straggler], lane=lane, most=4, density=None)

    assert Feed(lane) in requests
    assert answered(requests, straggler) == [True]


def test_a_call_that_stands_alone_is_looked_up_by_its_id() -> None:
    (request,) = list_plan(a_call(60, name="s-alone"))

    assert isinstance(request, LookUp)
    assert request.telephony_session_id == "s-alone"


def test_calls_that_began_close_together_share_a_window_with_room_on_both_sides() -> None:
    first, last = a_call(600), a_call(60)

    (request,) = list_plan(last, a_call(300), first)

    assert isinstance(request, Window)
    assert request.date_from < first.started_at
    assert last.started_at < request.date_to


def test_when_not_all_can_be_asked_about_the_most_are() -> None:
    yesterday = [a_call(86_400 + number) for number in range(5)]
    today = [a_call(60), a_call(61)]

    requests = list_plan(*today, *yesterday, most=1, density=0.05)

    assert answered(requests, *yesterday, *today) == [True] * 5 + [False] * 2


@given(STARTS, st.sampled_from(DENSITIES), st.integers(1, 6))
def test_no_more_is_asked_than_allowed_and_nothing_for_nobody(
    starts: list[int], density: float | None, most: int
) -> None:
    wanted = [a_call(seconds_ago) for seconds_ago in starts]

    requests = list_plan(*wanted, most=most, density=density)

    assert 1 <= len(requests) <= most
    assert all(any(answers(request, one) for one in wanted) for request in requests)


@given(STARTS, st.sampled_from(DENSITIES))
def test_with_requests_enough_everybody_is_answered(starts: list[int], density: float | None) -> None:
    wanted = [a_call(seconds_ago) for seconds_ago in starts]

    assert all(answered(list_plan(*wanted, most=len(wanted), density=density), *wanted))


@given(STARTS, st.sampled_from(DENSITIES), st.integers(1, 6), st.data())
def test_the_order_in_which_calls_are_wanted_changes_nothing(
    starts: list[int], density: float | None, most: int, data: st.DataObject
) -> None:
    wanted = [a_call(seconds_ago) for seconds_ago in starts]
    shuffled = data.draw(st.permutations(wanted))

    assert list_plan(*shuffled, most=most, density=density) == list_plan(*wanted, most=most, density=density)


@pytest.mark.parametrize("density", DENSITIES)
def test_a_window_is_as_long_as_a_page_reaches_within_bounds(density: float | None) -> None:
    length = window_length(density)

    assert SHORTEST <= length <= LONGEST
    assert length == SHORTEST or length.total_seconds() * (density or 0) <= PAGE


def test_a_window_says_which_calls_it_must_show() -> None:
    window = Window(NOON, NOON + timedelta(minutes=1))

    assert [window.covers(NOON + timedelta(seconds=seconds)) for seconds in (-1, 0, 60, 61)] == [
        *(False, True, True, False),
    ]
