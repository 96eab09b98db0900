"""What the person at the terminal sees: whole lines, each saying which process it is from."""

import contextlib
import os
import sys
import threading
from typing import TextIO

from runtime.logs import takes_colours
from scripts.terminal.tables import harmless

COLOURS = (36, 33, 35, 34, 32, 96, 93, 95)  # cyan, yellow, magenta, blue, green, and brighter ones
RESET = "\x1b[0m"
LEGWORK = "legwork"  # our own lines


class Console:
    """Prints lines from many threads; coloured on a terminal, plain anywhere else."""

    def __init__(self, stream: TextIO | None = None, *, coloured: bool | None = None) -> None:
        """Print to `stream`; left out: to standard output, or nowhere if that was closed before we began."""
        self._stream: TextIO | None = stream or sys.stdout
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
            self._stream.write(text)
            self._stream.flush()
