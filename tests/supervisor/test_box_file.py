"""Commands find RingCentral in a box of a running `./scripts/run`, and never show its credentials to the real one."""

import os
from pathlib import Path

import pytest

from runtime.settings import Settings
from scripts.supervisor.box_file import BOX_FILE, TOLD, box_told, read_box
from scripts.supervisor.embedded import URL_FILE
from scripts.supervisor.environment import FOR_THE_BOX
from scripts.terminal.place import open_place, surroundings

BOX = dict(zip(TOLD, ("http://127.0.0.1:8081", "http://127.0.0.1:8080", "a=token"), strict=True))
ENVIRON = BOX | {"REDIS_URL": "unix:///of/the/run"}


@pytest.fixture
def data(tmp_path: Path, redis_url: str) -> Path:
    """Have a demonstration and a check run on one directory, the check begun first; both with the same server."""
    for name, begun in (("check", 1), ("demo", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / URL_FILE).write_text(redis_url)
        os.utime(tmp_path / name / URL_FILE, (begun, begun))
    return tmp_path


def settings(data: Path) -> Settings:
    with open_place(data, root=data) as place:
        return place.settings


def test_word_is_left_while_the_box_runs_for_nobody_else_to_read(tmp_path: Path) -> None:
    home = tmp_path / "data" / "demo"

    with box_told(home, ENVIRON):
        assert read_box(home) == BOX
        assert [one for one in (home, home / BOX_FILE) if one.stat().st_mode & 0o077] == []

    assert read_box(home) == {}


@pytest.mark.parametrize("configured", [True, False])
def test_commands_ask_the_box_or_nobody(
    data: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, *, configured: bool
) -> None:
    if configured:
        monkeypatch.setenv("REDIS_URL", redis_url)

    with box_told(data / "demo", ENVIRON | {"REDIS_URL": redis_url}):
        assert settings(data).accounts[0].server_url == ENVIRON["RC_SERVER_URL"]
    assert settings(data).accounts[0].credentials is None


def test_a_box_is_none_of_another_redis(data: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)

    with box_told(data / "demo", ENVIRON):  # a demonstration beside what is looked at
        environ, in_a_box = surroundings(data, root=data)

    assert not in_a_box
    assert not set(FOR_THE_BOX) & set(environ)


def test_a_check_that_ends_leaves_a_demonstration_its_box(data: Path) -> None:
    with box_told(data / "demo", ENVIRON):
        with box_told(data / "check", ENVIRON | {"RC_SERVER_URL": "http://127.0.0.1:8082"}):
            beside = settings(data).accounts[0].server_url
        after = settings(data).accounts[0].server_url

    assert (beside, after) == (ENVIRON["RC_SERVER_URL"],) * 2


def test_a_box_that_runs_outweighs_settings_that_a_real_one_is_to_get_later(data: Path) -> None:
    (data / ".env").write_text("RC_SERVER_URL=https://platform.ringcentral.com\n")

    with box_told(data / "demo", ENVIRON):
        environ, in_a_box = surroundings(data, root=data)

    assert (environ["RC_SERVER_URL"], in_a_box) == (ENVIRON["RC_SERVER_URL"], True)


def test_where_no_box_runs_nothing_of_a_demonstration_is_in_effect(tmp_path: Path) -> None:
    environ, in_a_box = surroundings(tmp_path, root=tmp_path)

    assert not in_a_box
    assert not set(FOR_THE_BOX) & set(environ)


def test_credentials_of_the_real_one_outweigh_a_box(data: Path) -> None:
    (data / ".env").write_text("RC_USER_JWT=a-real-one\n")

    with box_told(data / "demo", ENVIRON):
        environ, in_a_box = surroundings(data, root=data)

    assert not in_a_box
    assert "RC_SERVER_URL" not in environ
