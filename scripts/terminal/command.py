"""What all commands at the terminal do alike: find their server, refuse, and end, with no traceback for anybody."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from scripts.venv import ROOT


class Refused(Exception):  # noqa: N818 - named for what happened
    """It is not done; the message says why."""


def add_data_option(parser: ArgumentParser) -> None:
    """Add the option by which a command finds the server of a `./scripts/run`."""
    where = "where ./scripts/run has its data (.data)"
    parser.add_argument("--data", type=Path, default=ROOT / ".data", metavar="DIR", help=where)


def at_the_terminal(main: Callable[[], int], *, stopped: int = 1) -> int:
    r"""Give the exit code of `main`, or `stopped` where it was stopped: by Ctrl-C, or because nobody reads any more.

    A sign that the terminal's encoding does not have is written as `\u2192`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        if sys.stdout is not None:  # it was closed before the command began
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor can Python's last flush reach anybody
        return stopped
    except KeyboardInterrupt:
        return stopped
    return code
