import importlib.util
import re
import shlex
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts import set_up
from scripts.set_up import DEVELOPMENT, DOCUMENTATION, RUNTIME, Environment
from scripts.venv import ROOT

SHELL_SCRIPTS = [
    script
    for script in (*(ROOT / "scripts").iterdir(), ROOT / ".ci/run")
    if script.is_file() and script.read_text().startswith("#!/bin/sh\n")
]


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


@pytest.mark.parametrize(
    ("ending", "sound"), [("sys.exit(1)", True), ("os.kill(os.getpid(), 9)", False)], ids=["by itself", "killed"]
)
def test_an_installation_that_ends_by_itself_leaves_what_there_was(
    environment: Environment, ending: str, *, sound: bool
) -> None:
    (packages,) = (environment.directory / "lib").glob("python*/site-packages")
    (packages / "pip.py").write_text(f"import os, sys\nif __name__ == '__main__':\n    {ending}\n")

    with pytest.raises(subprocess.CalledProcessError):
        environment.install(RUNTIME)

    assert environment.is_sound() is sound
    assert not environment.holds(RUNTIME)


def test_an_environment_whose_python_is_gone_holds_nothing(environment: Environment) -> None:
    environment.note_as_done(RUNTIME)

    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python3")

    assert not environment.holds(RUNTIME)


def test_what_is_on_somebody_s_path_of_packages_is_not_taken_for_installed(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = next((environment.directory / "lib").glob("python*/site-packages"))
    (packages / "pip.py").write_text("import sys\n(open('argv', 'w')).write(repr(sys.path))\n")
    theirs = environment.root / "theirs"
    theirs.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(theirs))
    monkeypatch.chdir(environment.root)

    environment.install(RUNTIME)

    assert str(theirs) not in (environment.root / "argv").read_text()


def test_where_python_brings_no_pip_it_is_put_in_whatever_is_set_for_other_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, here = BytesIO(), tmp_path / ".venv"
    with ZipFile(wheel, "w") as packed:
        told = "open(sys.prefix + '/told', 'w').write(repr((sys.flags.isolated, *sys.argv[1:5])))"
        packed.writestr("pip/__main__.py", f"import sys\n{told}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(set_up, "fetch_pip", wheel.getvalue)

    set_up.make_environment(here)

    assert (here / "told").read_text() == repr((1, "install", "--no-user", "--target=", f"--prefix={here}"))


def test_what_is_installed_comes_here_whatever_pip_s_own_settings_say_of_elsewhere(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = next((environment.directory / "lib").glob("python*/site-packages"))
    (packages / "pip.py").write_text("import sys\n(open('argv', 'w')).write(repr(sys.argv[3:6]))\n")
    monkeypatch.chdir(environment.root)

    environment.install(RUNTIME)

    options = ["--no-user", "--target=", f"--prefix={environment.directory}"]
    assert (environment.root / "argv").read_text() == repr(options)


@pytest.mark.parametrize(
    "script",
    [script for script in SHELL_SCRIPTS if "python" in script.read_text() and script.name != "install"],
    ids=lambda script: script.name,
)
def test_no_script_runs_with_the_libraries_of_another_project(script: Path) -> None:
    assert re.search(r'^(unset .*\bPYTHONPATH\b|export PYTHONPATH="\$root"$)', script.read_text(), re.MULTILINE)


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda script: script.name)
def test_where_a_shell_looks_for_directories_leads_no_script_elsewhere(script: Path) -> None:
    assert re.findall(r"""\bcd "\$\(dirname""", script.read_text()) == ['cd "$(dirname']
    assert """CDPATH='' cd "$(dirname "$0")/..\"""" in script.read_text()


@pytest.mark.parametrize(
    "script", [one for one in SHELL_SCRIPTS if one.parent.name == "scripts"], ids=lambda one: one.name
)
def test_a_link_from_elsewhere_leads_to_the_script_and_all_that_is_beside_it(script: Path, tmp_path: Path) -> None:
    lines = script.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if "CDPATH=" in line)  # where it goes to what is beside it
    project = tmp_path / "a project"
    (project / "scripts").mkdir(parents=True)
    ours = project / "scripts" / script.name
    ours.write_text("\n".join((*lines[:place], 'echo "$0" "$@"; exit', *lines[place:])))
    ours.chmod(0o755)
    (tmp_path / "link").symlink_to(ours)

    told = subprocess.run([tmp_path / "link", "a word"], capture_output=True, text=True, check=True)

    assert told.stdout == f"{ours} a word\n"


def test_the_documentation_has_an_environment_of_its_own_that_is_made_alike(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment.root / "requirements-docs.txt").write_text("mkdocs==1.6.1\n")
    installed: list[str] = []
    monkeypatch.setattr(set_up, "ROOT", environment.root)
    monkeypatch.setattr(set_up, "make_environment", venv.create)
    monkeypatch.setattr(set_up, "run", lambda *_, text: installed.append(text))
    monkeypatch.setattr(sys, "argv", ["scripts/install", "--docs"])

    set_up.main()
    set_up.main()

    assert installed == ["mkdocs==1.6.1"]
    assert Environment(environment.root, ".venv-docs").holds(DOCUMENTATION)
    assert not environment.holds(RUNTIME)


def test_what_the_tests_need_is_all_that_the_product_does_also_where_somebody_else_has_just_installed_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def waiting(_: Path) -> Iterator[None]:
        environment.note_as_done(DEVELOPMENT)
        yield

    monkeypatch.setattr(set_up, "ROOT", environment.root)
    monkeypatch.setattr(set_up, "alone", waiting)
    monkeypatch.setattr(sys, "argv", ["scripts/install"])

    set_up.main()

    assert environment.holds(DEVELOPMENT)
    assert not environment.holds(RUNTIME)


WAITS = """
import sys
from pathlib import Path
from scripts import set_up
set_up.ROOT = Path(sys.argv.pop())
set_up.main()
"""


def test_ctrl_c_ends_without_a_word_also_who_waits_for_another_installation(tmp_path: Path) -> None:
    with (
        set_up.alone(tmp_path),
        subprocess.Popen(
            [sys.executable, "-c", WAITS, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as waiting,
    ):
        assert waiting.stdout is not None
        assert b"waiting for it" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        _, complaint = waiting.communicate(timeout=60)

    assert (waiting.returncode, complaint) == (130, b"")


def test_an_environment_whose_folder_is_quoted_in_its_programs_was_made_here(environment: Environment) -> None:
    here = environment.root.rename(environment.root.with_name("Mara's calls")) / ".venv"
    (here / "bin" / "activate").write_text(f"VIRTUAL_ENV={shlex.quote(str(here))}\n")  # as Python 3.13 writes it

    assert Environment(here.parent).is_sound()


def test_an_environment_that_was_moved_is_made_anew(environment: Environment) -> None:
    moved = environment.root.rename(environment.root.with_name("elsewhere"))

    assert not Environment(moved).is_sound()
