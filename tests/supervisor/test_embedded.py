import tempfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis

from scripts.supervisor import embedded
from scripts.supervisor.embedded import EmbeddedRedis, EmbeddedServerError, GivenUpError
from scripts.supervisor.watchdog import Watchdog


@pytest.fixture
def server(tmp_path: Path, watchdog: Watchdog) -> EmbeddedRedis:
    return EmbeddedRedis(tmp_path, watchdog=watchdog)


def test_what_was_acknowledged_survives_a_kill(server: EmbeddedRedis) -> None:
    with server, Redis.from_url(server.url) as client:
        client.set("call", "answered")
        server.kill()
        server.start()

        assert client.get("call") == b"answered"


def test_half_a_command_at_the_end_costs_only_that_command(server: EmbeddedRedis) -> None:
    with server, Redis.from_url(server.url) as client:
        client.set("call", "answered")
    newest = max((server.data_dir / "appendonlydir").glob("*.incr.aof"))
    with newest.open("ab") as log:
        log.write(b"*3\r\n$3\r\nSET\r\n$4\r\nha")

    with server, Redis.from_url(server.url) as client:
        assert client.keys() == [b"call"]


def test_nobody_else_reads_what_it_writes_into_a_directory_that_was_there(
    server: EmbeddedRedis, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)

    with server, Redis.from_url(server.url) as client:
        client.set("call", "answered")
        written = [tmp_path / "appendonlydir", *(tmp_path / "appendonlydir").iterdir()]

    assert len(written) > 1
    assert [one for one in written if one.stat().st_mode & 0o077] == []


def test_nothing_is_evicted_and_everything_is_logged(redis: Redis) -> None:
    settings = redis.config_get("maxmemory-policy", "appendonly", "appendfsync")

    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}


def test_a_data_directory_serves_one_server_at_a_time(server: EmbeddedRedis, watchdog: Watchdog) -> None:
    second = EmbeddedRedis(server.data_dir, watchdog=watchdog, patience=0)

    with server, pytest.raises(EmbeddedServerError, match="in use by another"):
        second.start()


@pytest.mark.parametrize("temporary", ["", "t" * 120], ids=["", "and a deep TMPDIR"])
def test_a_directory_too_deep_for_a_socket_works_as_well(
    tmp_path: Path, watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch, temporary: str
) -> None:
    deep = tmp_path / ("d" * 120)
    if temporary:
        (tmp_path / temporary).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / temporary))

    with EmbeddedRedis(deep, watchdog=watchdog) as server, Redis.from_url(server.url) as client:
        assert client.ping()


def test_a_directory_may_have_a_name_that_means_something_in_an_address(watchdog: Watchdog) -> None:
    with (
        TemporaryDirectory(prefix="a%2Fb #c?") as folder,
        EmbeddedRedis(Path(folder), watchdog=watchdog) as server,
        Redis.from_url(server.url) as client,
    ):
        assert client.ping()


def test_who_is_asked_to_stop_waits_for_no_server_that_still_reads_its_data(
    tmp_path: Path, watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_answers", lambda _: False)
    server = EmbeddedRedis(tmp_path, watchdog=watchdog, given_up=lambda: True)

    with pytest.raises(GivenUpError):
        server.start()

    monkeypatch.undo()
    with EmbeddedRedis(tmp_path, watchdog=watchdog, patience=0):
        pass  # it starts, so the other is gone


def test_a_server_that_could_say_nothing_as_on_a_full_disk_is_not_reported_in_silence(
    tmp_path: Path, watchdog: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "server_program", lambda: "false")

    with pytest.raises(EmbeddedServerError, match=r"server\.log; [0-9,]+ bytes are free there"):
        EmbeddedRedis(tmp_path, watchdog=watchdog).start()


def test_broken_data_is_reported_in_the_servers_own_words(server: EmbeddedRedis) -> None:
    with server, Redis.from_url(server.url) as client:
        client.set("call", "answered")
    newest = max((server.data_dir / "appendonlydir").glob("*.incr.aof"))
    newest.write_bytes(b"not a log\r\n" * 9)

    with pytest.raises(EmbeddedServerError, match="Bad file format"):
        server.start()
