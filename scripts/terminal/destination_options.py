"""The command line of `scripts/destinations.py`."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from runtime.deliveries.attempts import Blame
from runtime.deliveries.redrive import LEAST_PER_SECOND, MOST_PER_SECOND
from scripts.terminal import stretch
from scripts.terminal.amounts import number, whole
from scripts.terminal.beginnings import beginning
from scripts.terminal.command import add_data_option, command_parser
from scripts.terminal.moments import moment_option
from telephony.destination_faults import DIRECTIONS
from telephony.destinations import FIELDS, Include
from telephony.words import Outcome

Act = Callable[..., object]

USUAL_WAIT: Final = 20.0

EPILOG: Final = """
A destination is an endpoint of a CRM that is sent the events of calls, signed by Standard Webhooks. It begins with what
is published after it was added. An ID may be shortened, as long as only one destination begins so.

examples:
  ./scripts/destinations.py add https://crm.example/hook           all outcomes
  ./scripts/destinations.py add https://crm.example/hook --outcome missed,voicemail --direction Inbound
  ./scripts/destinations.py add https://crm.example/hook --create-only     one event for each call, never an update
  ./scripts/destinations.py test dst_3f                            send a test, and see what is answered
  ./scripts/destinations.py show dst_3f                            how far behind it is, and its last attempts
  ./scripts/destinations.py redrive dst_3f --since 1d --dry-run    how many failed within a day and were never taken
  ./scripts/destinations.py rotate dst_3f                          a new secret; the old one signs along for a day

The URL must be https:// and lead to the public internet, unless ALLOW_PRIVATE_DESTINATIONS names its network.
docs/consumers/README.md shows how to receive. Redis is the one of REDIS_URL, in the environment or in .env, else the
embedded server of a running ./scripts/run; set the same SECRETS_KEY as for the workers.
With --json each command prints JSON.
exit codes: 0 done, 1 failed or no such destination, 2 usage
"""

_LISTS: Final = (
    ("--account", "accounts", "NAME", "only calls of these accounts, by name or RingCentral's id"),
    ("--extension", "extensions", "ID", "only calls of these extensions, by RingCentral's id (by number: --number)"),
    ("--number", "numbers", "NUMBER", "only calls from or to one of these numbers, of extensions as well"),
)
_CHOICES: Final = (
    ("--outcome", "outcomes", "WORD", "only these", tuple(Outcome)),
    ("--direction", "directions", "WORD", "only these", DIRECTIONS),
    ("--field", "fields", "NAME", "send only these fields of `data`", tuple(sorted(FIELDS))),
)


def parse(acts: Mapping[str, Act], *, description: str) -> argparse.Namespace:
    """Read the command line; `act` is what it asks for."""
    parser = command_parser("destinations.py", description, EPILOG)
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--json", action="store_true", help="print JSON")
    add_data_option(every)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (about, add_options) in _COMMANDS.items():
        command = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=[every])
        add_options(command)
        command.set_defaults(act=acts[name])
    return stretch.parse(parser)


def _nothing(_: argparse.ArgumentParser) -> None:
    pass


def _one(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", type=beginning, metavar="ID", help="the destination's id, or its beginning")


def _draft(command: argparse.ArgumentParser) -> None:
    command.add_argument("url", metavar="URL", help="where events are sent")
    _wishes(command)


def _changes(command: argparse.ArgumentParser) -> None:
    _one(command)
    command.add_argument("--url", default=argparse.SUPPRESS, help="where events are sent")
    _wishes(command)


def _wishes(command: argparse.ArgumentParser) -> None:
    """Add what can be said of a destination. What is not said is absent from the options."""
    absent: dict[str, Any] = {"default": argparse.SUPPRESS}
    included = [one.value for one in Include]
    command.add_argument("--include", choices=included, help="which events: outcome (usual), ended or both", **absent)
    for flag, name, metavar, about in _LISTS:
        command.add_argument(flag, dest=name, type=_words, metavar=f"{metavar},...", help=about, **absent)
    for flag, name, metavar, about, known in _CHOICES:
        told = f"{about}: {', '.join(known)}"
        command.add_argument(flag, dest=name, type=_some_of(known), metavar=f"{metavar},...", help=told, **absent)
    yes_or_no = argparse.BooleanOptionalAction
    command.add_argument(
        "--create-only", action=yes_or_no, help="send one event for each call, once it will not change", **absent
    )
    command.add_argument("--mask", action=yes_or_no, help="hide names, and all but the end of numbers", **absent)
    command.add_argument(
        "--operator", action=yes_or_no, help="send it also what whoever runs Legwork should know", **absent
    )
    command.add_argument("--description", metavar="TEXT", help="a note for people", **absent)


def _rotate(command: argparse.ArgumentParser) -> None:
    _one(command)
    command.add_argument(
        "--overlap",
        type=number(0, 30 * 24),
        default=24.0,
        metavar="HOURS",
        help="how long the old secret signs along (24)",
    )


def _test(command: argparse.ArgumentParser) -> None:
    _one(command)
    command.add_argument(
        "--wait",
        type=number(0, 3600),
        default=USUAL_WAIT,
        metavar="SECONDS",
        help="how long to wait for its answer (20)",
    )


def _redrive(command: argparse.ArgumentParser) -> None:
    _one(command)
    command.add_argument(
        "--since",
        type=moment_option,
        metavar="WHEN",
        help="published since 90s, 15m, 2h, 3d ago, or a time, in UTC unless it names a zone",
    )
    command.add_argument("--until", type=moment_option, metavar="WHEN", help="published until then")
    command.add_argument(
        "--blame", type=_some_of(Blame), default=(), metavar="WORD,...", help="failed by fault of: theirs, ours, ..."
    )
    command.add_argument("--everything", action="store_true", help="also what was taken; a receiver knows it by its id")
    command.add_argument(
        "--per-second",
        type=number(LEAST_PER_SECOND, MOST_PER_SECOND),
        default=50.0,
        metavar="N",
        help="send at most so many in a second (50)",
    )
    command.add_argument("--dry-run", action="store_true", help="only say how many they are")
    command.add_argument("--follow", action="store_true", help="show how far it is, until all were sent")


def _attempts(command: argparse.ArgumentParser) -> None:
    _one(command)
    command.add_argument("--last", type=whole(1, 10_000), default=20, metavar="N", help="show the last N (20)")


def _words(text: str) -> tuple[str, ...]:
    """Read words between commas; an empty text is no word, which for a filter means all."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _some_of(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Make the type of an option that takes words between commas, all of them `known`, in whatever case."""
    written = {word.casefold(): str(word) for word in known}

    def read(text: str) -> tuple[str, ...]:
        words = _words(text)
        if unknown := [word for word in words if word.casefold() not in written]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: must be of {', '.join(written.values())}")
        return tuple(written[word.casefold()] for word in words)

    return read


_COMMANDS: Final[Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]] = {
    "add": ("add a destination, and show its secret, this once", _draft),
    "list": ("list all destinations", _nothing),
    "show": ("tell what a destination is sent and how it fares", _one),
    "change": ("change what is named, and leave the rest", _changes),
    "pause": ("send nothing for now; what is published is kept for it", _one),
    "resume": ("send again, beginning with what was kept", _one),
    "rotate": ("make a new secret, and show it, this once", _rotate),
    "test": ("send a test event, and wait for its answer", _test),
    "attempts": ("show what was sent and what came back, the newest last", _attempts),
    "redrive": ("send again what failed and was never taken", _redrive),
    "remove": ("remove a destination and all that is kept for it", _one),
}
