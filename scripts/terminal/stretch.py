"""Which calls a command about completeness looks at: the options for when they began and whose they are."""

import argparse
from datetime import UTC, datetime
from typing import NamedTuple

from scripts.terminal.command import Refused, add_data_option
from scripts.terminal.moments import moment_option
from telephony.times import moment_at


class Stretch(NamedTuple):
    """From when until when calls began. Seconds since 1970."""

    since: float
    until: float


def add_options(parser: argparse.ArgumentParser, *, usual: str) -> None:
    """Add the options; `usual` says how long a stretch is when nothing is said."""
    add = parser.add_argument
    add(
        "--since",
        type=moment_option,
        metavar="WHEN",
        help=f"calls that began since 90s, 15m, 2h, 3d ago, or a time, in UTC unless it names a zone ({usual})",
    )
    add("--until", type=moment_option, metavar="WHEN", help="calls that began until then (now)")
    add("--account", metavar="NAME", help="only this account of the settings")
    add("--json", action="store_true", help="print JSON")
    add_data_option(parser)


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line. That a stretch ends before it begins, or has not begun, is a mistake and no good news."""
    options, now = parser.parse_args(), datetime.now(UTC)
    since, until = getattr(options, "since", None), getattr(options, "until", None)  # not every command has both
    if since and since >= min(until or now, now):
        parser.error("--since must be before --until, and before now")
    return options


def stretch(options: argparse.Namespace, *, usual_seconds: float, now: float, kept_since: float) -> Stretch:
    """Give the stretch that is meant, as far as it is in what is kept. Raises Refused where none of it is."""
    until = min(options.until.timestamp() if options.until else now, now)
    since = options.since.timestamp() if options.since else until - usual_seconds
    if until <= kept_since:
        raise Refused(f"calls are known since {moment_at(kept_since):%Y-%m-%d %H:%M} UTC")
    since = max(since, kept_since)
    return Stretch(since, max(since, until))  # moments are read by this machine's clock, which may be ahead of Redis's
