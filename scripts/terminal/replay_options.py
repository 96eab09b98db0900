"""The command lines of `scripts/replay.py` and `scripts/backfill.py`."""

import argparse
from typing import Final

from runtime.replays import Level
from scripts.terminal import stretch
from scripts.terminal.beginnings import beginning
from scripts.terminal.command import add_data_option, command_parser
from scripts.terminal.moments import moment_option
from telephony.search_terms import spellings
from telephony.selection import Selection
from telephony.words import Outcome

REPLAY_EPILOG: Final = """
levels:
  deliver   send the stored event of each call again, to every destination that wants it (or to --destination)
  refetch   ask the call log again, derive, and publish a new revision if anything changed
  raw       fold the notifications that are still stored again with today's rules, then refetch

examples:
  ./scripts/replay.py s-a0d17c2b                            one call, by the beginning of its telephonySessionId
  ./scripts/replay.py --since 2d --outcome missed --dry-run     what would change, and nothing is published
  ./scripts/replay.py --level raw --since 1d --dry-run          after a new version: which calls its rules change
  ./scripts/replay.py --unresolved                          ask once more for all final records that never came
  ./scripts/replay.py --level deliver --failed --destination dst_3f     send again what a CRM never took
  ./scripts/replay.py --list                                what was asked for lately; --show ID, --cancel ID

Asking twice for the same is asking once. A replay goes on after whatever was killed; Ctrl-C only stops watching it.
For a handful of calls requests go before live ones, for many only what these leave over is used.
Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
exit codes: 0 done, 1 failed or cancelled, 2 usage
"""

BACKFILL_EPILOG: Final = """
Every call of RingCentral's call log that began since then gets its outcome (`trigger` is `backfill`), newest first, a
thousand calls for each request, with what live calls leave of the budget. Calls that have one already change nothing.

examples:
  ./scripts/backfill.py --since 30d                      a month into the outcome log, and to destinations
  ./scripts/backfill.py --since 2026-01-01 --until 2026-04-01 --no-delivery     into the outcome log alone

It goes on after whatever was killed; Ctrl-C only stops watching: ./scripts/replay.py --show ID, --cancel ID.
exit codes: 0 done, 1 failed or cancelled, 2 usage
"""


def replay_parser(*, description: str) -> argparse.ArgumentParser:
    """Make the parser of the command that replays."""
    parser = _parser("replay.py", description, REPLAY_EPILOG)
    add = parser.add_argument
    add("calls", type=beginning, metavar="SESSION", nargs="*", help="telephonySessionId of a call, or its beginning")
    levels = [level.value for level in (Level.DELIVER, Level.REFETCH, Level.RAW)]
    add("--level", choices=levels, default=Level.REFETCH.value, help="how far back to begin (refetch)")
    add(
        "--since",
        type=moment_option,
        metavar="WHEN",
        help="calls that began since then: 90s, 15m, 2h, 3d ago, or an ISO time, in UTC unless it names a zone",
    )
    add("--until", type=moment_option, metavar="WHEN", help="calls that began until then")
    add(
        "--number", type=_number, metavar="NUMBER", help="calls somebody with this number took part in, in any spelling"
    )
    add("--extension", type=beginning, metavar="EXT", help="calls this extension took part in, by id or number")
    add("--outcome", type=_outcomes, default=(), metavar="WORDS", help="calls that ended so: " + ", ".join(Outcome))
    add(
        "--destination",
        type=beginning,
        metavar="ID",
        help="calls whose last event this destination wants; with deliver only to it",
    )
    add("--unresolved", action="store_true", help="calls whose final record never came")
    add("--failed", action="store_true", help="calls with events a destination was never able to take")
    add("--dry-run", action="store_true", help="say what would change and publish nothing")
    asked_before = parser.add_mutually_exclusive_group()
    asked_before.add_argument("--list", action="store_true", help="list the last replays and backfills")
    asked_before.add_argument("--show", type=beginning, metavar="ID", help="show one, and what it found")
    asked_before.add_argument("--cancel", type=beginning, metavar="ID", help="stop one; what it has published stays")
    return parser


def parse_replay(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line. Either calls are meant, or what was asked for before: to stop one is never only tried."""
    options = stretch.parse(parser)
    names_calls = not selection(options, tuple(options.calls)).is_everything
    if options.list or options.show or options.cancel:
        if names_calls or options.dry_run:
            parser.error("--list, --show and --cancel are about what was asked for before: name no calls with them")
    elif not names_calls:
        parser.error("name calls, or say which: --since, --number, --outcome, --unresolved, --failed, ...")
    return options


def backfill_parser(*, description: str) -> argparse.ArgumentParser:
    """Make the parser of the command that backfills."""
    parser = _parser("backfill.py", description, BACKFILL_EPILOG)
    add = parser.add_argument
    add(
        "--since",
        type=moment_option,
        metavar="WHEN",
        required=True,
        help="calls that began since then: 30d ago, 2026-01-01 (UTC)",
    )
    add("--until", type=moment_option, metavar="WHEN", help="calls that began until then (now)")
    add("--no-delivery", action="store_true", help="write outcomes into the log and send them to no destination")
    return parser


def selection(options: argparse.Namespace, calls: tuple[str, ...]) -> Selection:
    """Say which calls the command line means."""
    return Selection(
        calls=calls,
        since=options.since and options.since.timestamp(),
        until=options.until and options.until.timestamp(),
        number=options.number,
        extension=options.extension,
        outcomes=options.outcome,
        destination=options.destination,
        unresolved=options.unresolved,
        failed=options.failed,
    )


def _parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    parser = command_parser(name, description, epilog)
    add = parser.add_argument
    add("--account", metavar="NAME", help="the account, by its name in the settings, where there are several")
    add("--no-follow", action="store_true", help="ask for it and return at once")
    add("--json", action="store_true", help="print one JSON document")
    add_data_option(parser)
    return parser


def _number(text: str) -> str:
    if not spellings(text):
        raise argparse.ArgumentTypeError(f"{text!r} holds no number")
    return text


def _outcomes(text: str) -> tuple[Outcome, ...]:
    words = [word.strip().lower() for word in text.split(",")]
    if unknown := set(words) - set(Outcome):
        raise argparse.ArgumentTypeError(f"no outcome: {', '.join(sorted(unknown))}; they are {', '.join(Outcome)}")
    return tuple(Outcome(word) for word in words)
