"""Since when calls are kept, where the retention changes."""

import pytest
from redis import Redis

from runtime import keys
from runtime.lifetimes import SPARE_SECONDS, kept_since, note

DAY = 86400.0
WEEK = 7 * DAY


@pytest.fixture
def raised(redis: Redis) -> Redis:
    """Have a retention of a day replaced by one of a week, at day 100."""
    note(redis, DAY, now=100 * DAY - 60)
    note(redis, WEEK, now=100 * DAY)
    return redis


def test_calls_are_kept_for_the_retention(redis: Redis) -> None:
    assert kept_since(redis, DAY, now=100 * DAY) == 99 * DAY
    assert note(redis, DAY, now=100 * DAY) == 99 * DAY
    assert kept_since(redis, DAY, now=100 * DAY) == 99 * DAY


def test_what_was_written_by_a_shorter_retention_goes_as_it_would_have(raised: Redis) -> None:
    assert kept_since(raised, WEEK, now=100 * DAY) == 99 * DAY
    assert note(raised, WEEK, now=100.5 * DAY) == 99.5 * DAY


def test_what_was_written_since_is_kept_for_the_longer_one(raised: Redis) -> None:
    until = 100 * DAY + SPARE_SECONDS

    assert kept_since(raised, WEEK, now=103 * DAY) == until
    assert kept_since(raised, WEEK, now=107 * DAY) == until
    assert note(raised, WEEK, now=108 * DAY) == 101 * DAY


def test_of_several_that_were_shorter_each_holds_for_what_was_written_by_it(redis: Redis) -> None:
    for seconds, day in ((DAY, 99.0), (2 * DAY, 100.0), (WEEK, 100.1)):
        note(redis, seconds, now=day * DAY)

    assert kept_since(redis, WEEK, now=100.5 * DAY) == 99.5 * DAY
    assert kept_since(redis, WEEK, now=103 * DAY) == 100.1 * DAY + SPARE_SECONDS


def test_a_shorter_one_holds_at_once(raised: Redis) -> None:
    assert note(raised, 2 * DAY, now=104 * DAY) == 102 * DAY
    assert kept_since(raised, DAY, now=104 * DAY) == 103 * DAY


def test_one_that_only_a_later_version_can_read_does_not_count(redis: Redis) -> None:
    redis.set(keys.RETENTION, b'{"seconds": "a week"}')

    assert note(redis, DAY, now=100 * DAY) == kept_since(redis, DAY, now=100 * DAY) == 99 * DAY
