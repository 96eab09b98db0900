"""The plan of what to ask the call log: few requests, each answering many calls, none forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony.fetch_plan import (
    LONGEST,
    PAGE,
    PATIENCE_SECONDS,
    SHORTEST,
    STRAGGLER_SECONDS,
    Feed,
    Lane,
    LookUp,
    Request,
    Wanted,
    Window,
    fullest,
    is_shown,
    plan,
    window_length,
)
from workers.resolving.rereads import MOST as MOST_REREADS

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FEEDS = [Lane.EXTRACT, Lane.SYNC]
DENSITIES = [None, 0.001, 0.1, 2.0, 50.0, 1000.0]

STARTS = st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=25, unique=True)


def a_call(seconds_ago: float, *, name: str | None = None, waiting: float = 0.0, due_for: float = 0.0) -> Wanted:
    """Want the record of a call that began so long ago."""
    start = NOON - timedelta(seconds=seconds_ago)
    return Wanted(name or f"s-{seconds_ago}", start, waiting=waiting, due_for=due_for)


def a_minute_to_look_at_again(minutes_ago: int) -> Wanted:
    return Wanted(None, NOON - timedelta(minutes=minutes_ago), again=True)


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


def between(first: float, last: float) -> Window:
    return Window(NOON + timedelta(seconds=first), NOON + timedelta(seconds=last))


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], [(0, 60)]),
        ([(20, 30)], [(0, 20), (30, 60)]),
        ([(30, 40), (10, 20)], [(0, 10), (20, 30), (40, 60)]),
        ([(-10, 20)], [(20, 60)]),
        ([(20, 70)], [(0, 20)]),
        ([(-10, 70)], []),
        ([(0, 60)], []),
        ([(60, 70), (-10, 0)], [(0, 60)]),
        ([(70, 80)], [(0, 60)]),
    ],
)
def test_what_others_leave_of_a_window_is_what_lies_in_none_of_them(
    others: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    assert between(0, 60).without(between(*one) for one in others) == tuple(between(*one) for one in left)


@pytest.mark.parametrize(
    ("other", "covered"), [((0, 60), True), ((10, 50), True), ((-1, 50), False), ((10, 61), False), ((70, 80), False)]
)
def test_a_window_covers_another_that_lies_within_it(other: tuple[float, float], *, covered: bool) -> None:
    assert between(0, 60).covers_all_of(between(*other)) is covered


@pytest.mark.parametrize("length", [SHORTEST, SHORTEST * 7, LONGEST])
def test_a_window_that_was_full_is_as_long_as_is_planned_where_calls_are_as_dense(length: timedelta) -> None:
    assert window_length(fullest(Window(NOON, NOON + length))) == length
    assert fullest(Window(NOON, NOON)) == fullest(between(0, 1))


class TestTheList:
    """What holds where the feeds are refused."""

    def test_a_call_of_two_hours_widens_nobodys_window(self) -> None:
        short = [a_call(seconds_ago) for seconds_ago in range(60, 360, 10)]

        requests = list_plan(a_call(7200, name="s-long"), *short, density=0.5)

        assert isinstance(requests[0], Window)
        assert requests[0].date_to - requests[0].date_from < timedelta(minutes=10)
        assert requests[1:] == (LookUp("s-long", NOON - timedelta(hours=2) - LONGEST),)

    @given(STARTS, st.sampled_from(DENSITIES), st.integers(1, 6))
    def test_a_window_holds_a_page_at_most_or_a_minute(
        self, starts: list[int], density: float | None, most: int
    ) -> None:
        requests = list_plan(*map(a_call, starts), most=most, density=density)

        longest = max(SHORTEST, timedelta(seconds=PAGE / density)) if density else LONGEST
        for request in requests:
            assert not isinstance(request, Window) or request.date_to - request.date_from <= longest

    @pytest.mark.parametrize(("density", "reaches"), [(0.01, True), (2.0, False)])
    def test_a_window_reaches_until_the_last_call_ended_as_far_as_a_page_does(
        self, density: float, *, reaches: bool
    ) -> None:
        long, short = Wanted("s-1", NOON, NOON + timedelta(minutes=30)), Wanted("s-2", NOON + timedelta(seconds=9))

        (request,) = list_plan(long, short, density=density)

        assert isinstance(request, Window)
        assert request.covers(NOON + timedelta(minutes=30)) is reaches
        assert all(
            request.covers(one.started_at + timedelta(seconds=side)) for one in (long, short) for side in (-5, 5)
        )

    def test_a_straggler_of_a_window_is_looked_up_as_well_where_there_is_a_request_to_spare(self) -> None:
        straggler, other = a_call(70, name="s-1", waiting=STRAGGLER_SECONDS), a_call(60)

        assert list_plan(straggler, other, most=2)[1:] == (LookUp("s-1", straggler.started_at - LONGEST),)
        assert isinstance(list_plan(straggler, other, most=1)[0], Window)

    def test_a_call_of_which_a_part_was_shown_and_that_cannot_be_looked_up_is_found_in_a_window(self) -> None:
        nameless = Wanted(None, NOON, whole=True)

        assert answered(list_plan(nameless), nameless) == [True]

    def test_a_busy_window_is_not_filled_by_its_margins(self) -> None:
        crowd = [a_call(seconds_ago) for seconds_ago in range(60, 180)]

        (request,) = list_plan(*crowd, most=1, density=16.0)

        assert sum(answered((request,), *crowd)) >= 40

    def test_a_call_may_have_begun_long_before_we_heard_of_it(self) -> None:
        (request,) = list_plan(a_call(60))

        assert isinstance(request, LookUp)
        assert request.date_from <= NOON - timedelta(hours=12)

    def test_whoever_has_been_due_for_minutes_comes_before_a_crowd(self) -> None:
        crowd = [a_call(seconds_ago) for seconds_ago in range(60, 90)]

        early = list_plan(a_call(7200, due_for=60), *crowd, most=1, density=1.0)
        late = list_plan(a_call(7200, name="s-late", due_for=360), *crowd, most=1, density=1.0)

        assert isinstance(early[0], Window)
        assert isinstance(late[0], LookUp)

    def test_whoever_was_asked_about_just_now_comes_last_however_long_ago_the_call_was_over(self) -> None:
        asked, fresh = a_call(7200, waiting=800), a_call(60, due_for=8)

        assert answered(list_plan(asked, fresh, most=1, density=1.0), asked, fresh) == [False, True]

    @given(st.lists(st.integers(0, 86_400), min_size=1, max_size=20), st.sampled_from([0.05, 2.0, 50.0]))
    def test_asked_again_and_again_everybody_is_answered_though_others_keep_coming(
        self, starts: list[int], density: float
    ) -> None:
        left = {f"s-{number}": NOON - timedelta(seconds=start) for number, start in enumerate(starts)}
        crowd = [a_call(seconds_ago, name=f"s-new-{seconds_ago}") for seconds_ago in range(30)]

        for round_number in range(2 * len(starts) + 60):
            waiting = [Wanted(name, start, due_for=8.0 * round_number) for name, start in left.items()]
            requests = list_plan(*waiting, *crowd, most=1, density=density)
            left = {one.telephony_session_id or "": one.started_at for one in waiting if not answered(requests, one)[0]}

        assert left == {}

    @given(STARTS, st.lists(st.integers(0, 2000), min_size=1, max_size=MOST_REREADS), st.sampled_from(DENSITIES))
    @example(starts=[0, 1, 301, 602], minutes=[0], density=2.0)  # of two windows that hold two calls, one had a minute
    def test_what_is_looked_at_again_takes_no_request_from_those_who_wait(
        self, starts: list[int], minutes: list[int], density: float | None
    ) -> None:
        wanted, again = [a_call(start) for start in starts], [a_minute_to_look_at_again(minute) for minute in minutes]

        alone = list_plan(*wanted, most=2, density=density)
        together = list_plan(*wanted, *again, most=2, density=density)

        pairs = zip(answered(alone, *wanted), answered(together, *wanted), strict=True)
        assert all(with_minutes >= without for without, with_minutes in pairs)

    def test_what_is_looked_at_again_comes_with_those_who_wait_nearby(self) -> None:
        minute, call = a_minute_to_look_at_again(10), a_call(560)

        assert answered(list_plan(call, minute, density=0.1), call, minute) == [True, True]
        assert len(list_plan(call, minute, density=0.1)) == 1

    def test_what_is_looked_at_again_has_the_requests_that_nobody_waits_for(self) -> None:
        call, minute = a_call(60), a_minute_to_look_at_again(5000)

        assert answered(list_plan(minute, call, most=1, density=0.1), call, minute) == [True, False]
        assert answered(list_plan(minute, call, most=2, density=0.1), call, minute) == [True, True]

    def test_on_whichever_side_of_a_window_there_is_more_to_look_at_again_it_rides_along(self) -> None:
        call, one, two, three = a_call(3600), *map(a_minute_to_look_at_again, (56, 62, 63))

        requests = list_plan(call, one, two, three, most=1, density=2.0)

        assert answered(requests, call, one, two, three) == [True, False, True, True]


@pytest.mark.parametrize("lane", Lane)
def test_a_call_of_which_a_part_was_shown_has_its_turn_even_on_a_busy_account(lane: Lane) -> None:
    crowd = [a_call(seconds_ago) for seconds_ago in range(60, 80)]
    lately, long_ago = (
        Wanted("s-1", NOON - timedelta(hours=1), waiting=PATIENCE_SECONDS, due_for=due_for, whole=True)
        for due_for in (60.0, 600.0)
    )

    (first,), (then,) = (plan([*crowd, one], lane=lane, most=1, density=None) for one in (lately, long_ago))

    assert not isinstance(first, LookUp)
    assert then == LookUp("s-1", long_ago.started_at - LONGEST)
    (before_its_turn,) = plan([*crowd, long_ago], lane=lane, most=1, density=None, in_turn=False)
    (alone,) = plan([long_ago], lane=lane, most=1, density=None, in_turn=False)
    assert (isinstance(before_its_turn, LookUp), isinstance(alone, LookUp)) == (False, True)


def test_the_request_that_others_give_up_for_a_call_of_which_a_part_was_shown_is_for_that_call() -> None:
    near = [*map(a_call, range(60, 90)), a_call(70, name="s-late", waiting=700, due_for=200)]
    far = [a_call(7200), a_call(7210)]
    partly = Wanted("s-1", NOON - timedelta(days=1), waiting=PATIENCE_SECONDS, due_for=150, whole=True)

    window, other = list_plan(*near, *far, partly, most=2, density=1.0)

    assert answered((window,), *near) == [True] * len(near)
    assert other == LookUp("s-1", partly.started_at - LONGEST)


@pytest.mark.parametrize("lane", FEEDS)
class TestTheFeeds:
    """What holds where a change feed answers."""

    @given(starts=STARTS, waiting=st.floats(0, 2000), most=st.integers(1, 6))
    def test_a_feed_is_polled_once_and_one_request_more_is_for_all_it_does_not_show(
        self, lane: Lane, starts: list[int], waiting: float, most: int
    ) -> None:
        requests = plan([a_call(start, waiting=waiting) for start in starts], lane=lane, most=most, density=None)

        assert 1 <= len(requests) <= min(most, 2)
        assert [request for request in requests if isinstance(request, Feed)] == [Feed(lane)] or most == 1

    def test_a_lone_straggler_is_looked_up_and_several_near_each_other_share_a_window(self, lane: Lane) -> None:
        one, other = a_call(300, name="s-1", waiting=STRAGGLER_SECONDS), a_call(280, waiting=STRAGGLER_SECONDS)

        assert isinstance(plan([one], lane=lane, most=2, density=None)[1], LookUp)
        assert isinstance(plan([one, other], lane=lane, most=2, density=None)[1], Window)

    def test_nobody_is_looked_up_while_the_feed_may_still_show_the_call(self, lane: Lane) -> None:
        wanted = [a_call(300, waiting=STRAGGLER_SECONDS - 1)]

        assert plan(wanted, lane=lane, most=4, density=None) == (Feed(lane),)

    def test_what_began_before_the_feed_did_is_asked_about_at_once(self, lane: Lane) -> None:
        before, since = a_call(900, name="s-before"), a_call(300)

        requests = plan([before, since], lane=lane, most=4, density=None, shown_since=NOON - timedelta(seconds=600))

        assert requests == (Feed(lane), LookUp("s-before", before.started_at - LONGEST))

    def test_a_minute_to_look_at_again_that_the_feed_does_not_show_is_asked_about(self, lane: Lane) -> None:
        minute = a_minute_to_look_at_again(60)

        requests = plan([minute], lane=lane, most=4, density=None, shown_since=NOON)

        assert answered(requests, minute) == [True]

    def test_with_one_request_that_minute_has_its_turn_though_the_feed_would_show_as_much(self, lane: Lane) -> None:
        """The feed goes on to show the other one, and asking it again and again would never help the first."""
        hidden, shown = a_minute_to_look_at_again(60), a_minute_to_look_at_again(30)
        began = NOON - timedelta(minutes=45)

        requests = plan([hidden, shown], lane=lane, most=1, density=None, shown_since=began)

        assert answered(requests, hidden) == [True]
        assert plan([shown], lane=lane, most=1, density=None, shown_since=began) == (Feed(lane),)
        assert plan([], lane=lane, most=1, density=None, shown_since=began) == (Feed(lane),)

    def test_of_those_of_which_a_part_was_shown_the_one_that_waits_longest_is_looked_up_beside(
        self, lane: Lane
    ) -> None:
        parts = [Wanted(f"s-{due}", NOON, whole=True, due_for=float(due)) for due in (60, 600, 90)]

        assert plan(parts, lane=lane, most=4, density=None) == (Feed(lane), LookUp("s-600", NOON - LONGEST))

    def test_a_busy_account_polls_though_a_straggler_waits(self, lane: Lane) -> None:
        wanted = [a_call(400, waiting=PATIENCE_SECONDS), *map(a_call, range(60, 70))]

        assert plan(wanted, lane=lane, most=1, density=None) == (Feed(lane),)

    def test_a_straggler_has_its_turn_even_on_a_busy_account(self, lane: Lane) -> None:
        straggler = a_call(4000, name="s-1", waiting=PATIENCE_SECONDS + 240, due_for=240)

        requests = plan([straggler, *map(a_call, range(60, 70))], lane=lane, most=1, density=None)

        assert requests == (LookUp("s-1", straggler.started_at - LONGEST),)

    def test_a_call_of_which_a_part_was_shown_has_its_turn_though_there_is_a_straggler_each_time(
        self, lane: Lane
    ) -> None:
        straggler = a_call(100, name="s-2", waiting=STRAGGLER_SECONDS, due_for=15)
        lately, long_ago = (
            Wanted("s-1", NOON - timedelta(hours=1), waiting=PATIENCE_SECONDS, due_for=due_for, whole=True)
            for due_for in (0.0, 60.0)
        )

        (_, first), (_, then) = (plan([straggler, one], lane=lane, most=2, density=None) for one in (lately, long_ago))

        assert first == LookUp("s-2", straggler.started_at - LONGEST)
        assert then == LookUp("s-1", long_ago.started_at - LONGEST)

    def test_a_busy_account_does_not_look_up_what_the_feed_may_still_show(self, lane: Lane) -> None:
        late = a_call(400, waiting=PATIENCE_SECONDS - 1, due_for=10_000)

        assert is_shown(late, None)
        assert plan([late], lane=lane, most=1, density=None) == (Feed(lane),)
