"""The command line of scripts/ringout.py."""

import argparse
from collections.abc import Callable, Mapping

from scripts.terminal.amounts import number, whole
from scripts.terminal.beginnings import beginning
from scripts.terminal.command import add_data_option, command_parser

EPILOG = """
examples:
  ./scripts/ringout.py call +16505550101 +12125550111 --watch
  ./scripts/ringout.py call --forwarding-number-id 7000000100 +12125550111
  ./scripts/ringout.py follow s-a0d17c2b55f1z0            one that another program has placed
  ./scripts/ringout.py watch ro-5b1f                      the beginning of an id will do
  ./scripts/ringout.py list

A RingOut rings FROM first and TO as soon as FROM has answered. While it is on, its live status is shown; RingCentral
forgets that soon after the end (404), which says nothing of how it ended. That the call log decides: its statuses of
both sides come last. The ringout process does the asking, so it must be running (./scripts/run, or the Procfile).
Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
With --json each command prints JSON.
exit codes: 0 done (of watch: the outcome is known), 1 failed, refused or unknown, 2 usage
"""

Act = Callable[..., int]


def parse(acts: Mapping[str, Act], *, description: str) -> argparse.Namespace:
    """Read the command line; `act` is what to do."""
    parser = command_parser("ringout.py", description, EPILOG)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(act=acts[name])
        made.add_argument("--json", action="store_true", help="print JSON: the RingOut as it is at the end")
        made.add_argument("--account", metavar="NAME", help="the account, by its name in the settings")
        add_data_option(made)
        return made

    call = command("call", "call two numbers, one after the other")
    call.add_argument("numbers", nargs="+", metavar="FROM TO", help="who is rung first, and who is called then")
    call.add_argument("--forwarding-number-id", metavar="ID", help="ring this forwarding number first, not FROM")
    call.add_argument("--caller-id", metavar="NUMBER", help="what TO sees as the caller's number")
    call.add_argument("--prompt", action="store_true", default=None, help="have FROM press 1 before TO is called")
    call.add_argument("--country", metavar="ID", help="read numbers by the dialling plan of this country (id)")
    call.add_argument("--extension", default="~", metavar="ID", help="whose RingOut it is (the user's own)")
    call.add_argument(
        "--key", type=beginning, metavar="TEXT", help="Idempotency-Key: the same key never places a second call"
    )
    _watching(call)
    follow = command("follow", "follow a RingOut that another program has placed, by RingCentral's ringOutId")
    follow.add_argument("ring_out_id", type=beginning, metavar="RINGOUTID")
    follow.add_argument("--extension", default="~", metavar="ID", help="whose RingOut it is (the user's own)")
    follow.add_argument(
        "--key", type=beginning, metavar="TEXT", help="Idempotency-Key: another one has it followed anew"
    )
    _watching(follow)
    watch = command("watch", "show a RingOut until its outcome is known")
    watch.add_argument(
        "id", type=beginning, metavar="ID", help="our id of it, its beginning, or RingCentral's ringOutId"
    )
    _waiting(watch)
    cancel = command("cancel", "cancel a RingOut that is not connected")
    cancel.add_argument("id", type=beginning, metavar="ID", help="as for watch")
    listed = command("list", "the RingOuts asked for last")
    listed.add_argument("--last", type=whole(1), default=20, metavar="N", help="so many (20)")
    options = parser.parse_args()
    if "numbers" in vars(options):
        _ends(parser, options)
    return options


def _watching(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="show what happens until the outcome is known")
    _waiting(parser)


def _waiting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", type=number(0), default=1800.0, metavar="SECONDS", help="give up watching then (1800)"
    )


def _ends(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Tell FROM and TO apart: with a forwarding number there is no FROM."""
    wanted = 1 if options.forwarding_number_id else 2
    if len(options.numbers) != wanted:
        parser.error("give FROM and TO, or --forwarding-number-id and TO")
    options.to = options.numbers[-1]
    options.from_ = options.numbers[0] if wanted > 1 else None
