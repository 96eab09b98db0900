"""When RingCentral is left alone, and for how long, on a real server."""

from collections.abc import Callable

import pytest
from redis import Redis

from tests.asking.clock import Clock
from workers.ringcentral.breaker import Breaker, is_parked, try_again
from workers.ringcentral.errors import (
    BrokenConfiguration,
    NotFound,
    RateLimited,
    RingCentralError,
    TokenRefused,
    Unavailable,
)

MakeBreaker = Callable[..., Breaker]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_breaker(redis: Redis, clock: Clock) -> MakeBreaker:
    def make(account: str = "acme", fingerprint: str = "these") -> Breaker:
        return Breaker(redis, account, fingerprint, clock=clock, jitter=lambda: 1.0)

    return make


@pytest.fixture
def breaker(a_breaker: MakeBreaker) -> Breaker:
    return a_breaker()


def after(breaker: Breaker, outcome: RingCentralError | None = None) -> RingCentralError | None:
    """Send a request that ends with `outcome`; give the error its caller sees."""
    try:
        with breaker.guard():
            if outcome is not None:
                raise outcome
    except RingCentralError as error:
        return error
    return None


def pause(breaker: Breaker, outcome: Unavailable | BrokenConfiguration) -> float:
    error = after(breaker, outcome)
    assert error is outcome
    assert outcome.retry_after is not None
    return outcome.retry_after


def test_the_pause_doubles_with_each_failure_in_a_row_up_to_a_minute(breaker: Breaker, clock: Clock) -> None:
    pauses = []
    for _ in range(7):
        pauses.append(pause(breaker, Unavailable("no")))
        clock.now += pauses[-1]

    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_an_answer_of_any_kind_ends_the_row(breaker: Breaker, clock: Clock) -> None:
    for outcome in (None, NotFound("no")):
        clock.now += pause(breaker, Unavailable("no"))
        after(breaker, outcome)

        assert pause(breaker, Unavailable("no")) == 2
        clock.now += 2
        after(breaker)


def test_during_the_pause_nobody_sends(a_breaker: MakeBreaker, breaker: Breaker, clock: Clock) -> None:
    after(breaker, Unavailable("no"))
    clock.now += 1.5

    with pytest.raises(Unavailable) as raised, a_breaker().guard():
        pytest.fail("sent")

    assert raised.value.retry_after == pytest.approx(0.5)


def test_after_the_pause_one_goes_ahead_and_the_others_wait(
    a_breaker: MakeBreaker, breaker: Breaker, clock: Clock
) -> None:
    clock.now += pause(breaker, Unavailable("no"))
    other = a_breaker()

    with breaker.guard():
        assert isinstance(after(other), Unavailable)

    assert after(other) is None


@pytest.mark.parametrize("outcome", [RateLimited("no", retry_after=1), TokenRefused("no"), KeyboardInterrupt()])
def test_one_that_went_ahead_and_learnt_nothing_lets_the_next_go(
    breaker: Breaker, clock: Clock, outcome: BaseException
) -> None:
    clock.now += pause(breaker, Unavailable("no"))
    with pytest.raises(type(outcome)), breaker.guard():
        raise outcome

    assert pause(breaker, Unavailable("no")) == 4


def test_one_that_went_ahead_and_was_killed_is_waited_for_ten_seconds(breaker: Breaker, clock: Clock) -> None:
    clock.now += pause(breaker, Unavailable("no"))
    killed = breaker.guard()
    killed.__enter__()
    clock.now += 9.9
    assert isinstance(after(breaker), Unavailable)
    clock.now += 0.1
    assert after(breaker) is None
    killed.__exit__(None, None, None)


def test_failures_at_the_same_time_count_once(a_breaker: MakeBreaker, breaker: Breaker) -> None:
    slower = breaker.guard()
    slower.__enter__()
    error = Unavailable("no")
    after(a_breaker(), Unavailable("no"))
    slower.__exit__(Unavailable, error, None)

    assert error.retry_after == 2


