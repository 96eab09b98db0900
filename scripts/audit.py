#!/usr/bin/env python3
"""Prove that no call is missing: where every call stands that RingCentral's log or a notification ever showed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec
from tqdm import tqdm

from runtime import audit, lifetimes
from runtime.audit import HOUR, Hour
from runtime.audit_documents import counts_document, hour_document
from runtime.clocks import redis_time
from scripts.terminal import stretch
from scripts.terminal.audit_report import report
from scripts.terminal.command import at_the_terminal, command_parser
from scripts.terminal.installation import accounts_of
from scripts.terminal.place import Place, open_place
from telephony.completeness import MEANINGS, Standing

DONE, FAILED = 0, 1
USUAL_SECONDS = 86400.0
EPILOG = (
    "columns, for the hour in which calls began:\n"
    "  known        all calls that a notification or RingCentral's call log showed\n"
    "  in log       those that the call log has shown\n"
    + "\n".join(f"  {place:<12} {meaning}" for place, meaning in MEANINGS.items())
    + """
  by trigger   what made us look at the published ones: their notifications, a comparison with the log, ...
  quarantined  bodies that arrived in the hour and that no notification could be read from; they are no calls

known = published + open + waiting + unresolved + suppressed, or else the calls that are missing are named below the
table. ./scripts/reconcile.py asks RingCentral's log again; ./scripts/explain.py SESSION tells all about one call.
Calls are known for RETENTION_SECONDS. docs/ops/completeness.md says what to do about each column.
Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
exit codes: 0 every call is accounted for, 1 one is not, or it failed, 2 usage
"""
)


def main() -> int:
    """Count, show, and say by the exit code whether every call is accounted for."""
    options = _options()
    with open_place(options.data) as place:
        names = accounts_of(place.settings, options.account)
        found = _counted(place, names, options)
    everything = audit.total(hour for hours in found.values() for hour in hours)
    if options.json:
        items = [hour_document(name, hour) for name, hours in found.items() for hour in hours if _says_something(hour)]
        print(msgspec.json.encode({"items": items, "total": counts_document(everything)}).decode())
    else:
        print("\n".join(report({name: list(filter(_says_something, hours)) for name, hours in found.items()})))
    return FAILED if everything.count(Standing.UNEXPLAINED) else DONE


def _counted(place: Place, names: Sequence[str], options: argparse.Namespace) -> dict[str, list[Hour]]:
    """Count the hours asked for, with a bar while it takes long. Nothing is taken from an earlier count."""
    now = redis_time(place.redis)
    kept_since = lifetimes.kept_since(place.redis, place.settings.retention_seconds, now=now)
    since, until = stretch.stretch(options, usual_seconds=USUAL_SECONDS, now=now, kept_since=kept_since)
    count = len(names) * (int(until // HOUR) - int(since // HOUR) + 1)
    found: dict[str, list[Hour]] = {name: [] for name in names}
    with tqdm(total=count, unit=" hours", delay=1.0, leave=False, file=sys.stderr, disable=None) as bar:
        for name, hours in found.items():
            bar.set_description(name, refresh=False)
            for hour in audit.hours(place.redis, name, since=since, until=until, fresh=True):
                hours.append(hour)
                bar.update()
    return found


def _says_something(hour: Hour) -> bool:
    return bool(hour.known or hour.in_log or hour.quarantined)


def _options() -> argparse.Namespace:
    parser = command_parser("audit.py", __doc__, EPILOG)
    stretch.add_options(parser, usual="1d")
    return stretch.parse(parser)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
