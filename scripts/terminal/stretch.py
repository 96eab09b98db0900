"""Which calls a command about completeness looks at: the options for when they began and whose they are."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from scripts.terminal.moments import moment
from scripts.venv import ROOT


class Stretch(NamedTuple):
    """From when until when calls began. Seconds since 1970."""

    since: float
    until: float


def add_options(parser: argparse.ArgumentParser, *, usual: str) -> None:
    """Add the options; `usual` says how long a stretch is when nothing is said."""
    add = parser.add_argument
    add(
        "--since",
        type=_moment,
        metavar="WHEN",
        help=f"calls that began since 90s, 15m, 2h, 3d ago, or a time ({usual})",
    )
    add("--until", type=_moment, metavar="WHEN", help="calls that began until then (now)")
    add("--account", metavar="NAME", help="only this account of the settings")
    add("--json", action="store_true", help="print JSON")
    add("--data", type=Path, default=ROOT / ".data", metavar="DIR", help="where ./scripts/run has its data (.data)")


def stretch(options: argparse.Namespace, *, usual_seconds: float, now: float, retention: float) -> Stretch:
    """Give the stretch that is meant, as far as it is in what is kept; an empty one where it is not."""
    until = min(options.until.timestamp() if options.until else now, now)
    since = options.since.timestamp() if options.since else until - usual_seconds
    since = max(since, now - retention)
    return Stretch(since, max(since, until))


def _moment(text: str) -> datetime:
    return moment(text, now=datetime.now(UTC))
