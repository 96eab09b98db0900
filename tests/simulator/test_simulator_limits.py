"""Rate limits: the window slides, and a penalty ignored begins again."""

from email.utils import parsedate_to_datetime

import pytest

from scripts.simulator import Configuration, RunningSimulator
from scripts.simulator.limits import RateLimits
from scripts.simulator.problems import ApiError
from tests.asking.clock import Clock
from tests.simulator.client import Client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits({"heavy": 3, "light": 5}, 60.0, clock)


def take(limits: RateLimits, times: int, group: str = "heavy") -> None:
    for _ in range(times):
        limits.take("user", group)


def refusal(limits: RateLimits) -> ApiError:
    with pytest.raises(ApiError) as refused:
        limits.take("user", "heavy")
    return refused.value


def test_what_is_left_is_told(limits: RateLimits) -> None:
    take(limits, 2)

    assert limits.take("user", "heavy") == {
        "X-Rate-Limit-Group": "heavy",
        "X-Rate-Limit-Limit": "3",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Window": "60",
    }


def test_one_too_many_is_refused_for_a_minute(limits: RateLimits, clock: Clock) -> None:
    take(limits, 3)

    refused = refusal(limits)

    assert refused.problem.code == "CMN-301"
    assert refused.headers["Retry-After"] == "60"
    clock.now += 60.0
    take(limits, 3)


def test_a_request_during_the_penalty_starts_it_anew(limits: RateLimits, clock: Clock) -> None:
    take(limits, 3)
    refusal(limits)
    clock.now += 59.0
    assert limits.in_penalty("user", "heavy")

    refusal(limits)
    clock.now += 59.0

    assert limits.in_penalty("user", "heavy")
    clock.now += 1.0
    assert not limits.in_penalty("user", "heavy")
    take(limits, 1)


def test_the_window_slides(limits: RateLimits, clock: Clock) -> None:
    take(limits, 2)
    clock.now += 30.0
    take(limits, 1)
    clock.now += 30.0

    take(limits, 2)
    refusal(limits)


def test_groups_and_users_are_counted_apart(limits: RateLimits) -> None:
    take(limits, 3)

    take(limits, 5, group="light")
    limits.take("somebody else", "heavy")


@pytest.mark.parametrize(("style", "value"), [("seconds", "7"), ("absent", None), ("huge", "86400")])
def test_a_provoked_penalty_is_as_long_as_asked(
    limits: RateLimits, clock: Clock, style: str, value: str | None
) -> None:
    limits.provoke("heavy", 7.0, style)

    refused = refusal(limits)

    assert refused.headers.get("Retry-After") == value
    clock.now += 7.0
    take(limits, 3)


def test_a_429_may_say_nothing_about_limits(limits: RateLimits) -> None:
    limits.provoke("heavy", 7.0, "bare")

    refused = refusal(limits)

    assert (refused.problem.status, refused.problem.code, refused.headers) == (429, "CMN-310", {})


def test_retry_after_can_be_a_date(limits: RateLimits, clock: Clock) -> None:
    limits.provoke("heavy", 7.0, "date")

    date = parsedate_to_datetime(refusal(limits).headers["Retry-After"])

    assert date.timestamp() == clock.now + 7


class TestOverHttp:
    @pytest.fixture
    def configuration(self) -> Configuration:
        return Configuration()

    def test_the_eleventh_heavy_request_is_refused_and_counted(
        self, client: Client, simulator: RunningSimulator
    ) -> None:
        answers = [client.get("/account/~/call-log") for _ in range(12)]

        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
        assert answers[-1].json()["errors"][0]["errorCode"] == "CMN-301"
        assert answers[-1].headers["X-Rate-Limit-Remaining"] == "0"
        status = simulator.status()
        assert status["requests"]["heavy"] == {"200": 10, "429": 2}
        assert (status["rateLimited"], status["duringPenalty"]) == (2, 1)
        assert [one["duringPenalty"] for one in simulator.requests() if one["status"] == 429] == [False, True]
