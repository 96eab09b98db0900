"""The shared budget, on a real server."""

from collections.abc import Callable
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from runtime import budget as budgets
from runtime import keys
from runtime.budget import GATE_MOST, LARGEST_LIMIT, LIMITS, LONGEST_WINDOW, Budget, Group, Share
from tests.asking.clock import Clock

HEAVY, LIVE = Group.HEAVY, Share.LIVE


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(redis: Redis, clock: Clock) -> Budget:
    return Budget(redis, "acme", clock=clock)


def busiest_window(times: list[float], window: float = 60.0) -> int:
    return max((sum(1 for t in times if start <= t < start + window) for start in times), default=0)


def greedy(budget: Budget, clock: Clock, share: Share, seconds: float) -> list[float]:
    """Send whenever it is allowed; give the times."""
    sent, end = [], clock.now + seconds
    while clock.now < end:
        wait = budget.take(HEAVY, share)
        if wait == 0.0:
            sent.append(clock.now)
        clock.now += wait
    return sent


def test_an_idle_bucket_grants_a_burst_and_then_paces(budget: Budget, clock: Clock) -> None:
    sent = greedy(budget, clock, LIVE, 30)

    assert [round(t - sent[0], 1) for t in sent] == [0.0, 0.0, 6.7, 13.4, 20.1, 26.8]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 10, 40, 50, 200])
def test_no_window_ever_holds_more_requests_than_the_limit(redis: Redis, clock: Clock, limit: int) -> None:
    budget = Budget(redis, "acme", {HEAVY: limit}, clock=clock)

    sent = greedy(budget, clock, Share.INTERACTIVE, 240)

    assert max(1, limit - 2) <= busiest_window(sent) <= max(1, limit - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.floats(0, 20), st.sampled_from(list(Share))), max_size=60))
def test_however_the_shares_mix_the_limit_holds(redis: Redis, steps: list[tuple[float, Share]]) -> None:
    redis.flushall()
    clock = Clock()
    budget = Budget(redis, "acme", clock=clock)
    sent = []

    for pause, share in steps:
        clock.now += pause
        if budget.take(HEAVY, share) == 0.0:
            sent.append(clock.now)

    assert busiest_window(sent) < LIMITS[HEAVY]


def test_whoever_asks_all_the_time_gets_turns_at_even_distances(budget: Budget, clock: Clock) -> None:
    sent = []
    for _ in range(60):  # as resolve does, one request at a time
        assert budget.take(HEAVY, LIVE) == 0.0
        sent.append(clock.now)
        clock.now += max(6.0, budget.wait(HEAVY, LIVE))

    gaps = [then - first for first, then in pairwise(sent)]
    assert sum(gap > 6.8 for gap in gaps) <= 1  # where the first burst meets the end of its window
    assert max(gaps) < 12.1


def test_a_burst_has_to_fit_into_the_window_too(budget: Budget, clock: Clock) -> None:
    sent = greedy(budget, clock, LIVE, 50)
    clock.now = sent[-1] + 8  # there is more than one token
    assert len(sent) == 9

    assert budget.left(HEAVY).tokens == 0
    clock.now += budget.wait(HEAVY, LIVE)
    assert clock.now == pytest.approx(sent[0] + 60, abs=0.1)


def test_the_wait_that_is_told_is_enough_and_not_too_much(budget: Budget, clock: Clock) -> None:
    while not (wait := budget.take(HEAVY, LIVE)):
        pass

    clock.now += wait - 0.1
    assert budget.take(HEAVY, LIVE) == pytest.approx(0.1, abs=0.01)
    clock.now += 0.1
    assert budget.take(HEAVY, LIVE) == 0.0


def test_how_long_it_would_be_can_be_asked_without_taking_anything(budget: Budget, clock: Clock) -> None:
    assert [budget.wait(HEAVY, LIVE) for _ in range(5)] == [0.0] * 5
    while budget.take(HEAVY, LIVE) == 0.0:
        pass

    told = budget.wait(HEAVY, LIVE)
    assert budget.take(HEAVY, LIVE) == told
    clock.now += told
    assert budget.wait(HEAVY, LIVE) == 0.0
    budget.close_gate(HEAVY, 30.0)
    assert budget.wait(HEAVY, LIVE) == pytest.approx(30.5)


def test_who_wants_one_for_long_goes_first_as_after_a_refusal(budget: Budget, clock: Clock) -> None:
    def served(ask: Callable[[Group, Share], float]) -> bool:
        """Say whether live work gets a token while somebody at a screen asks all the time."""
        for _ in range(200):
            budget.take(HEAVY, Share.INTERACTIVE)
            if ask(HEAVY, LIVE) == 0.0:
                return budget.take(HEAVY, LIVE) == 0.0
            clock.now += 0.2
        return False

    while budget.take(HEAVY, Share.INTERACTIVE) == 0.0:
        pass

    assert not served(budget.wait)
    assert served(budget.want)


