"""Deal calls from the scenarios: who, how long, with which ids. The same seed deals the same calls.

To a product that remembers them the same ids are the same calls: to play a seed to it again takes another occasion.
"""

import math
import random
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from scripts.simulator.chance import seeded
from scripts.simulator.configuration import Configuration
from scripts.simulator.scenarios import DEALT
from scripts.simulator.scenarios.ringout_parts import FAMILIES
from scripts.simulator.scripting import Scenario, Session
from scripts.simulator.world import Cast, choose_cast

_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NEIGHBOURS = (1000, 2000, 3000, 4000)  # how far apart neighbouring sessionIds lie
_LONGEST = 12.0  # seconds, unless chosen otherwise


class SessionIds(Struct, frozen=True):
    """The names RingCentral gives one telephony session."""

    telephony_session_id: str
    session_id: str
    record_ids: tuple[str, ...]
    seed: int  # of everything numbered later: notification, recording and message ids

    def party_id(self, number: int) -> str:
        """Name a party: the session's own core and the party's number."""
        return f"p-{self.telephony_session_id.removeprefix('s-')}-{number}"


class Call(Struct, frozen=True, kw_only=True):
    """One call to be played: a scenario with its parts given out. Times are seconds at speed 1."""

    scenario: Scenario
    sessions: tuple[SessionIds, ...]
    cast: Cast
    family: str  # of the RingOut leg types
    stretch: float  # played seconds per written second
    lag: float
    provisional: bool  # listed mid-call, and rewritten after the end
    recording_delay: float | None

    @property
    def length(self) -> float:
        """Say how long the call lasts."""
        return self.scenario.length * self.stretch


class Dealer:
    """Deal calls in shuffled rounds, so that every round holds every scenario once."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._dealt = 0
        self._round = 0
        self._pile: list[Scenario] = []

    def deal(self, count: int, scenario: Scenario | None = None) -> Iterator[Call]:
        """Deal calls that make `count` telephony sessions together.

        Scenarios of two sessions count twice. A scenario asked for by name is
        rounded up to whole calls.
        """
        left = count
        while left > 0:
            call = self.deal_one(scenario or self._draw(left))
            left -= len(call.sessions)
            yield call

    def deal_endlessly(self, scenario: Scenario | None = None) -> Iterator[Call]:
        """Deal for ever."""
        while True:
            yield self.deal_one(scenario or self._draw(math.inf))

    def deal_one(self, scenario: Scenario, parts: Cast | None = None) -> Call:
        """Give out the parts of one scenario; `parts` go to whom they name."""
        chosen = self._configuration
        number, self._dealt = self._dealt, self._dealt + 1
        rng = seeded(chosen.seed, number)
        cast = choose_cast(rng) | (parts or {})
        length = _length(rng, chosen)
        recorded = rng.random() < chosen.recording_share
        provisional = rng.random() < chosen.provisional_share or scenario.always_provisional
        sessions = _all_ids(rng, scenario)  # drawn in any case, so that all else stays the same
        if chosen.occasion:
            sessions = _all_ids(seeded(chosen.seed, number, chosen.occasion), scenario)
        return Call(
            scenario=scenario,
            sessions=sessions,
            cast=cast,
            family=rng.choice(tuple(FAMILIES)),
            stretch=length / scenario.length,
            lag=rng.uniform(*chosen.lag),
            provisional=provisional,
            recording_delay=rng.uniform(*chosen.recording_delay) if recorded else None,
        )

    def _draw(self, room: float) -> Scenario:
        """Take the next scenario with at most `room` sessions, opening a new round when needed."""
        while True:
            for place, scenario in enumerate(self._pile):
                if len(scenario.sessions) <= room:
                    return self._pile.pop(place)
            fresh = list(DEALT)
            seeded(self._configuration.seed, "round", self._round).shuffle(fresh)
            self._round += 1
            self._pile.extend(fresh)


def _length(rng: random.Random, chosen: Configuration) -> float:
    """Draw a call's length: even between the bounds, or exponential where a mean is chosen."""
    shortest, longest = chosen.shortest_call, chosen.longest_call
    if chosen.mean_call is None:
        return rng.uniform(shortest, max(shortest, _LONGEST if longest is None else longest))
    return min(max(shortest, rng.expovariate(1.0 / chosen.mean_call)), math.inf if longest is None else longest)


def _all_ids(rng: random.Random, scenario: Scenario) -> tuple[SessionIds, ...]:
    """Name the sessions of a call; of those that are neighbours the sessionIds lie close together."""
    first, *others = (_own_ids(rng, session) for session in scenario.sessions)
    if scenario.neighbours:
        near = int(first.session_id)
        others = [replace(ids, session_id=str(near + rng.choice(_NEIGHBOURS))) for ids in others]
    return (first, *others)


def _own_ids(rng: random.Random, session: Session) -> SessionIds:
    ids = _ids(rng, len(session.records))
    return ids if session.session_id is None else replace(ids, session_id=session.session_id)


def _ids(rng: random.Random, records: int) -> SessionIds:
    """Make ids of the lengths and alphabets RingCentral uses today."""
    core = f"a0d1{rng.getrandbits(36):09x}z{rng.getrandbits(44):011x}z{rng.getrandbits(28):07x}0000"
    return SessionIds(
        telephony_session_id=f"s-{core}",
        session_id=str(rng.randrange(10**11, 10**12)),
        record_ids=tuple("".join(rng.choices(_ID_LETTERS, k=15)) for _ in range(records)),
        seed=rng.getrandbits(48),
    )
