"""Run benchmarks by name, and print what they found: the work behind `scripts/bench`."""

from scripts.venv import end_at_ctrl_c

if __name__ == "__main__":
    end_at_ctrl_c()

import argparse
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from scripts.benchmarks import (
    backfill,
    call_cpu,
    call_log,
    deliveries,
    flood,
    growth,
    heal,
    ingest,
    isolation,
    lone_calls,
    machine,
    many_accounts,
    pages,
    penalty,
    retained,
    slow_clients,
    watchers,
)
from scripts.benchmarks.figures import Result, render
from scripts.benchmarks.options import Options
from scripts.terminal.amounts import number, positive, whole
from scripts.terminal.command import at_the_terminal
from scripts.terminal.files import to_write

BENCHMARKS: Final[Mapping[str, Callable[[Options], Result]]] = MappingProxyType(
    {
        "ingest": ingest.run,
        "slow-clients": slow_clients.run,
        "watchers": watchers.run,
        "call-log": call_log.run,
        "call-cpu": call_cpu.run,
        "flood": flood.run,
        "lone-calls": lone_calls.run,
        "penalty": penalty.run,
        "isolation": isolation.run,
        "many-accounts": many_accounts.run,
        "growth": growth.run,
        "deliveries": deliveries.run,
        "backfill": backfill.run,
        "heal": heal.run,
        "pages": pages.run,
        "retained": retained.run,
    }
)
SHORTEST: Final = 0.1
LONGEST: Final = 600
"""Seconds of one stretch: ten minutes are more than enough."""

FEWEST: Final = 10_000
"""Outcomes that are kept: a tenth of them is a thousand, which they are held against."""

NOISE: Final = "Shared machines are noisy: believe the ratios of one run, not the figures of two."


def main() -> int:
    """Run the chosen benchmarks, print what they found, and say by the exit code whether every goal was met."""
    options = _parser().parse_args()
    facts = machine.facts()
    print("\n".join(f"{name:<12} {value}" for name, value in facts.items()))
    print(NOISE, flush=True)
    results = []
    for name in options.names or BENCHMARKS:
        chosen = Options(quick=options.quick, seconds=options.seconds, rates=options.rates, outcomes=options.outcomes)
        results.append(BENCHMARKS[name](chosen))
        print(f"\n{render(results[-1])}", flush=True)
        if options.json is not None:
            options.json.write_bytes(msgspec.json.encode({"machine": facts, "results": results}))
    met = all(figure.is_met for result in results for figure in result.figures if figure.goal)
    return 0 if met or options.quick else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure what Legwork promises in figures, each beside its baseline."
    )
    add = parser.add_argument
    add("names", nargs="*", type=_name, metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; none: all")
    add("--quick", action="store_true", help="at most 20 s each: does it work at all; the figures mean nothing")
    add(
        "--seconds",
        type=number(SHORTEST, LONGEST),
        default=3.0,
        metavar="N",
        help="ingest: length of each stretch (default 3)",
    )
    add("--rates", type=_rates, default=(), metavar="N,...", help="call-log: calls a minute, over both lanes")
    add(
        "--outcomes",
        type=whole(FEWEST),
        default=0,
        metavar="N",
        help="retained: the most that are kept (default 100000)",
    )
    add("--json", type=to_write, metavar="FILE", help="write the results there as well")
    return parser


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"no benchmark: {text}; they are {', '.join(BENCHMARKS)}")
    return text


def _rates(text: str) -> tuple[float, ...]:
    return tuple(positive(rate) for rate in text.split(","))


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