def test_accounts_and_groups_have_budgets_of_their_own(redis: Redis, budget: Budget, clock: Clock) -> None:
    greedy(budget, clock, LIVE, 1)
    budget.close_gate(HEAVY, 60)

    assert budget.take(Group.LIGHT, LIVE) == 0.0
    assert Budget(redis, "other", clock=clock).take(HEAVY, LIVE) == 0.0


def test_two_processes_share_one_bucket(redis: Redis, budget: Budget, clock: Clock) -> None:
    other = Budget(redis, "acme", clock=clock)

    assert [budget.take(HEAVY, LIVE), other.take(HEAVY, LIVE)] == [0.0, 0.0]
    assert min(budget.take(HEAVY, LIVE), other.take(HEAVY, LIVE)) > 5


def test_threads_at_once_get_no_more_than_the_burst(redis: Redis) -> None:
    budget, start, waits = Budget(redis, "acme"), Barrier(30), []

    def ask() -> None:
        start.wait()
        waits.append(budget.take(HEAVY, LIVE))

    threads = [Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert waits.count(0.0) == 2


def test_a_backfill_leaves_the_last_token_to_live_calls(budget: Budget) -> None:
    assert budget.take(HEAVY, Share.BACKFILL) == 0.0
    assert budget.take(HEAVY, Share.BACKFILL) > 5

    assert budget.take(HEAVY, LIVE) == 0.0


def test_somebody_who_waits_at_a_screen_is_served_before_live_calls(budget: Budget, clock: Clock) -> None:
    greedy(budget, clock, LIVE, 1)

    assert budget.take(HEAVY, Share.INTERACTIVE) < budget.take(HEAVY, LIVE)


def test_the_next_request_is_left_to_somebody_who_waits_at_a_screen(budget: Budget, clock: Clock) -> None:
    while budget.take(HEAVY, LIVE) == 0:
        pass
    clock.now += budget.take(HEAVY, Share.INTERACTIVE) + 1  # enough for a live call, too

    assert budget.take(HEAVY, LIVE) > 0
    assert budget.take(HEAVY, Share.INTERACTIVE) == 0


@pytest.mark.parametrize(("busy", "quiet"), [(Share.INTERACTIVE, LIVE), (LIVE, Share.BACKFILL)])
def test_a_busy_share_cannot_starve_a_later_one(budget: Budget, clock: Clock, busy: Share, quiet: Share) -> None:
    sent = dict.fromkeys(Share, 0)
    next_ask = dict.fromkeys((busy, quiet), clock.now)
    end = clock.now + 600

    while clock.now < end:
        share = min(next_ask, key=lambda share: next_ask[share])
        clock.now = max(clock.now, next_ask[share])
        wait = budget.take(HEAVY, share)
        sent[share] += wait == 0.0
        next_ask[share] = clock.now + wait

    assert sent[busy] > sent[quiet] >= 10


def test_nobody_sends_while_the_gate_is_closed(redis: Redis, budget: Budget, clock: Clock) -> None:
    budget.close_gate(HEAVY, 60)
    other = Budget(redis, "acme", clock=clock)

    assert other.take(HEAVY, Share.INTERACTIVE) == pytest.approx(60.5)
    clock.now += 60
    assert other.take(HEAVY, Share.INTERACTIVE) > 0


def test_an_opening_gate_lets_one_request_through_and_no_herd(budget: Budget, clock: Clock) -> None:
    budget.close_gate(HEAVY, 60)
    clock.now += 61

    assert [budget.take(HEAVY, LIVE) == 0.0 for _ in range(5)] == [True, False, False, False, False]


def test_a_penalty_of_a_moment_makes_room_for_no_request_more(budget: Budget, clock: Clock) -> None:
    """An answer may say `Retry-After: 0` each time, and each request that is sent for it may begin a penalty anew."""
    sent, end = [], clock.now + 180
    while clock.now < end:
        wait = budget.take(HEAVY, LIVE)
        if wait == 0.0:
            sent.append(clock.now)
            budget.close_gate(HEAVY, 0.0)
        clock.now += wait

    assert busiest_window(sent) < LIMITS[HEAVY]


def test_a_gate_is_never_shortened(budget: Budget) -> None:
    budget.close_gate(HEAVY, 60)

    assert budget.close_gate(HEAVY, 5) == pytest.approx(60.5)


@pytest.mark.parametrize(
    ("retry_after", "closed"), [(None, 30.5), (0.0, 1.5), (-5.0, 1.5), (45.0, 45.5), (86400.0, GATE_MOST + 0.5)]
)
def test_a_gate_has_bounds(budget: Budget, retry_after: float | None, closed: float) -> None:
    assert budget.close_gate(HEAVY, retry_after) == pytest.approx(closed)


def test_the_limit_of_the_headers_replaces_the_configured_one(budget: Budget, clock: Clock) -> None:
    budget.learn(HEAVY, limit=5, remaining=4, window=60)
    assert busiest_window(greedy(budget, clock, LIVE, 180)) == 4

    budget.learn(HEAVY, limit=40, remaining=39, window=60)
    assert 30 <= busiest_window(greedy(budget, clock, LIVE, 180)) < 40


def test_whatever_headers_say_of_limit_and_window_is_believed_within_bounds(budget: Budget) -> None:
    budget.learn(HEAVY, limit=10**9, remaining=None, window=0)

    left = budget.left(HEAVY)
    assert left.limit == LARGEST_LIMIT
    assert left.interval == pytest.approx(1 / LARGEST_LIMIT, rel=0.01)


@pytest.mark.parametrize(("limit", "burst"), [(1, 1), (3, 1), (4, 2), (10, 2), (50, 10), (59, 11)])
def test_after_a_rest_a_fifth_of_a_minute_s_requests_may_be_sent_at_once(
    redis: Redis, clock: Clock, limit: int, burst: int
) -> None:
    budget = Budget(redis, "acme", {HEAVY: limit}, clock=clock)

    assert budget.left(HEAVY).burst == burst
    assert len(greedy(budget, clock, Share.INTERACTIVE, 0.1)) == burst


def test_a_lower_remaining_empties_the_bucket_and_a_higher_one_does_not_fill_it(budget: Budget) -> None:
    budget.learn(HEAVY, limit=10, remaining=1, window=60)
    assert budget.left(HEAVY).tokens == 1

    budget.learn(HEAVY, limit=10, remaining=9, window=60)
    assert budget.left(HEAVY).tokens == 1


def test_nothing_remaining_closes_the_gate_for_a_window(budget: Budget) -> None:
    budget.learn(HEAVY, limit=10, remaining=0, window=60)

    assert budget.take(HEAVY, Share.INTERACTIVE) == pytest.approx(60)


def test_whatever_headers_say_nobody_waits_longer_than_an_hour(budget: Budget) -> None:
    budget.learn(HEAVY, limit=10, remaining=0, window=10_000_000)

    assert budget.take(HEAVY, Share.INTERACTIVE) == pytest.approx(LONGEST_WINDOW)


def test_headers_that_say_nothing_change_nothing(budget: Budget) -> None:
    before = budget.left(HEAVY)

    budget.learn(HEAVY)

    assert budget.left(HEAVY) == before


def test_a_scaled_minute_scales_the_pace(redis: Redis, clock: Clock) -> None:
    budget = Budget(redis, "acme", window=6, clock=clock)

    assert busiest_window(greedy(budget, clock, LIVE, 30), window=6) == 9


def test_what_is_left_can_be_looked_at_without_taking_it(budget: Budget) -> None:
    budget.take(HEAVY, LIVE)

    state = budget.left(HEAVY)

    assert (round(state.tokens, 2), state.limit, round(state.interval, 1), state.gate_seconds) == (1.1, 10, 6.7, 0.0)
    assert budget.left(HEAVY) == state


def test_a_clock_that_was_set_back_does_not_stop_the_budget(budget: Budget, clock: Clock) -> None:
    greedy(budget, clock, LIVE, 1)

    clock.now -= 3600

    assert budget.take(HEAVY, LIVE) < 10


def test_a_gate_that_was_shut_before_the_clock_was_set_back_opens_when_it_would_have(
    budget: Budget, clock: Clock
) -> None:
    budget.take(HEAVY, LIVE)
    budget.close_gate(HEAVY, 30)

    clock.now -= 86400

    assert budget.left(HEAVY).gate_seconds == pytest.approx(30, abs=1)
    clock.now += 31
    assert budget.take(HEAVY, LIVE) == 0.0


def test_who_was_refused_before_the_clock_was_set_back_still_has_a_turn(budget: Budget, clock: Clock) -> None:
    greedy(budget, clock, LIVE, 10)
    budget.take(HEAVY, Share.BACKFILL)
    clock.now -= 86400
    granted = 0

    for _ in range(240):
        budget.take(HEAVY, LIVE)
        granted += budget.take(HEAVY, Share.BACKFILL) == 0.0
        clock.now += 1

    assert granted > 0


def test_the_server_s_own_clock_is_used_and_unused_budgets_are_forgotten(redis: Redis) -> None:
    budget = Budget(redis, "acme")

    assert [budget.take(HEAVY, LIVE) > 0 for _ in range(3)] == [False, False, True]
    assert all(3600 <= redis.ttl(name("acme", HEAVY)) <= 7200 for name in (keys.budget, keys.granted))


def test_what_many_accounts_have_left_is_read_together(redis: Redis) -> None:
    for account, requests in (("acme", 1), ("globex", 2)):
        budget = Budget(redis, account)
        for _ in range(requests):
            budget.take(HEAVY, LIVE)

    left = budgets.left(redis, ["acme", "globex"], [HEAVY, Group.LIGHT])

    assert list(left) == [(name, group) for name in ("acme", "globex") for group in (HEAVY, Group.LIGHT)]
    assert left["acme", HEAVY].tokens == pytest.approx(Budget(redis, "acme").left(HEAVY).tokens, abs=0.1)
    assert left["acme", HEAVY].tokens > left["globex", HEAVY].tokens + 0.5
