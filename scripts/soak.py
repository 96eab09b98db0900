#!/usr/bin/env python3
"""Run the whole product under a random schedule of faults, and judge in the end whether every promise held."""

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec

from scripts.soaking import outage
from scripts.soaking.driving import drive
from scripts.soaking.faults import FAULTS, Fault
from scripts.soaking.findings import all_held
from scripts.soaking.oracle import judge
from scripts.soaking.plant import DATA, plant
from scripts.soaking.report import document, markdown
from scripts.soaking.schedule import planned
from scripts.supervisor.watchdog import Watchdog
from scripts.terminal.amounts import positive
from scripts.terminal.command import at_the_terminal, command_parser
from scripts.terminal.files import to_write

DONE, FAILED = 0, 1
EPILOG = """
Everything runs in processes of its own on this machine: the Procfile's, Redis with its append-only file on, RingCentral
in a box, a CRM, and a consumer group. Two cores carry about 2,000 calls a minute. The same seed plans the same faults;
what else happens at the same moment is the machine's to decide, so a run is never quite the same twice.
exit codes: 0 every promise held, 1 one did not, 2 usage
"""


def main() -> int:
    """Soak, judge, report."""
    options = _options()
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    minutes = outage.minutes(options.outage) if options.outage else options.minutes
    length = f"--outage {options.outage:g}" if options.outage else f"--minutes {minutes:g}"
    command = f"./scripts/soak.py {length} --seed {seed} --calls-per-minute {options.calls_per_minute:g}"
    command += f' --only "{options.only}"' if options.only else ""
    run = {"seed": seed, "minutes": minutes, "callsPerMinute": options.calls_per_minute, "command": command}
    _say(f"seed {seed}; {minutes:g} minutes")
    with ExitStack() as stack:
        data = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="legwork-soak-")))
        data.mkdir(parents=True, exist_ok=True)
        watchdog = stack.enter_context(Watchdog())
        product = stack.enter_context(plant(data, seed=seed, watchdog=watchdog))
        plan = outage.plan(options.outage) if options.outage else planned(_wanted(options), seed=seed, minutes=minutes)
        course = drive(product, plan, minutes=minutes, rate=options.calls_per_minute / 60, say=_say)
        findings = judge(product, course)
        if options.outage:
            findings = (*outage.judge(product, course), *findings)
    report = document(course, findings, run=run)
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    if options.markdown is not None:
        options.markdown.write_text(markdown(course, findings, run=run))
    print(markdown(course, findings, run=run))
    return DONE if all_held(findings) else FAILED


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _wanted(options: argparse.Namespace) -> dict[str, Fault]:
    """Give the faults that are asked for, as far as a soak of so many minutes has time for them."""
    return {
        name: fault for name, fault in FAULTS.items() if options.only in name and fault.from_minutes <= options.minutes
    }


def _options() -> argparse.Namespace:
    parser = command_parser("soak.py", __doc__, EPILOG)
    add = parser.add_argument
    add("--minutes", type=positive, default=10.0, metavar="N", help="how long calls come (10)")
    add("--seed", type=int, metavar="S", help="the same seed plans the same faults and plays the same calls")
    add("--calls-per-minute", type=positive, default=2000.0, metavar="N", help="how many calls begin (2000)")
    add("--only", default="", metavar="TEXT", help="only faults whose name holds this text")
    add("--outage", type=positive, metavar="SECONDS", help="instead: take Redis away once for so long")
    add("--json", type=to_write, metavar="FILE", help="write what was found there")
    add("--markdown", type=to_write, metavar="FILE", help="write the report there as well")
    add("--keep", type=_kept_by_nobody, metavar="DIR", help="keep logs and the server's data there")
    options = parser.parse_args()
    if not _wanted(options):
        parser.error(f"no fault of a soak of {options.minutes:g} minutes has {options.only!r} in its name")
    return options


def _kept_by_nobody(text: str) -> Path:
    """Read the name of a directory that holds no other soak: its calls and destinations would be taken for ours."""
    directory = Path(text)
    if (directory / DATA).exists():
        raise argparse.ArgumentTypeError(f"{text} holds what another soak has kept; name another directory")
    return directory


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
