"""The client of Redis: what an address says reaches it as it was meant, and it is as patient as its profile says."""

import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import redis.exceptions as errors
from redis import Redis, ResponseError

from runtime.redis_client import INGEST, WORK, Profile, connect


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with connect(redis_url, WORK) as made:
        yield made


@pytest.mark.parametrize(
    "url", ["redis://u%3Aser:p%40ss%2F@h.example/2", "redis+sentinel://u%3Aser:p%40ss%2F@h.example/service/2"]
)
def test_a_password_may_hold_any_character(url: str) -> None:
    said = connect(url, WORK).connection_pool.connection_kwargs

    assert (said["username"], said["password"], said["db"]) == ("u:ser", "p@ss/", 2)


@pytest.mark.parametrize(
    ("address", "hosts", "service", "database"),
    [
        ("one.example:1,two.example/calls/2", [("one.example", 1), ("two.example", 26379)], "calls", 2),
        ("one.example", [("one.example", 26379)], "mymaster", 0),
        ("[2001:db8::1]:1,[2001:db8::2]/calls", [("2001:db8::1", 1), ("2001:db8::2", 26379)], "calls", 0),
    ],
)
def test_every_sentinel_of_an_address_may_be_asked_and_none_for_long(
    address: str, hosts: list[tuple[str, int]], service: str, database: int
) -> None:
    pool: Any = connect(f"redis+sentinel://{address}", INGEST).connection_pool

    asked = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    limits = (INGEST.timeout, INGEST.connect_timeout)
    assert [(one["host"], one["port"]) for one in asked] == hosts
    assert {(one["socket_timeout"], one["socket_connect_timeout"]) for one in (*asked, pool.connection_kwargs)} == {
        limits
    }
    assert (pool.service_name, pool.connection_kwargs["db"]) == (service, database)
    assert [one["retry"].get_retries() for one in asked] == [0] * len(hosts)


def test_a_connection_redis_has_closed_is_replaced_unnoticed(client: Redis, redis: Redis) -> None:
    client.set("key", "value")
    redis.client_kill_filter(_type="normal", skipme=True)
    assert client.get("key") == b"value"

    redis.client_kill_filter(_type="normal", skipme=True)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.get("key")
        assert pipeline.execute() == [b"value"]


def test_an_error_of_redis_is_raised_and_costs_no_connection(client: Redis) -> None:
    client.set("key", "text")
    before = client.client_id()

    with pytest.raises(ResponseError):
        client.incr("key")
    assert client.get("key") == b"text"
    assert client.client_id() == before


def test_whoever_is_interrupted_leaves_the_next_no_reply_of_its_own(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    client.mset({"mine": "mine", "yours": "yours"})
    with monkeypatch.context() as patched:
        patched.setattr(client, "parse_response", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.get("mine")

    assert client.get("yours") == b"yours"


@pytest.mark.parametrize("transaction", [True, False])
def test_whoever_is_interrupted_among_several_commands_leaves_the_next_no_reply_of_them(
    client: Redis, monkeypatch: pytest.MonkeyPatch, *, transaction: bool
) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    client.mset({"mine": "mine", "yours": "yours"})
    with client.pipeline(transaction=transaction) as pipeline:
        pipeline.get("mine")
        pipeline.get("mine")
        reads, is_first = pipeline.parse_response, iter([True, False])

        def read(*what: Any, **how: Any) -> Any:
            return reads(*what, **how) if next(is_first) else interrupted()  # type: ignore[no-untyped-call]  # redis-py's

        monkeypatch.setattr(pipeline, "parse_response", read)
        with pytest.raises(KeyboardInterrupt):
            pipeline.execute()

    assert client.get("yours") == b"yours"


def test_whoever_is_interrupted_while_watching_leaves_the_next_no_reply_either(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    client.mset({"mine": "mine", "yours": "yours"})
    with client.pipeline() as pipeline:
        pipeline.watch("mine")  # type: ignore[no-untyped-call]  # redis-py's
        monkeypatch.setattr(pipeline, "parse_response", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pipeline.get("mine")

    assert client.get("yours") == b"yours"


def test_while_one_waits_for_a_new_connection_others_go_on(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    pool: Any = client.connection_pool
    ours, connecting, may_connect = pool.get_connection(), threading.Event(), threading.Event()
    connect_at_once = type(ours).connect

    def connect_late(one: Any) -> None:
        if one is not ours:
            connecting.set()
            may_connect.wait(10)
        connect_at_once(one)

    def give_back() -> None:
        pool.release(ours)
        client.get("key")

    monkeypatch.setattr(type(ours), "connect", connect_late)
    late, other = threading.Thread(target=client.ping), threading.Thread(target=give_back)
    late.start()
    assert connecting.wait(5)
    other.start()
    other.join(5)
    has_gone_on = not other.is_alive()
    may_connect.set()
    late.join()
    other.join()

    assert has_gone_on


@pytest.mark.parametrize(
    ("profile", "error", "tries"),
    [
        (INGEST, errors.ConnectionError, 2),
        (INGEST, errors.TimeoutError, 1),
        (Profile(1, 1, retries=2, longest_pause=0), errors.ConnectionError, 3),
        (Profile(1, 1, retries=2, longest_pause=0), errors.TimeoutError, 3),
        (Profile(1, 1, retries=2, longest_pause=0), ResponseError, 1),
    ],
)
def test_who_cannot_wait_sends_again_only_over_a_broken_connection_and_who_can_also_when_no_answer_comes(
    profile: Profile, error: type[Exception], tries: int
) -> None:
    retry: Any = connect("redis://127.0.0.1:1", profile).get_retry()
    tried = []

    def fail() -> NoReturn:
        tried.append(1)
        raise error

    with pytest.raises(error):
        retry.call_with_retry(fail, lambda _: None)

    assert len(tried) == tries


def test_whoever_sends_again_and_again_waits_longer_each_time() -> None:
    pauses: Any = connect("redis://127.0.0.1:1", WORK).get_retry()

    assert 0 < pauses._backoff.compute(1) < pauses._backoff.compute(100) == WORK.longest_pause


def test_many_threads_share_a_client(client: Redis, redis: Redis) -> None:
    def count() -> None:
        for _ in range(50):
            client.incr("count")
            with client.pipeline(transaction=True) as pipeline:
                pipeline.incrby("count", 2)
                pipeline.execute()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert redis.get("count") == b"1200"
