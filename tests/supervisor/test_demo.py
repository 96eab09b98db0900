import pytest

from scripts.supervisor.demo import SLACK_SECONDS, Play


@pytest.mark.parametrize(
    ("play", "options"),
    [
        (Play(None, 0.2, 7, check=False, timeout=None), "--seed 7 --rate 0.2 --fresh-ids"),
        (Play(50, 2, 7, check=False, timeout=None), "--seed 7 --rate 2 --calls 50 --fresh-ids"),
        (Play(50, 2, 7, check=True, timeout=None), "--seed 7 --rate 2 --calls 50"),
        (Play(50, 2, 7, check=True, timeout=None, box="--lag 0,60"), "--seed 7 --rate 2 --calls 50 --lag 0,60"),
    ],
)
def test_the_box_is_asked_for_the_calls_that_are_to_be_played(play: Play, options: str) -> None:
    assert play.box_options == options


@pytest.mark.parametrize(
    ("calls", "timeout", "seconds"), [(None, None, SLACK_SECONDS), (50, None, SLACK_SECONDS + 37.5), (50, 3.0, 3.0)]
)
def test_outcomes_have_the_time_that_playing_takes_and_some_more(
    calls: int | None, timeout: float | None, seconds: float
) -> None:
    assert Play(calls, 2, 7, check=True, timeout=timeout).patience == seconds
