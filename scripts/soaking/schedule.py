"""When each fault happens: a random schedule, the same for the same seed. Pure."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from msgspec import Struct

from scripts.soaking.faults import Fault

FIRST_SECONDS: Final = 3.0
PAUSES: Final = (1.0, 6.0)
"""Seconds between two faults of a lane, at least and at most."""

MINUTE: Final = 60.0
CALM_FROM: Final = 42.0
"""The second of each minute from which on nothing happens, so that it can be seen how soon all flows again."""


class Planned(Struct, frozen=True, order=True):
    """One fault to come: seconds after the first call, its name, and how long it lasts."""

    at: float
    name: str
    seconds: float


def planned(faults: Mapping[str, Fault], *, seed: int, minutes: float) -> tuple[Planned, ...]:
    """Plan the faults of a soak; in each lane all come before one comes again, as long as there is time."""
    lanes = sorted({fault.lane for fault in faults.values() if fault.from_minutes <= minutes})
    found = [one for lane in lanes for one in _lane(lane, faults, Random(f"{seed} {lane}"), minutes)]  # noqa: S311 - a plan
    return tuple(sorted(found))


def _lane(lane: str, faults: Mapping[str, Fault], chance: Random, minutes: float) -> Iterator[Planned]:
    names = sorted(name for name, fault in faults.items() if fault.lane == lane and fault.from_minutes <= minutes)
    at = FIRST_SECONDS + chance.uniform(*PAUSES)
    while True:
        for name in chance.sample(names, len(names)):
            seconds = chance.uniform(*faults[name].seconds)
            if at % MINUTE + seconds > CALM_FROM:
                at = (at // MINUTE + 1) * MINUTE + chance.uniform(0, FIRST_SECONDS)
            if at + seconds > MINUTE * minutes:
                return
            yield Planned(at, name, seconds)
            at += seconds + chance.uniform(*PAUSES)
