#!/usr/bin/env python3
"""Look an installation over: what is wrong with it, and what mends each fault."""

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import ROOT, reexec_in_venv

reexec_in_venv()

from scripts.supervisor.environment import follow

follow("RQ_KEY_PREFIX", root=ROOT)  # RQ reads it as it is imported

import msgspec
from redis import Redis

from runtime import logs, settings
from runtime.settings import Settings, SettingsError
from scripts.checkup.checks import CHECKS, OF_THE_REAL_ONE, examine
from scripts.checkup.findings import Patient, Severity, Told
from scripts.terminal.command import Refused, add_data_option, at_the_terminal, command_parser
from scripts.terminal.place import surroundings
from scripts.terminal.redis_server import NoRedis, find_url, reach
from scripts.terminal.tables import cell

FINE, ILL = 0, 1
SIGNS: Final = {Severity.OK: "ok     ", Severity.WARNING: "warning", Severity.ERROR: "ERROR  "}
EPILOG: Final = """
Each check asks at most one cheap request of RingCentral; nothing is changed. docs/ops/doctor.md tells them all.
While RingCentral in a box stands in, what concerns the real one is left out, or asked of the box where it is named.
exit codes: 0 no error, 1 an error (with --strict: or a warning), 2 usage
"""


def main() -> int:
    """Make the checks and say what they found."""
    options = _options()
    logs.configure(level="error", form="text", process="doctor")
    try:
        environ, in_a_box = surroundings(options.data)
    except SettingsError as fault:
        raise Refused(str(fault)) from fault
    in_a_box = in_a_box and not options.only
    left_out = OF_THE_REAL_ONE if in_a_box else frozenset[str]()
    chosen = tuple(one for one in CHECKS if one.name in (options.only or [one.name]) and one.name not in left_out)
    told = []
    for one in examine(_patient(environ, options.data), chosen):
        told.append(one)
        if not options.json:
            print("\n".join(_lines(one)), flush=True)
    if options.json:
        print(msgspec.json.encode({"findings": told, "worst": _worst(told)}).decode())
    elif in_a_box:
        print(f"RingCentral in a box stands in; not looked at: {', '.join(sorted(left_out))}")
    bad = {Severity.ERROR, Severity.WARNING} if options.strict else {Severity.ERROR}
    return ILL if _worst(told) in bad else FINE


def _patient(environ: Mapping[str, str], data: Path) -> Patient:
    redis: Redis | None = None
    no_redis = ""
    try:
        environ = {**environ, "REDIS_URL": find_url(os.environ, data)}
        redis = reach(environ["REDIS_URL"])
    except NoRedis as fault:
        no_redis = str(fault)
    ours: Settings | None = None
    with suppress(SettingsError):
        ours = settings.load(environ)
    return Patient(environ, ours, redis, no_redis=no_redis)


def _worst(told: list[Told]) -> Severity:
    order = list(Severity)
    return max((one.severity for one in told), key=order.index, default=Severity.OK)


def _lines(one: Told) -> list[str]:
    if one.severity is Severity.OK:
        return [f"{SIGNS[one.severity]}  {one.check}"]
    return [f"{SIGNS[one.severity]}  {one.check}: {cell(one.says)}", f"         -> {cell(one.fix)}"]


def _options() -> argparse.Namespace:
    parser = command_parser("doctor.py", __doc__, EPILOG)
    names = [check.name for check in CHECKS]
    add = parser.add_argument
    add("only", nargs="*", metavar="CHECK", help=f"make only these: {', '.join(names)}")
    add("--strict", action="store_true", help="exit with 1 for warnings, too")
    add("--json", action="store_true", help="print one JSON document")
    add_data_option(parser)
    options = parser.parse_args()
    if unknown := set(options.only) - set(names):
        parser.error(f"no check: {', '.join(sorted(unknown))}; they are {', '.join(names)}")
    return options


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
