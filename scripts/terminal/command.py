"""What all commands at the terminal do alike: find their server, refuse, and end, with no traceback for anybody."""

import os
import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from scripts.venv import ROOT

_FAILED, _USAGE = 1, 2


class Refused(Exception):
    """It is not done; the message says why, and `at_the_terminal` tells it."""


def command_parser(name: str, about: str | None, epilog: str) -> ArgumentParser:
    """Make the parser of `scripts/NAME`. What stands below its options stays as it is written."""
    return ArgumentParser(
        prog=f"scripts/{name}", description=about, epilog=epilog, formatter_class=RawDescriptionHelpFormatter
    )


def add_data_option(parser: ArgumentParser) -> None:
    """Add the option by which a command finds the server of a `./scripts/run`."""
    where = "where ./scripts/run has its data (.data)"
    parser.add_argument("--data", type=Path, default=ROOT / ".data", metavar="DIR", help=where)


def at_the_terminal(main: Callable[[], int], *, stopped: int = 1) -> int:
    r"""Give the exit code of `main`, or `stopped` where it was stopped: by Ctrl-C, or because nobody reads any more.

    What is Refused, or what the machine refuses, as to write to a full disk, is said in one line. A sign that the
    terminal's encoding does not have is written as `\u2192`.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as it is while a command imports what it needs
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _code_of(main)
        if sys.stdout is not None:  # it was closed before the command began
            sys.stdout.flush()
    except BrokenPipeError:
        _write_no_more()
        return stopped
    except OSError as fault:
        with suppress(OSError):  # that disk may be where this is written as well
            _complain(fault)
        _write_no_more()
        return _FAILED
    except KeyboardInterrupt:
        return stopped
    return code


def _code_of(main: Callable[[], int]) -> int:
    """Give the exit code of `main`, of argparse's own end as well: `--help` is printed like anything else."""
    try:
        return main()
    except Refused as why:
        _complain(why)
        return _FAILED
    except UnicodeEncodeError:
        if not any("\ud800" <= sign <= "\udfff" for word in sys.argv for sign in word):
            raise
        _complain(Refused("a word of the command line is no text in the encoding of this terminal"))
        return _USAGE
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        raise


def _complain(why: Exception) -> None:
    print(f"scripts/{Path(sys.argv[0]).name}: {why}", file=sys.stderr)


def _write_no_more() -> None:
    """Have Python's own last flush of what was printed succeed: it can reach nobody."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
