#!/usr/bin/env python3
"""Erase a person: every call somebody took part in, by number or extension, everywhere; only the counts are left."""

import argparse
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec

from runtime.leases import LeaseHeld, LeaseLost
from scripts.terminal.beginnings import beginning
from scripts.terminal.command import Refused, add_data_option, at_the_terminal, command_parser
from scripts.terminal.place import open_place
from scripts.terminal.tables import cell
from telephony.traces import TooShort, of_number
from workers.erasing import Erased, UnknownExtension, erase, person

DONE = 0
EPILOG: Final = """
A call is erased whole: notifications, session, record, events, attempts to deliver, dead letters, what waits, replays.
Its id stays, with when it began and that it was erased: so the ledger of ./scripts/audit.py still adds up, and nothing
is told of it again. What destinations were sent already is theirs, and RingCentral's call log is RingCentral's.

examples:
  ./scripts/erase.py --number '(650) 555-0101' --dry-run     what there is, and nothing is erased
  ./scripts/erase.py --number +16505550101
  ./scripts/erase.py --extension 101

It may be killed and run again. docs/ops/privacy.md tells what is kept for how long.
exit codes: 0 done, 1 failed, 2 usage
"""


def main() -> int:
    """Erase, or say what would be."""
    options = _options()
    try:
        with open_place(options.data) as place:
            who = person(place.redis, number=options.number, extension=options.extension)
            retention = place.settings.retention_seconds
            erased = erase(place.redis, who.pattern, retention=retention, dry_run=options.dry_run)
    except (TooShort, UnknownExtension) as fault:
        raise Refused(str(fault)) from fault
    except LeaseHeld as fault:
        raise Refused("a runner did not leave its account for long; run it again") from fault
    except LeaseLost as fault:
        raise Refused("a destination was removed, or Redis was slow; run it again") from fault
    if options.json:
        document = {"dryRun": options.dry_run, **msgspec.to_builtins(erased), "extensionIds": who.extension_ids}
        print(msgspec.json.encode(document).decode())
    else:
        print("\n".join(_lines(erased, dry_run=options.dry_run)))
        when = (
            "once its calls are erased no event tells its number"
            if options.dry_run
            else "no event tells its number now"
        )
        for one in who.extension_ids:
            print(f"its id is {cell(one)}: note it, for {when}, and what comes later is found by the id")
    return DONE


def _lines(erased: Erased, *, dry_run: bool) -> list[str]:
    what = "would be erased" if dry_run else "erased"
    lines = [f"{erased.calls} calls {what}"]
    lines += [f"  {count:>7}  {kind}" for kind, count in erased.places.items()]
    lines += [f"destination {one} names this person in its filters: change it yourself" for one in erased.filters]
    return lines


def _options() -> argparse.Namespace:
    parser = command_parser("erase.py", __doc__, EPILOG)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--number", type=_number, metavar="NUMBER", help="a phone number, in any spelling")
    who.add_argument("--extension", type=beginning, metavar="EXT", help="an extension, by its id or its number")
    add = parser.add_argument
    add("--dry-run", action="store_true", help="say what there is, and erase nothing")
    add("--json", action="store_true", help="print one JSON document")
    add_data_option(parser)
    return parser.parse_args()


def _number(text: str) -> str:
    try:
        of_number(text)
    except TooShort as fault:
        raise argparse.ArgumentTypeError(
            f"{fault}: others' calls would be found by it; extensions have --extension"
        ) from fault
    return text


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
