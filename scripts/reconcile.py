#!/usr/bin/env python3
"""Compare RingCentral's call log with what we know, now: say what was missing, and have it healed."""

import argparse
import math
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec
from redis import Redis
from tqdm import tqdm

from runtime import comparisons, lifetimes
from runtime.clocks import redis_time
from runtime.comparisons import Comparison, Why
from scripts.terminal import stretch
from scripts.terminal.amounts import number
from scripts.terminal.command import at_the_terminal, command_parser
from scripts.terminal.installation import accounts_of
from scripts.terminal.moments import times_told
from scripts.terminal.place import open_place
from scripts.terminal.redis_server import patiently
from scripts.terminal.replay_report import NOBODY_SECONDS
from telephony.times import moment_at

DONE, FAILED = 0, 1
LOOK_SECONDS = 0.5
USUAL_SECONDS = 3600.0
NOBODY = "nothing was asked yet: is a `python -m workers resolve` running? ./scripts/doctor.py looks"
EPILOG = """
The resolve workers do it, window by window: the first few at once, the others with what the budget of requests has to
spare, because calls that are on come first. The command only asks and watches: Ctrl-C leaves it going on, and so does
whatever happens to a worker.

  in log     calls that RingCentral's log showed in this time
  missing    those that no notification had told of
  healed     those that got their first outcome from it: missing ones, and such that were open or given up
             (a call whose record came only a moment ago gets its outcome a little later)

Calls older than RETENTION_SECONDS are ./scripts/backfill.py's.
Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
exit codes: 0 compared to the end (or asked for, with --no-wait), 1 failed or not done in time, 2 usage
"""


def main() -> int:
    """Ask for the comparison, and watch it."""
    options = _options()
    try:
        with open_place(options.data) as (redis, settings):
            now = redis_time(redis)
            kept_since = lifetimes.kept_since(redis, settings.retention_seconds, now=now)
            since, until = stretch.stretch(options, usual_seconds=USUAL_SECONDS, now=now, kept_since=kept_since)
            names = accounts_of(settings, options.account)
            asked = {name: comparisons.ask(redis, name, Why.ASKED, since=since, until=until) for name in names}
            if options.wait:
                asked = {name: _watched(redis, name, one, options.timeout) for name, one in asked.items()}
    except KeyboardInterrupt:
        print("it goes on without being watched", file=sys.stderr)
        return FAILED
    if options.json:
        print(
            msgspec.json.encode(
                {"items": [{"account": name, **_document(one)} for name, one in asked.items()]}
            ).decode()
        )
    else:
        for name, one in asked.items():
            print("\n".join(_lines(name, one)))
    return DONE if not options.wait or all(one.done_at is not None for one in asked.values()) else FAILED


def _watched(redis: Redis, account: str, one: Comparison, seconds: float) -> Comparison:
    """Show how far it is, until it is done or the time is over."""
    began = time.monotonic()
    deadline, warns_at = began + seconds, began + NOBODY_SECONDS
    with tqdm(total=100, unit="%", desc=account, delay=1.0, leave=False, file=sys.stderr, disable=None) as bar:
        while one.done_at is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            one = patiently(partial(comparisons.get, redis, account, one.id), until=deadline) or one
            bar.update(int(100 * one.share) - int(bar.n))
            bar.set_postfix(missing=one.missing, healed=one.healed)
            if time.monotonic() >= warns_at and not one.requests and one.done_at is None:
                bar.write(f"{account}: {NOBODY}", file=sys.stderr)
                warns_at = math.inf
    return one


def _document(one: Comparison) -> dict[str, object]:
    document = times_told(msgspec.to_builtins(one), "since", "until", "askedAt", "position", "doneAt")
    del document["narrowing"]  # resolve's own
    return document


def _lines(account: str, one: Comparison) -> list[str]:
    span = f"{_text(one.since)} to {_text(one.until)} UTC"
    if one.done_at is None:
        return [f"{account}: {span}: {one.share:.0%} compared so far; it goes on by itself ({one.id})"]
    counts = f"{one.in_log:,} in log, {one.missing:,} missing, {one.healed:,} healed, by {one.requests} requests"
    passed_over = [f"  for {one.passed_over:.0f} s of it RingCentral has no answer"] if one.passed_over else []
    return [f"{account}: {span}: {counts}", *passed_over, *(f"  missing: {call}" for call in one.calls)]


def _text(seconds: float) -> str:
    return f"{moment_at(seconds):%Y-%m-%d %H:%M:%S}"


def _options() -> argparse.Namespace:
    parser = command_parser("reconcile.py", __doc__, EPILOG)
    stretch.add_options(parser, usual="1h")
    add = parser.add_argument
    add("--no-wait", dest="wait", action="store_false", help="only ask for it")
    add("--timeout", type=number(0), default=3600.0, metavar="SECONDS", help="how long to watch (3600)")
    return stretch.parse(parser)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
