"""Which faults are switched on. Read by whoever has to misbehave; the table of faults is in `fault_table`."""

import threading
from collections import Counter, deque

from msgspec import Struct

from scripts.simulator.chance import seeded


class BadAnswer(Struct, frozen=True):
    """What a request gets instead of its answer; `fault` is what the table calls it."""

    kind: str  # status, html, truncated, reset, stall
    fault: str = ""
    status: int = 503
    seconds: float = 0.0


class Faults:
    """The switches, all off at first; `felt` counts, by the names of the table, how often each made a difference."""

    def __init__(self, seed: int) -> None:
        self.rng = seeded(seed, "faults")
        self.felt: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.clear()

    def feel(self, name: str) -> None:
        """Count that a fault made a difference."""
        with self._lock:
            self.felt[name] += 1

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
            answer = waiting.popleft() if waiting else None
        if answer is not None:
            self.feel(answer.fault)
        return answer

    def drops(self, *, final: bool) -> bool:
        """Decide whether a delivery is lost; `final` says its party is gone with it."""
        of_final = self.drop_final_share if final else 0.0
        share = max(self.drop_share, of_final)
        lost = share > 0.0 and self.rng.random() < share
        if lost:
            self.feel("drop_final_webhooks" if of_final > self.drop_share else "drop_webhooks")
        return lost

    def copies(self) -> int:
        """Decide how often a delivery is made."""
        if self.duplicate_share and self.rng.random() < self.duplicate_share:
            self.feel("duplicate_webhooks")
            return 2
        return 1

    def delay(self) -> float:
        """Decide how many seconds late a delivery is, so that deliveries overtake each other."""
        if not self.shuffle_seconds:
            return 0.0
        self.feel("shuffle_webhooks")
        return self.rng.uniform(0.0, self.shuffle_seconds)

    def lag(self) -> float:
        """Say how many seconds later than usual the record of a call that begins now is listed."""
        if self.extra_lag:
            self.feel("extra_lag")
        return self.extra_lag

    def forbids(self, what: str) -> bool:
        """Say whether an endpoint, or the event filter of calls, is wanting a permission."""
        return self._switched("forbid", what, self.forbidden)

    def breaks(self, endpoint: str) -> bool:
        """Say whether an endpoint is ill."""
        return self._switched("break", endpoint, self.broken)

    def _switched(self, name: str, what: str, on: set[str]) -> bool:
        if what in on:
            self.feel(name)
        return what in on

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
