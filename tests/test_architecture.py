"""Promises about the house itself, held against the files."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts.supervisor.procfile import Entry, processes
from scripts.venv import ROOT

PACKAGES = ("telephony", "runtime", "web", "workers", "scripts")
LONGEST_MODULE = 300
TABLES = {"runtime/keys.py"}  # one row after the other, and every key in one place
ENTRIES = processes()
PINNED = re.compile(r"[a-z0-9.-]+==[0-9][\w.]*( ; .+)?")


def modules() -> list[Path]:
    return [module for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))]


def test_no_module_has_grown_a_second_reason_to_exist() -> None:
    long = {str(module.relative_to(ROOT)): lines_of(module) for module in modules()}

    assert {name: lines for name, lines in long.items() if lines > LONGEST_MODULE and name not in TABLES} == {}


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(ROOT)))
def test_the_first_line_of_a_module_says_why_it_exists(module: Path) -> None:
    first = next((line for line in module.read_text().splitlines() if not line.startswith("#!")), "")

    assert first.startswith('"""')


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_process_of_the_procfile_can_be_started(entry: Entry) -> None:
    program, *arguments = entry.command.split()

    assert shutil.which(program, path=str(Path(sys.executable).parent)) is not None
    if arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None
    else:
        assert find_spec(arguments[-1].partition(":")[0]) is not None


def test_every_process_is_one_simple_command() -> None:
    assert [entry.name for entry in ENTRIES if set(entry.command) & set(";&|<>()")] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-"))]

    assert [line for line in lines if not PINNED.fullmatch(line)] == []


def test_imports_point_inwards() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout


def test_every_package_is_held_by_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert set(rules["root_packages"]) == set(PACKAGES)


def lines_of(module: Path) -> int:
    return len(module.read_text().splitlines())
