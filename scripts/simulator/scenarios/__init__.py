"""Every kind of call the simulator plays, one table row per notification, the right answer written beside."""

from collections.abc import Mapping
from types import MappingProxyType

from scripts.simulator.scenarios import fax, handed_over, inbound, joined, outbound, queues, ringout
from scripts.simulator.scripting import Scenario

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for table in (inbound, queues, outbound, ringout, handed_over, joined, fax)
        for scenario in table.SCENARIOS
    }
)

DEALT: tuple[Scenario, ...] = tuple(scenario for scenario in SCENARIOS.values() if not scenario.only_by_name)
"""Those that are played when none is asked for by name."""

A_ROUND: int = sum(len(scenario.sessions) for scenario in DEALT)
"""How many sessions hold every kind that is dealt once."""
