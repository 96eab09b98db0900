"""Ends what we started when we can no longer do it ourselves.

A process that is killed with SIGKILL cannot tidy up after itself. So a second, tiny process holds one end of a
pipe; the other end is ours. When the kernel closes it, because we are gone for whatever reason, the watchdog ends
every process group we had told it about. Unlike Linux's parent-death signal this reaches grandchildren as well,
and works on macOS.

The file is also the watchdog's program, run without site-packages so that it starts in some 10 ms.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import IO, Self, cast

GRACE_SECONDS = 3.0


class Watchdog:
    """Ends every group it was asked to watch as soon as this process is gone."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            bufsize=0,  # what could not be told is not kept to be told once more
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
        )
        self._line = cast("IO[bytes]", self._process.stdin)

    def watch(self, group: int) -> None:
        """End `group` if we vanish."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave `group` alone: it has ended, and its number may soon be somebody else's."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End what is still watched, then the watchdog."""
        self._line.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, line: str) -> None:
        """Tell it, if it is there: whoever ends all processes at once ends it, too, and we must still stop the rest."""
        with contextlib.suppress(BrokenPipeError):
            self._line.write(line.encode())


def main() -> None:
    """Note groups until the pipe is closed, then end what is left of them."""
    groups = watched(sys.stdin)
    _signal_all(groups, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = _signal_all(groups, 0)
    _signal_all(groups, signal.SIGKILL)


def watched(lines: Iterable[str]) -> list[int]:
    """Say which groups are still to be ended after these lines."""
    groups: dict[int, None] = {}
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups[group] = None
        else:
            groups.pop(group, None)
    return list(groups)


def _signal_all(groups: list[int], number: int) -> list[int]:
    """Send the signal; return the groups that still exist."""
    alive = []
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):  # macOS says so for a group of zombies
            continue
        alive.append(group)
    return alive


if __name__ == "__main__":
    main()
