import os
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError, ReadOnlyError
from redis.exceptions import ConnectionError as BrokenConnectionError

from scripts.supervisor.embedded import URL_FILE, EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from scripts.terminal import redis_server
from scripts.terminal.redis_server import NoRedis, find_url, open_redis, patiently, reach, refuses
from tests.scripts.commands import run_here


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".data"


def test_the_configured_redis_goes_first(tmp_path: Path, data: Path) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://from-dotenv\n")

    assert find_url({"REDIS_URL": "redis://given"}, data, root=tmp_path) == "redis://given"
    assert find_url({}, data, root=tmp_path) == "redis://from-dotenv"


def test_a_running_embedded_server_is_found(tmp_path: Path, data: Path, watchdog: Watchdog) -> None:
    with EmbeddedRedis(data / "demo", watchdog=watchdog) as server:
        assert find_url({}, data, root=tmp_path) == server.url

    with pytest.raises(NoRedis, match=r"start \./scripts/run"):
        find_url({}, data, root=tmp_path)


def test_the_address_of_a_server_that_was_killed_is_passed_over(tmp_path: Path, data: Path, watchdog: Watchdog) -> None:
    with (
        EmbeddedRedis(data / "demo", watchdog=watchdog) as living,
        EmbeddedRedis(data / "check", watchdog=watchdog) as killed,
    ):
        killed.kill()

        assert find_url({}, data, root=tmp_path) == living.url


def test_of_several_servers_that_run_the_one_is_found_that_was_started_last(
    tmp_path: Path, data: Path, watchdog: Watchdog
) -> None:
    with EmbeddedRedis(data / "a", watchdog=watchdog) as one, EmbeddedRedis(data / "b", watchdog=watchdog) as other:
        for last in (one, other):
            for server in (one, other):
                began = 2000 if server is last else 1000
                os.utime(data / ("a" if server is one else "b") / URL_FILE, (began, began))

            assert find_url({}, data, root=tmp_path) == last.url


def test_an_address_that_cannot_be_read_is_said_so_without_its_password() -> None:
    with pytest.raises(NoRedis, match=r"^REDIS_URL cannot be read") as raised:
        reach("redis://:s3cret/x@127.0.0.1:1/0")

    assert "s3cret" not in str(raised.value)


def test_what_redis_refuses_is_told_as_that(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.acl_setuser("looker", enabled=True, passwords=["+right"], commands=["+ping"])
    monkeypatch.setenv("REDIS_URL", redis_url.replace("://", "://looker:right@"))

    with pytest.raises(NoRedis, match=r"^Redis refuses: invalid"):
        reach(redis_url.replace("://", "://looker:wrong@"))
    with pytest.raises(NoRedis, match=r"^Redis refuses: .*'time'"), open_redis(tmp_path, root=tmp_path) as opened:
        opened.time()
    redis.acl_deluser("looker")


def test_who_watches_what_goes_on_by_itself_waits_for_a_redis_that_restarts_and_is_told_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(redis_server, "AWAY_SECONDS", 0)
    faults = iter([BrokenConnectionError("Connection closed by server."), BusyLoadingError("Redis is loading")])

    def look() -> int:
        for fault in faults:
            raise fault
        return 7

    assert patiently(look) == 7
    assert capsys.readouterr().err == "waiting for Redis: Connection closed by server.\n"


@pytest.mark.parametrize(("fault", "is_over"), [(BrokenConnectionError, True), (AuthenticationError, False)])
def test_nobody_waits_for_what_does_not_pass_nor_for_longer_than_was_asked_for(
    fault: type[Exception], *, is_over: bool
) -> None:
    def look() -> None:
        raise fault

    with pytest.raises(fault):
        patiently(look, until=time.monotonic() + (-1 if is_over else 60))


def test_that_redis_is_full_is_said_with_what_tells_more(redis: Redis, redis_url: str) -> None:
    before = redis.config_get("maxmemory")["maxmemory"] or "0"
    redis.config_set("maxmemory", 1)
    try:
        done = run_here("replay.py", "--unresolved", "--no-follow", redis_url=redis_url)
    finally:
        redis.config_set("maxmemory", before)

    assert (done.returncode, "Redis refuses: " in done.stderr) == (1, True)
    assert "./scripts/doctor.py redis-role memory" in done.stderr


def test_a_replica_refuses_and_is_not_away() -> None:
    our_client_s_word = BrokenConnectionError("You can't write against a read only replica.")
    our_client_s_word.__cause__ = ReadOnlyError("You can't write against a read only replica.")

    assert refuses(our_client_s_word)
    assert not refuses(BrokenConnectionError("Connection refused."))
