#!/usr/bin/env python3
"""Backfill: the history of an account, from RingCentral's call log into outcomes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

from datetime import UTC, datetime

from runtime import replays
from runtime.replays import Asked, Level
from scripts.replay import told
from scripts.terminal import stretch
from scripts.terminal.command import at_the_terminal
from scripts.terminal.installation import only_account
from scripts.terminal.place import open_place
from scripts.terminal.replay_options import backfill_parser
from scripts.terminal.replay_report import follow
from telephony.selection import Selection


def main() -> int:
    """Ask for a backfill, and watch it."""
    parser = backfill_parser(description=__doc__ or "")
    options = stretch.parse(parser)
    is_over = options.until and options.until < datetime.now(UTC)  # until later than now is until now
    since, until = options.since.timestamp(), options.until.timestamp() if is_over else None
    asked = Asked(level=Level.BACKFILL, selection=Selection(since=since, until=until), deliver=not options.no_delivery)
    with open_place(options.data) as place:
        replay = replays.create(place.redis, only_account(place.settings, options.account), asked)
        if not options.no_follow:
            replay = follow(place.redis, replay)
        return told(place.redis, replay, as_json=options.json)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
