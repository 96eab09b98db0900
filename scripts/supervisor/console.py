"""What the person at the terminal sees: whole lines, each saying which process it is from."""

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from runtime.logs import takes_colours
from scripts.terminal.tables import harmless

COLOURS = (36, 33, 35, 34, 32, 96, 93, 95)  # cyan, yellow, magenta, blue, green, and brighter ones
RESET = "\x1b[0m"
LEGWORK = "legwork"  # our own lines
LOOK_SECONDS = 0.5
PIECE = 1024  # characters; in UTF-8 no more than a pipe takes in one go when it has room


class Console:
    """Prints lines from many threads; coloured on a terminal, plain anywhere else."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        coloured: bool | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Print to `stream`; left out: to standard output, or nowhere if that was closed before we began.

        Whoever reads and stands still is waited for, but not once `stopping` says so.
        """
        self._stream: TextIO | None = stream or sys.stdout
        self._stopping = stopping
        self._coloured = takes_colours(self._stream) if coloured is None else coloured
        self._colours: dict[str, int] = {LEGWORK: 1}  # bold
        self._width = len(LEGWORK)
        self._lock = threading.Lock()

    def introduce(self, name: str) -> None:
        """Give a process its colour and room for its name."""
        self._colours[name] = COLOURS[(len(self._colours) - 1) % len(COLOURS)]
        self._width = max(self._width, len(name))

    def say(self, text: str, *, name: str = LEGWORK) -> None:
        """Print `text`, every line of it under `name`; what names of callers hold does nothing to the terminal."""
        prefix = f"{name:<{self._width}} |"
        if self._coloured:
            prefix = f"\x1b[{self._colours.get(name, 0)}m{prefix}{RESET}"
        self._write("".join(f"{prefix} {harmless(line.expandtabs())}\n" for line in text.splitlines()))

    def show(self, text: str) -> None:
        """Print `text` as it is."""
        self._write(f"{text}\n")

    def close(self) -> None:
        """Let go of what could not be written, so that it does not decide how the command ends."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def _write(self, text: str) -> None:
        """Write if it can be: nobody may read any more, the terminal be gone, the disk full. That stops nothing."""
        if self._stream is None:
            return
        with self._lock, contextlib.suppress(OSError):
            for begin in range(0, len(text), PIECE):
                if not _has_room(self._stream, self._stopping):
                    return
                self._stream.write(text[begin : begin + PIECE])
                self._stream.flush()


def _has_room(stream: TextIO, stopping: Callable[[], bool]) -> bool:
    """Wait until a piece can be written; say no where that takes long and we are to stop."""
    with contextlib.suppress(ValueError):  # what is no file, or none that can be looked at, takes everything
        while not select.select([], [stream], [], LOOK_SECONDS)[1]:
            if stopping():
                return False
    return True
