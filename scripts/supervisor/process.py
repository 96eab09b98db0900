"""One process of the Procfile, kept running."""

import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from scripts.supervisor.console import Console
from scripts.supervisor.group import Group
from scripts.supervisor.procfile import Entry
from scripts.supervisor.watchdog import Watchdog

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
UP_LONG_ENOUGH = 10.0  # seconds after which the next end counts as the first again


def pause_before_restart(previous: float | None, *, uptime: float) -> float:
    """Say how long to wait: doubling while it ends again and again, from the start once it stayed up."""
    if previous is None or uptime >= UP_LONG_ENOUGH:
        return FIRST_PAUSE
    return min(previous * 2, LONGEST_PAUSE)


class Process:
    """Runs a command and starts it again whenever it ends, whatever its exit code: an RQ worker that crashed says 0."""

    def __init__(
        self, entry: Entry, *, env: Mapping[str, str], cwd: Path, watchdog: Watchdog, console: Console
    ) -> None:
        self.name = entry.name
        self._command = entry.command
        self._env = env
        self._cwd = cwd
        self._watchdog = watchdog
        self._console = console
        self._group: Group | None = None
        self._pause: float | None = None
        self._started_at = 0.0
        self._due_at = 0.0
        console.introduce(entry.name)

    @property
    def group(self) -> Group | None:
        """The running program, if it runs."""
        return self._group

    def look_after(self, *, now: float) -> None:
        """Start the process when it is due; notice its end. `now` is a monotonic clock's."""
        if self._group is None:
            if now >= self._due_at:
                self._start(now)
            return
        code = self._group.exit_code()
        if code is None:
            return
        self._group = None
        self._pause = pause_before_restart(self._pause, uptime=now - self._started_at)
        self._due_at = now + self._pause
        self._say(f"ended ({ending(code)}); starts again in {self._pause:g} s")

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if it runs."""
        if self._group is not None:
            self._group.ask_to_stop()

    def has_ended(self) -> bool:
        """Say whether nothing of it runs any more."""
        return self._group is None or self._group.exit_code() is not None

    def kill(self) -> None:
        """End it and all of its children at once."""
        if self._group is not None:
            self._group.kill()
            self._group = None

    def _start(self, now: float) -> None:
        self._group = Group(
            ("/bin/sh", "-c", f"exec {self._command}"),
            watchdog=self._watchdog,
            stdout=subprocess.PIPE,
            env=self._env,
            cwd=self._cwd,
        )
        self._started_at = now
        threading.Thread(target=self._pass_on, args=(self._group.output,), daemon=True).start()

    def _pass_on(self, output: IO[bytes]) -> None:
        """Print what the process prints, until the last of its children has closed its output."""
        with output:
            for line in output:
                self._say(line.decode(errors="replace").rstrip())

    def _say(self, text: str) -> None:
        self._console.say(text, name=self.name)


def ending(code: int) -> str:
    """Say in words how a process ended."""
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"
