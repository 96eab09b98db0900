"""Commands find RingCentral in a box of a running `./scripts/run`, and never show its credentials to the real one."""

from pathlib import Path

import pytest

from runtime.settings import Settings
from scripts.supervisor.box_file import BOX_FILE, TOLD, box_told, read_box
from scripts.terminal.place import NOWHERE, open_place

ENVIRON = dict(zip(TOLD, ("http://127.0.0.1:8081", "http://127.0.0.1:8080", "a=token"), strict=True))


def settings(data: Path) -> Settings:
    with open_place(root=data, data=data) as place:
        return place.settings


def test_word_is_left_while_the_box_runs_for_nobody_else_to_read(tmp_path: Path) -> None:
    data = tmp_path / "data"

    with box_told(data, ENVIRON):
        assert read_box(data) == ENVIRON
        assert (data / BOX_FILE).stat().st_mode & 0o077 == 0

    assert read_box(data) == {}


def test_commands_ask_the_box_or_nobody(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)

    with box_told(tmp_path, ENVIRON):
        assert settings(tmp_path).accounts[0].server_url == ENVIRON["RC_SERVER_URL"]
    assert settings(tmp_path).accounts[0].server_url == NOWHERE
