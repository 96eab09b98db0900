"""A line to Redis: quick, and of use to everybody else while one command waits in vain."""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError, ResponseError, TimeoutError  # noqa: A004 - theirs

from runtime.redis_client import INGEST, connect
from runtime.redis_line import Line
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests.simulator.waiting import wait_until


@pytest.fixture
def line(redis_url: str) -> Iterator[Line]:
    with connect(redis_url, INGEST) as client:
        yield Line(client)


@pytest.fixture
def server(tmp_path: Path, watchdog: Watchdog) -> Iterator[EmbeddedRedis]:
    """Give a server of its own, to be stopped and frozen."""
    with EmbeddedRedis(tmp_path, watchdog=watchdog) as server:
        yield server


@contextmanager
def frozen(server: EmbeddedRedis) -> Iterator[None]:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_reply_comes_as_redis_gave_it(line: Line) -> None:
    assert line.call("SET", "key", b"\x00value") == b"OK"
    assert line.call("GET", "key") == b"\x00value"
    assert line.call("INCRBY", "count", 2) == 2


def test_an_error_of_redis_is_raised_and_the_line_goes_on(line: Line) -> None:
    line.call("SET", "key", "text")

    with pytest.raises(ResponseError):
        line.call("INCR", "key")
    assert line.call("GET", "key") == b"text"


def test_a_connection_redis_has_closed_is_replaced_unnoticed(line: Line, redis: Redis) -> None:
    line.call("PING")
    redis.client_kill_filter(_type="normal", skipme=True)

    assert line.call("PING") == b"PONG"


def test_the_connections_of_a_line_that_nobody_has_any_more_are_closed(redis_url: str, redis: Redis) -> None:
    with connect(redis_url, INGEST) as client:
        line = Line(client)
        line.call("CLIENT", "SETNAME", "left")
        circle: list[object] = [line]
        circle.append(circle)  # as the views of an app are in one
        assert [one["name"] for one in redis.client_list()].count("left") == 1

        del line, circle
        gc.collect()

        wait_until(lambda: "left" not in [one["name"] for one in redis.client_list()], 5)


def test_many_threads_share_a_line(line: Line, redis: Redis) -> None:
    def count() -> None:
        for _ in range(50):
            line.call("INCR", "count")

    threads = [threading.Thread(target=count) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert redis.get("count") == b"1000"


def test_a_login_is_made_as_everywhere_else(redis_url: str, redis: Redis) -> None:
    redis.acl_setuser("web", enabled=True, passwords=["+secret"], keys=["*"], commands=["+@all"])
    try:
        with connect(f"{redis_url}?username=web&password=secret", INGEST) as client:
            assert Line(client).call("ACL", "WHOAMI") == b"web"
        with connect(f"{redis_url}?username=web&password=wrong", INGEST) as client, pytest.raises(AuthenticationError):
            Line(client).call("PING")
    finally:
        redis.acl_deluser("web")


def test_a_restarted_redis_is_found_again(server: EmbeddedRedis) -> None:
    with connect(server.url, INGEST) as client:
        line = Line(client)
        line.call("PING")
        server.kill()
        with pytest.raises(ConnectionError):
            line.call("PING")
        server.start()

        assert line.call("PING") == b"PONG"


def test_while_redis_is_silent_one_caller_waits_and_the_others_are_refused_at_once(server: EmbeddedRedis) -> None:
    with connect(server.url, INGEST) as client:
        line = Line(client)
        outcomes: list[str] = []

        def call() -> None:
            with pytest.raises(TimeoutError) as raised:
                line.call("PING")
            outcomes.append("refused" if "since it fell silent" in str(raised.value) else "waited")

        with frozen(server):
            call()
            threads = [threading.Thread(target=call) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert outcomes.count("waited") == 2
        assert outcomes.count("refused") == 19


def test_a_redis_that_answers_again_serves_everybody(server: EmbeddedRedis) -> None:
    with connect(server.url, INGEST) as client:
        line = Line(client)
        with frozen(server), pytest.raises(TimeoutError):
            line.call("PING")

        assert [line.call("PING") for _ in range(3)] == [b"PONG"] * 3
