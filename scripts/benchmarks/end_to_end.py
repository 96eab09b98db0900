"""The end-to-end benchmarks: RingCentral in a box plays calls, and Legwork's own processes resolve them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from scripts.benchmarks import call_cpu, call_log, flood, growth, isolation, lone_calls, many_accounts, penalty
from scripts.benchmarks.figures import Result
from scripts.benchmarks.options import Options

BENCHMARKS: Final[Mapping[str, Callable[[Options], Result]]] = MappingProxyType(
    {
        "call-log": call_log.run,
        "call-cpu": call_cpu.run,
        "flood": flood.run,
        "lone-calls": lone_calls.run,
        "penalty": penalty.run,
        "isolation": isolation.run,
        "many-accounts": many_accounts.run,
        "growth": growth.run,
    }
)
