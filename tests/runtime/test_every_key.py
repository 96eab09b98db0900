"""Every key is gone over, of whatever type it is: what names a person is taken out, and what stands beside it stays."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from runtime import keys
from runtime.every_key import take_out, traces
from telephony.traces import of_number

NUMBER = "+12125550199"
OTHER = b"+12125550198"
KEY = "legwork:{acme}:later"
PERSON = of_number(NUMBER)


@pytest.mark.parametrize(
    ("store", "left"),
    [
        pytest.param(lambda r: r.rpush(KEY, NUMBER, OTHER, NUMBER), lambda r: r.lrange(KEY, 0, -1), id="list"),
        pytest.param(
            lambda r: r.rpush(KEY, NUMBER, OTHER, "(212) 555-0199"), lambda r: r.lrange(KEY, 0, -1), id="both its ends"
        ),
        pytest.param(
            lambda r: r.rpush(KEY, b"\xff" + NUMBER.encode(), OTHER), lambda r: r.lrange(KEY, 0, -1), id="no text"
        ),
        pytest.param(lambda r: r.sadd(KEY, NUMBER, OTHER), lambda r: list(r.smembers(KEY)), id="set"),
        pytest.param(lambda r: r.zadd(KEY, {NUMBER: 1, OTHER: 2}), lambda r: r.zrange(KEY, 0, -1), id="sorted set"),
        pytest.param(lambda r: r.hset(KEY, mapping={"a": NUMBER, "b": OTHER}), lambda r: r.hvals(KEY), id="hash"),
        pytest.param(lambda r: r.hset(KEY, mapping={NUMBER: "a", OTHER: "b"}), lambda r: r.hkeys(KEY), id="its fields"),
        pytest.param(
            lambda r: [r.xadd(KEY, {"body": one}) for one in (NUMBER, OTHER)],
            lambda r: [fields[b"body"] for _, fields in r.xrange(KEY)],
            id="stream",
        ),
        pytest.param(
            lambda r: [r.set(f"{KEY}:{one}", "x") for one in (NUMBER, OTHER.decode())],
            lambda r: [name.partition(b"later:")[2] for name in r.keys(f"{KEY}:*")],
            id="name of a key",
        ),
    ],
)
def test_what_names_somebody_is_taken_out_and_what_stands_beside_it_stays(
    redis: Redis, store: Callable[[Redis], Any], left: Callable[[Redis], list[bytes]]
) -> None:
    store(redis)

    take_out(redis, traces(redis, PERSON))

    assert left(redis) == [OTHER]


@pytest.mark.parametrize("version", [b"\x02\xff", b"\x09"], ids=["spoiled", "later"])
def test_a_record_of_the_ledger_that_nobody_can_read_is_looked_through_as_it_is(redis: Redis, version: bytes) -> None:
    key = keys.session("acme", "s-1")
    redis.set(key, version + NUMBER.encode())

    assert [one.key for one in traces(redis, PERSON)] == [key]


def test_what_is_gone_when_it_is_looked_at_is_no_trace(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    redis.set(KEY, NUMBER, ex=60)
    monkeypatch.setattr(redis, "get", lambda _: None)  # its time was over just then

    assert list(traces(redis, PERSON)) == []


def test_what_is_not_ours_or_was_configured_is_left_alone(redis: Redis) -> None:
    redis.set("others:key", NUMBER)
    redis.hset(keys.DESTINATIONS, "dst_1", NUMBER)

    assert list(traces(redis, PERSON)) == []
