"""Which faults are switched on. Read by whoever has to misbehave; the table of faults is in `fault_table`."""

import threading
from collections import deque

from msgspec import Struct

from scripts.simulator.chance import seeded


class BadAnswer(Struct, frozen=True):
    """What a request gets instead of its answer."""

    kind: str  # status, html, truncated, reset, stall
    status: int = 503
    seconds: float = 0.0


class Faults:
    """The switches, all off at first."""

    def __init__(self, seed: int) -> None:
        self.rng = seeded(seed, "faults")
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Switch everything off."""
        self.drop_share = 0.0
        self.drop_final_share = 0.0
        self.duplicate_share = 0.0
        self.shuffle_seconds = 0.0
        self.extra_lag = 0.0
        self.forbidden: set[str] = set()  # endpoints; telephony/sessions: the event filter of calls
        self.broken: set[str] = set()
        self._answers: dict[str, deque[BadAnswer]] = {}

    def answer_badly(self, group: str, answer: BadAnswer, count: int) -> None:
        """Spoil the next `count` answers of a group."""
        with self._lock:
            self._answers.setdefault(group, deque()).extend([answer] * count)

    def next_bad_answer(self, group: str) -> BadAnswer | None:
        """Take the spoiled answer the next request of the group is to get, if any."""
        with self._lock:
            waiting = self._answers.get(group)
            return waiting.popleft() if waiting else None

    def drops(self, *, final: bool) -> bool:
        """Decide whether a delivery is lost; `final` says its party is gone with it."""
        share = max(self.drop_share, self.drop_final_share if final else 0.0)
        return share > 0.0 and self.rng.random() < share

    def copies(self) -> int:
        """Decide how often a delivery is made."""
        return 2 if self.duplicate_share and self.rng.random() < self.duplicate_share else 1

    def delay(self) -> float:
        """Decide how many seconds late a delivery is, so that deliveries overtake each other."""
        return self.rng.uniform(0.0, self.shuffle_seconds) if self.shuffle_seconds else 0.0

    def document(self) -> dict[str, object]:
        """List what is switched on."""
        with self._lock:
            spoiled = {group: len(answers) for group, answers in self._answers.items() if answers}
        switches: dict[str, object] = {
            "dropShare": self.drop_share,
            "dropFinalShare": self.drop_final_share,
            "duplicateShare": self.duplicate_share,
            "shuffleSeconds": self.shuffle_seconds,
            "extraLag": self.extra_lag,
            "forbidden": sorted(self.forbidden),
            "broken": sorted(self.broken),
            "spoiledAnswers": spoiled,
        }
        return {name: value for name, value in switches.items() if value}
