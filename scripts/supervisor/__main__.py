"""The whole product with one command, and RingCentral in a box when no real one is configured."""

from scripts.venv import ROOT, end_at_ctrl_c

if __name__ == "__main__":
    end_at_ctrl_c()

import argparse
import os
import secrets
import shlex
import sys
from contextlib import closing
from pathlib import Path

from redis import RedisError

from runtime.settings import SettingsError
from scripts.supervisor.console import Console
from scripts.supervisor.demo import Play
from scripts.supervisor.embedded import EmbeddedServerError, GivenUpError
from scripts.supervisor.ports import Ports
from scripts.supervisor.preparation import PreparationError, prepare
from scripts.supervisor.procfile import ProcfileError
from scripts.supervisor.running import run
from scripts.supervisor.stopping import StopRequest
from scripts.terminal.amounts import positive, whole
from scripts.terminal.command import at_the_terminal

HUMAN_RATE, BRISK_RATE = 0.2, 2.0
DONE, FAILED = 0, 1
FAULTS = (PreparationError, ProcfileError, SettingsError, EmbeddedServerError, RedisError, OSError)
EPILOG = """
Without RingCentral credentials (RC_APP_CLIENT_ID and the like, or ACCOUNTS_FILE; see .env.example) RingCentral in a
box stands in and plays calls; --box='--mean-duration 180 --lag 0,120' makes them more like real ones. Ctrl-C stops
everything in good order; twice, at once.
Exit codes: 0 done, 1 failed (with --exit: some call was not reported as it should be), 2 usage.
"""


def main() -> int:
    """Run the product until Ctrl-C or, with `--exit`, until all played calls are reported."""
    parser = _parser()
    options = parser.parse_args()
    if options.exit and options.calls is None:
        parser.error("--exit needs --calls N: how many to wait for")
    rate = options.rate or (HUMAN_RATE if options.calls is None else BRISK_RATE)
    play = Play(options.calls, rate, options.seed, options.exit, options.timeout, options.box)
    stop = StopRequest()
    stop.listen()
    try:
        with Ports() as ports, closing(Console(stopping=stop.is_wanted)) as console:
            prepared = prepare(os.environ, root=ROOT, box_options=play.box_options, ports=ports)
            if options.calls is not None and prepared.box_url is None:
                parser.error("--calls is for RingCentral in a box, but credentials of the real one are set")
            succeeded = run(prepared, play, console=console, stop=stop, root=ROOT, data=options.data)
    except GivenUpError:
        return FAILED if options.exit else DONE  # nobody asked for more
    except FAULTS as fault:
        print(f"scripts/run: {fault}", file=sys.stderr)
        return FAILED
    return DONE if succeeded else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/run", description=__doc__, epilog=EPILOG)
    add = parser.add_argument
    add("--calls", type=whole(1), metavar="N", help="play N calls; left out: play for ever")
    add("--exit", action="store_true", help="wait until all N are reported, compare, print a summary, and end")
    add("--rate", type=positive, metavar="R", help="calls begun a second (0.2; with --calls 2)")
    add("--seed", type=int, default=secrets.randbelow(10**6), metavar="S", help="the same seed plays the same calls")
    add("--timeout", type=positive, metavar="SECONDS", help="with --exit: how long all outcomes may take")
    add(
        "--box",
        type=_shell_words,
        default="",
        metavar="OPTIONS",
        help="further options of scripts/simulate.py, in one word",
    )
    add("--data", type=Path, default=ROOT / ".data", metavar="DIR", help="where the embedded server's data is (.data)")
    return parser


def _shell_words(text: str) -> str:
    """Quote each word again, so that the shell that starts the box finds words and nothing else."""
    try:
        return shlex.join(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
