"""The inbox keeps what came, word for word, and sees to it that somebody looks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import RedisError

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.inbox import Entry, Inbox
from runtime.redis_client import INGEST, connect

ACCOUNT = "account"


def entries(redis: Redis) -> list[Entry]:
    found: Any = redis.xrange(keys.inbox(ACCOUNT))
    return [Entry(identity.decode(), fields[b"body"]) for identity, fields in found]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(st.binary(max_size=100), min_size=1, max_size=5), max_size=5))
def test_bodies_are_kept_word_for_word_in_the_order_they_came(redis: Redis, steps: list[list[bytes]]) -> None:
    redis.delete(keys.inbox(ACCOUNT))
    inbox = Inbox(redis, ACCOUNT)

    for bodies in steps:
        inbox.append(*bodies)

    assert [entry.body for entry in entries(redis)] == [body for bodies in steps for body in bodies]


def test_an_entry_knows_when_it_arrived(redis: Redis) -> None:
    before = redis_time(redis)

    Inbox(redis, ACCOUNT).append(b"body")

    (entry,) = entries(redis)
    assert int(before * 1000) <= entry.arrived_at * 1000 <= redis_time(redis) * 1000


def test_the_first_of_many_rings_the_bell(redis: Redis) -> None:
    inbox = Inbox(redis, ACCOUNT)

    for _ in range(10):
        inbox.append(b"body")

    assert bells.waiting(redis, Stage.TRACK) == 1


def test_the_bell_is_rung_again_once_the_runner_rests(redis: Redis) -> None:
    inbox = Inbox(redis, ACCOUNT)
    inbox.append(b"body")

    bells.rest(redis, Stage.TRACK, ACCOUNT, due=keys.quiet(ACCOUNT))
    inbox.append(b"body")

    assert bells.waiting(redis, Stage.TRACK) == 2


def test_the_clock_is_told_in_case_the_bell_is_lost(redis: Redis) -> None:
    Inbox(redis, ACCOUNT).append(b"body")

    assert redis.zscore(keys.BELLS, bells.member(Stage.TRACK, ACCOUNT)) is not None


def test_a_bell_that_cannot_be_rung_does_not_lose_the_body(redis: Redis) -> None:
    redis.set(bells.queue_key(Stage.TRACK), "not a list")

    Inbox(redis, ACCOUNT).append(b"body")

    assert [entry.body for entry in entries(redis)] == [b"body"]


def test_what_redis_does_not_take_is_an_error(redis: Redis) -> None:
    redis.set(keys.inbox(ACCOUNT), "not a stream")

    with pytest.raises(RedisError):
        Inbox(redis, ACCOUNT).append(b"body")


def test_nothing_is_appended_to_a_redis_that_is_away() -> None:
    with connect("redis://127.0.0.1:1/0", INGEST) as away, pytest.raises(RedisError):
        Inbox(away, ACCOUNT).append(b"body")
