#!/usr/bin/env python3
"""Follow the outcomes of calls as they are published: a line for each, or the events themselves for machines."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

from redis import Redis, RedisError
from redis.exceptions import NoPermissionError

from scripts.terminal import stretch
from scripts.terminal.amounts import whole
from scripts.terminal.command import add_data_option, at_the_terminal, command_parser
from scripts.terminal.installation import judge_account
from scripts.terminal.moments import moment_option
from scripts.terminal.outcome_table import LEGEND, OutcomeTable
from scripts.terminal.published import LiveChannels, OutcomeLog, Told, Wanted
from scripts.terminal.redis_server import open_redis
from telephony.words import Outcome

DONE = 0
SHOWN_FIRST = 10
RETRY_SECONDS = 1.0
EPILOG = f"""
columns:
{LEGEND}
examples:
  ./scripts/tail.py                                  the last {SHOWN_FIRST}, and whatever comes
  ./scripts/tail.py --live                           also what happens while calls are on
  ./scripts/tail.py --since 2h --once                the last two hours
  ./scripts/tail.py --outcome missed,abandoned       only these
  ./scripts/tail.py --since 1d --once --json | jq    the events, CloudEvents 1.0, one a line

Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
Ctrl-C ends it. exit codes: 0 done, 1 failed, 2 usage
"""


def main() -> int:
    """Show events until there are no more, or until stopped."""
    options = _options()
    show = _Screen(as_json=options.json).show
    with open_redis(options.data) as redis:
        judge_account(redis, options.wanted.account)
        _tail(redis, options, show)
    return DONE


def _tail(redis: Redis, options: argparse.Namespace, show: Callable[[Told], None]) -> None:
    log = OutcomeLog(redis, options.wanted)
    if options.since is not None:
        log.stand_at(options.since)
    for told in log.last(options.last) if options.since is None else log.to_the_end():
        show(told)
    if not options.once:
        _follow(redis, log, options, show)


def _follow(redis: Redis, log: OutcomeLog, options: argparse.Namespace, show: Callable[[Told], None]) -> None:
    """Show what comes, for ever. A Redis that is away is waited for; of the log nothing is missed meanwhile."""
    channels, is_away = None, False
    while True:
        try:
            if options.live and channels is None:
                channels = LiveChannels(redis, options.wanted)
            for told in [*(channels.drain() if channels else ()), *log.wait()]:
                show(told)
            is_away = False
        except NoPermissionError:
            raise  # that does not pass
        except RedisError as fault:
            if not is_away:
                print(f"scripts/tail.py: waiting for Redis: {fault}", file=sys.stderr)
            channels, is_away = None, True
            time.sleep(RETRY_SECONDS)


class _Screen:
    """Prints events, each as soon as it is there."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._table = OutcomeTable()

    def show(self, told: Told) -> None:
        lines = [told.document.decode()] if self._as_json else self._table.lines(told)
        for line in lines:
            print(line, flush=True)


def _options() -> argparse.Namespace:
    parser = command_parser("tail.py", __doc__, EPILOG)
    add = parser.add_argument
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--since",
        type=moment_option,
        metavar="WHEN",
        help="begin at 90s, 15m, 2h, 3d ago, or an ISO time, in UTC unless it names a zone",
    )
    begin.add_argument(
        "--last", type=whole(0), default=SHOWN_FIRST, metavar="N", help=f"begin with the last N ({SHOWN_FIRST})"
    )
    add("--once", action="store_true", help="stop at the end of what is there")
    add("--live", action="store_true", help="also show what happens while calls are on (legwork.call.updated)")
    add("--account", metavar="NAME", help="only this account, by its name in the settings")
    add("--outcome", type=_outcomes, default=frozenset(), metavar="WORD,...", help="only these: " + ", ".join(Outcome))
    add("--json", action="store_true", help="print the events, one a line")
    add_data_option(parser)
    options = stretch.parse(parser)
    if options.live and options.outcome:
        parser.error("--live is about calls that are on: they have no outcome yet")
    if options.live and options.once:
        parser.error("--live is about what comes, --once about what is there")
    options.wanted = Wanted(options.account, options.outcome)
    return options


def _outcomes(text: str) -> frozenset[str]:
    words = frozenset(word.strip().lower() for word in text.split(","))
    if unknown := words - set(Outcome):
        raise argparse.ArgumentTypeError(f"no outcome: {', '.join(sorted(unknown))}; they are {', '.join(Outcome)}")
    return words


if __name__ == "__main__":
    sys.exit(at_the_terminal(main, stopped=DONE))
