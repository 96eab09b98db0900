import sys
import venv
from pathlib import Path

import pytest

from scripts.set_up import DEVELOPMENT, RUNTIME, Environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    for name in DEVELOPMENT:
        (tmp_path / name).write_text("redis==8.1.0\n")
    venv.create(tmp_path / ".venv")
    packages = tmp_path / ".venv/lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "pip.py").touch()  # the real one takes seconds to install
    return Environment(tmp_path)


def test_nothing_is_to_be_done_twice(environment: Environment) -> None:
    assert not environment.holds(RUNTIME)

    environment.note_as_done(RUNTIME)

    assert environment.holds(RUNTIME)
    assert not environment.holds(DEVELOPMENT)


def test_a_changed_pin_is_noticed(environment: Environment) -> None:
    environment.note_as_done(DEVELOPMENT)

    (environment.root / "requirements.txt").write_text("redis==8.2.0\n")

    assert not environment.holds(DEVELOPMENT)


def test_an_environment_is_sound_until_an_installation_into_it_is_killed(environment: Environment) -> None:
    assert environment.is_sound()

    (environment.directory / ".installing").touch()
    assert not environment.is_sound()


def test_an_environment_that_was_moved_is_made_anew(environment: Environment) -> None:
    moved = environment.root.rename(environment.root.with_name("elsewhere"))

    assert not Environment(moved).is_sound()
