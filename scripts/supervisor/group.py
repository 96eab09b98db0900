"""One child process in a process group of its own, which never outlives us."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from scripts.supervisor.watchdog import Watchdog

# The child waits for our word before it becomes the program. Should we die between starting it and telling the
# watchdog about it, `read` meets the end of the pipe and nothing is started at all.
WAIT_FOR_THE_WORD = 'read -r go && exec "$@" </dev/null'


class Group:
    """A running program and all of its descendants: signalled first politely, then together."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        watchdog: Watchdog,
        stdout: int | IO[bytes],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
        umask: int = -1,
    ) -> None:
        self._watchdog = watchdog
        self._gone = False
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", WAIT_FOR_THE_WORD, "sh", *argv],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
            umask=umask,
            start_new_session=True,
        )
        watchdog.watch(self.pid)
        self._give_the_word()

    @property
    def pid(self) -> int:
        """The leader's process id, which is also the group's."""
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        """What the program prints, when started with `stdout=PIPE`."""
        return cast("IO[bytes]", self._process.stdout)

    def exit_code(self) -> int | None:
        """Say how the leader ended; None while it runs. Whatever it left behind is killed first."""
        code = self._process.poll()
        if code is not None:
            self.kill()
        return code

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader alone: it knows how to stop its own children in good order."""
        self._process.send_signal(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if it is there still."""
        if not self._gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def stop(self, *, grace: float) -> int:
        """Ask, wait `grace` seconds, then end the whole group; return the leader's exit code."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        return self.kill()

    def kill(self) -> int:
        """End the whole group at once; return the leader's exit code. Once is enough: later the number is free."""
        if not self._gone:
            self.send(signal.SIGKILL)
            self._gone = True
            self._process.wait()
            self._watchdog.forget(self.pid)
        return self._process.returncode

    def _give_the_word(self) -> None:
        with contextlib.suppress(BrokenPipeError), cast("IO[bytes]", self._process.stdin) as stdin:
            stdin.write(b"go\n")
