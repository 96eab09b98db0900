"""Build calls and takes without a clock or a network."""

from collections.abc import Iterator
from typing import Any

from scripts.simulator.calls import Call, Dealer
from scripts.simulator.configuration import Configuration
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.take import Take

NOON = 1_790_000_000.0


def a_call(scenario: str, *, seed: int = 1, **choices: Any) -> Call:
    """Deal one call of a kind."""
    return Dealer(Configuration(seed=seed, **choices)).deal_one(SCENARIOS[scenario])


def a_take(scenario: str, *, place: int = 0, **choices: Any) -> Take:
    """Play one session of a kind of call, started at noon, at speed 1."""
    return Take(call=a_call(scenario, **choices), place=place, started_at=NOON, speed=1.0)


def every_take() -> Iterator[Take]:
    """Play every session of every kind of call once."""
    for scenario in SCENARIOS.values():
        for place in range(len(scenario.sessions)):
            yield a_take(scenario.name, place=place)