@pytest.mark.parametrize(("said", "pause_"), [(30.0, 30), (0.0, 0), (86400.0, 3600)])
def test_retry_after_wins_within_reason(breaker: Breaker, said: float, pause_: float) -> None:
    assert pause(breaker, Unavailable("no", retry_after=said)) == pause_


def test_credentials_that_are_not_accepted_park_the_account_longer_each_time(breaker: Breaker, clock: Clock) -> None:
    parkings = []
    for _ in range(5):
        parkings.append(pause(breaker, BrokenConfiguration("no")))
        assert isinstance(after(breaker), BrokenConfiguration)
        clock.now += parkings[-1]

    assert parkings == [300, 600, 1200, 2400, 3600]


def test_after_parking_one_goes_ahead_and_an_answer_ends_it(a_breaker: MakeBreaker, clock: Clock) -> None:
    breaker = a_breaker()
    clock.now += pause(breaker, BrokenConfiguration("no"))
    with breaker.guard():
        assert isinstance(after(a_breaker()), Unavailable)

    assert pause(breaker, BrokenConfiguration("no")) == 300


def test_new_credentials_are_tried_at_once_and_the_old_stay_parked(a_breaker: MakeBreaker, breaker: Breaker) -> None:
    after(breaker, BrokenConfiguration("no"))

    assert after(a_breaker(fingerprint="others")) is None
    assert isinstance(after(breaker), BrokenConfiguration)


def test_a_person_has_parked_credentials_tried_and_they_are_parked_longer_if_that_is_in_vain(
    breaker: Breaker, redis: Redis
) -> None:
    first = pause(breaker, BrokenConfiguration("no"))

    try_again(redis, "acme")
    again = pause(breaker, BrokenConfiguration("no"))

    assert (first, again, is_parked(redis, "acme", "these")) == (300, 600, True)
    try_again(redis, "acme")
    assert after(breaker) is None
    assert not is_parked(redis, "acme", "these")


def test_nobody_without_credentials_takes_them_for_parked_once_others_are_used(redis: Redis) -> None:
    pause(Breaker(redis, "acme", "these"), BrokenConfiguration("no"))
    assert is_parked(redis, "acme")

    others = Breaker(redis, "acme", "others")
    assert after(others) is None
    assert (is_parked(redis, "acme"), is_parked(redis, "acme", "these")) == (False, True)

    pause(others, BrokenConfiguration("no"))
    assert is_parked(redis, "acme")


def test_other_accounts_are_not_affected(a_breaker: MakeBreaker, breaker: Breaker) -> None:
    after(breaker, Unavailable("no"))
    after(a_breaker("parked"), BrokenConfiguration("no"))

    assert after(a_breaker("other")) is None


def test_by_itself_the_pause_is_spread(redis: Redis) -> None:
    pauses = {pause(Breaker(redis, f"account-{n}", ""), Unavailable("no")) for n in range(10)}

    assert len(pauses) > 5
    assert all(0.9 < seconds <= 2 for seconds in pauses)


@pytest.mark.parametrize("failure", [Unavailable("no"), BrokenConfiguration("no")], ids=["paused", "parked"])
def test_a_clock_that_was_put_back_has_nobody_left_alone_for_longer(
    breaker: Breaker, clock: Clock, failure: Unavailable | BrokenConfiguration
) -> None:
    seconds = pause(breaker, failure)
    clock.now -= 86400

    refused = after(breaker)
    clock.now += seconds

    assert isinstance(refused, type(failure))
    assert after(breaker) is None


def test_who_was_killed_while_trying_before_the_clock_was_put_back_holds_nobody_up(
    a_breaker: MakeBreaker, breaker: Breaker, clock: Clock
) -> None:
    seconds = pause(breaker, Unavailable("no"))
    clock.now += seconds
    a_breaker()._enter()
    clock.now -= 86400

    after(breaker)
    clock.now += seconds

    assert after(breaker) is None
