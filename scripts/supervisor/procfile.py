"""Read the Procfile: which processes the product consists of."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scripts.venv import ROOT

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+)\s*:\s*(?P<command>\S.*)")


class ProcfileError(Exception):
    """A line of the Procfile is neither a process, a comment nor empty, or names a process twice."""


class Entry(NamedTuple):
    """One process of the product: a name and a simple shell command, in which `$PORT` and the like may stand."""

    name: str
    command: str


def processes(root: Path = ROOT) -> tuple[Entry, ...]:
    """Read the Procfile. Raises ProcfileError."""
    return parse((root / "Procfile").read_text().splitlines())


def process(name: str) -> Entry:
    """Give one of our processes."""
    return next(entry for entry in processes() if entry.name == name)


def parse(lines: Iterable[str]) -> tuple[Entry, ...]:
    """Read the processes in the order they are written."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise ProcfileError(f"Procfile, line {number}: expected `name: command`")
        entry = Entry(found["name"], found["command"])
        if entry.name in entries:
            raise ProcfileError(f"Procfile, line {number}: there is a process {entry.name} already")
        entries[entry.name] = entry
    return tuple(entries.values())
