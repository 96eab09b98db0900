"""The consumer group that people copy: what one reader did not finish another does, and the newest is kept."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisSilent

from docs.consumers import redis_group
from docs.consumers.redis_group import WAIT_MS, connect
from runtime.keys import OUTCOMES
from telephony.events import encode, ended
from tests.builders.events import an_outcome
from tests.builders.notifications import DISCONNECTED, SESSION_ID, second
from tests.builders.sessions import a_session
from tests.consumers.running import EXAMPLES, Program, running
from tests.scripts.publishing import outcome_of, publish
from tests.simulator.waiting import wait_until

GROUP = "my-crm"


@contextmanager
def reading(redis_url: str, name: str, cwd: Path) -> Iterator[Program]:
    command = [sys.executable, str(EXAMPLES / "redis_group.py"), GROUP, name]
    with running(command, {"REDIS_URL": redis_url}, cwd=cwd) as program:
        yield program


def pending(redis: Redis) -> int:
    told: Any = redis.xpending(OUTCOMES, GROUP)
    count: int = told["pending"]
    return count


def kept(redis: Redis) -> dict[str, int]:
    calls: Any = redis.hgetall(f"{GROUP}:calls")
    return {call.decode(): msgspec.json.decode(event)["data"]["revision"] for call, event in calls.items()}


def test_what_was_published_before_and_what_comes_is_kept(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    publish(redis, ended(a_session(caller=DISCONNECTED), now=second(3)), an_outcome(), outcome_of("s-2"))

    with reading(redis_url, "reader-1", tmp_path):
        wait_until(lambda: len(kept(redis)) == 2, seconds=30)
        publish(redis, an_outcome(revision=2))
        wait_until(lambda: kept(redis) == {SESSION_ID: 2, "s-2": 1})
        wait_until(lambda: pending(redis) == 0)


def test_silence_is_waited_for_and_no_failure() -> None:
    with connect("redis://127.0.0.1:6379/0") as redis:
        assert redis.connection_pool.make_connection().socket_timeout > WAIT_MS / 1000


def test_a_redis_that_goes_away_is_waited_for(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(redis, outcome_of("s-1"))
    takes, failures = redis_group.fresh, iter([RedisAway("refused"), RedisSilent("no answer")])

    def fresh(*what: Any, **how: Any) -> list[Any]:
        if (failure := next(failures, None)) is not None:
            raise failure
        return takes(*what, **how)

    monkeypatch.setattr(redis_group, "fresh", fresh)
    monkeypatch.setattr(redis_group, "RETRY_SECONDS", 0.0)
    redis_group.read(redis, GROUP, "reader-1", store=redis, once=True)

    assert kept(redis) == {"s-1": 1}
    assert pending(redis) == 0


def test_a_redis_that_is_away_when_a_reader_begins_is_waited_for(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(redis, outcome_of("s-1"))
    declares, failures = redis_group.declare, iter([RedisAway("refused")])

    def declare(*what: Any) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        declares(*what)

    monkeypatch.setattr(redis_group, "declare", declare)
    monkeypatch.setattr(redis_group, "RETRY_SECONDS", 0.0)
    redis_group.read(redis, GROUP, "reader-1", store=redis, once=True)

    assert kept(redis) == {"s-1": 1}


def test_a_redis_that_comes_back_without_the_group_is_read_anew(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    publish(redis, outcome_of("s-1"))

    with reading(redis_url, "reader-1", tmp_path):
        wait_until(lambda: kept(redis) == {"s-1": 1}, seconds=30)
        redis.flushdb()
        publish(redis, outcome_of("s-2"))
        wait_until(lambda: kept(redis) == {"s-2": 1}, seconds=30)
        wait_until(lambda: pending(redis) == 0)


def test_a_redis_that_another_takes_the_place_of_for_a_while_is_waited_for(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    publish(redis, outcome_of("s-1"))

    with reading(redis_url, "reader-1", tmp_path) as reader:
        wait_until(lambda: kept(redis) == {"s-1": 1}, seconds=30)
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        try:
            wait_until(lambda: any(line.startswith("waiting for Redis") for line in reader.lines), seconds=30)
        finally:
            redis.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]  # as above
        publish(redis, outcome_of("s-2"))
        wait_until(lambda: kept(redis) == {"s-1": 1, "s-2": 1}, seconds=30)


def test_a_stream_that_is_gone_while_it_is_waited_for_is_read_anew(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(redis, outcome_of("s-1"))
    takes, failures = redis_group.fresh, iter([ResponseError("UNBLOCKED the stream key no longer exists")])

    def fresh(*what: Any, **how: Any) -> list[Any]:
        if (failure := next(failures, None)) is not None:  # as Redis before 7.2 has it
            raise failure
        return takes(*what, **how)

    monkeypatch.setattr(redis_group, "fresh", fresh)
    redis_group.read(redis, GROUP, "reader-1", store=redis, once=True)

    assert kept(redis) == {"s-1": 1}


def test_two_readers_share_the_work(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    with reading(redis_url, "reader-1", tmp_path) as one, reading(redis_url, "reader-2", tmp_path) as other:
        publish(redis, *(outcome_of(f"s-{number}") for number in range(300)))
        wait_until(lambda: len(kept(redis)) == 300, seconds=30)
        wait_until(lambda: pending(redis) == 0)

        wait_until(lambda: len(one.kept()) + len(other.kept()) == 300)


def test_what_a_reader_that_died_had_taken_is_done_by_another(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    publish(redis, outcome_of("s-1"))
    redis.xgroup_create(OUTCOMES, GROUP, id="0")
    redis.xreadgroup(GROUP, "died", {OUTCOMES: ">"})
    ((place, _),) = _entries(redis)
    redis.xclaim(OUTCOMES, GROUP, "died", 0, [place], idle=61_000)

    with reading(redis_url, "reader-1", tmp_path):
        wait_until(lambda: kept(redis) == {"s-1": 1}, seconds=30)
        wait_until(lambda: pending(redis) == 0)


def test_an_earlier_revision_that_comes_late_changes_nothing(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    for event in (an_outcome(revision=2), an_outcome(revision=1), outcome_of("s-last")):
        redis.xadd(OUTCOMES, {"event": encode(event), "account": "default"})

    with reading(redis_url, "reader-1", tmp_path):
        wait_until(lambda: kept(redis) == {SESSION_ID: 2, "s-last": 1}, seconds=30)


def test_a_type_that_does_not_exist_yet_is_passed_over(redis: Redis) -> None:
    redis.xadd(OUTCOMES, {"event": b'{"type": "legwork.call.summary", "subject": "s-1", "data": {}}'})
    publish(redis, outcome_of("s-1"))

    redis_group.read(redis, GROUP, "reader-1", store=redis, once=True)

    assert kept(redis) == {"s-1": 1}
    assert pending(redis) == 0


def _entries(redis: Redis) -> Any:
    return redis.xrange(OUTCOMES)
