"""The end-to-end benchmarks: `python -m scripts.benchmarks.end_to_end [NAME ...] [--quick] [--json FILE]`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from scripts.benchmarks import call_cpu, call_log, growth, isolation, lone_calls, machine, penalty
from scripts.benchmarks.figures import Result, render
from scripts.benchmarks.options import Options

BENCHMARKS: Final[Mapping[str, Callable[[Options], Result]]] = MappingProxyType(
    {
        "call-log": call_log.run,
        "call-cpu": call_cpu.run,
        "lone-calls": lone_calls.run,
        "penalty": penalty.run,
        "isolation": isolation.run,
        "growth": growth.run,
    }
)


def main() -> int:
    """Run the chosen benchmarks, print what they found, and say by the exit code whether every goal was met."""
    options = _parser().parse_args()
    facts = machine.facts()
    print("\n".join(f"{name:<12} {value}" for name, value in facts.items()), flush=True)
    results = []
    for name in options.names or BENCHMARKS:
        results.append(BENCHMARKS[name](Options(quick=options.quick, rates=options.rates)))
        print(f"\n{render(results[-1])}", flush=True)
        if options.json is not None:
            options.json.write_bytes(msgspec.json.encode({"machine": facts, "results": results}))
    met = all(figure.is_met for result in results for figure in result.figures if figure.goal)
    return 0 if met or options.quick else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.benchmarks.end_to_end", description=__doc__)
    add = parser.add_argument
    add("names", nargs="*", type=_name, metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; none: all")
    add("--quick", action="store_true", help="at most 20 s each: does it work at all; the figures mean nothing")
    add("--rates", type=_rates, default=(), metavar="N,...", help="call-log: calls a minute, over both lanes")
    add("--json", type=Path, metavar="FILE", help="write the results there as well")
    return parser


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"no benchmark: {text}; they are {', '.join(BENCHMARKS)}")
    return text


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(rate) for rate in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
