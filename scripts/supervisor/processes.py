"""Look at the processes of this machine, on Linux and macOS alike."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_PROC = Path("/proc")


class Living(Struct, frozen=True):
    """A process that exists, and is no zombie."""

    pid: int
    parent: int
    command: str


def descendants(pid: int) -> list[Living]:
    """List what a process has started, and what these have, and so on."""
    everybody = living()
    found = [one for one in everybody if one.parent == pid]
    for ancestor in found:
        found += [one for one in everybody if one.parent == ancestor.pid]
    return found


def living() -> list[Living]:
    """List all processes that can be seen."""
    return [one for one in (_from_proc() if (_PROC / "self" / "stat").exists() else _from_ps()) if one.command]


def megabytes(pid: int) -> float:
    """Give the memory that a process has (MiB), on Linux; 0 where that cannot be seen."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _from_proc() -> Iterator[Living]:
    for entry in _PROC.glob("[0-9]*"):
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            command = (entry / "cmdline").read_text(errors="replace").replace("\0", " ").strip()  # a zombie has none
        except OSError:  # it ended meanwhile
            continue
        yield Living(int(entry.name), int(parent), command)


def _from_ps() -> Iterator[Living]:
    listed = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        pid, parent, state, command = line.split(None, 3)
        yield Living(int(pid), int(parent), "" if state.startswith("Z") else command)
