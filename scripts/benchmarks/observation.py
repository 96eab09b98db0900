"""What a run showed, and the figures that follow from it. Pure: all times are seconds since 1970, as they passed.

Figures are told in the simulated time, in which RingCentral's minute lasts 60 seconds whatever the speed was.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, structs

from scripts.benchmarks.box_client import SeenRequest, Truth
from scripts.benchmarks.published import Published

HEAVY, TOO_MANY = "heavy", 429


class Wait(Struct, frozen=True):
    """How long one call's outcome took from the moment its record was visible. Not `seen`: it took longer than that."""

    seconds: float
    seen: bool


class Observation(Struct, frozen=True, kw_only=True):
    """One run. The figures are about what happened from `begin` to `end`; `until` is when the last look was taken."""

    speed: float
    begin: float
    end: float
    until: float
    truths: tuple[Truth, ...]
    requests: tuple[SeenRequest, ...]
    published: Mapping[str, Published]
    cpu: Mapping[str, float] = {}
    machine_busy: float | None = None

    @property
    def minutes(self) -> float:
        """Simulated minutes from `begin` to `end`."""
        return (self.end - self.begin) * self.speed / 60

    def narrowed(self, begin: float, end: float) -> "Observation":
        """Give the same, with the figures about another time. CPU stays that of the whole."""
        return structs.replace(self, begin=begin, end=end)

    def outcomes(self) -> int:
        """Count the calls whose outcome was published first in this time."""
        ours = (self.published.get(truth.telephony_session_id) for truth in self.truths)
        return sum(self._is_within(one.first_at) for one in ours if one is not None)

    def recorded(self) -> int:
        """Count the calls whose record became visible in this time: what could be published at most."""
        return sum(self._is_within(visible) for _, visible in self._visible())

    def outcomes_a_minute(self) -> float:
        """Say how many outcomes a simulated minute brought."""
        return self.outcomes() / self.minutes

    def recorded_a_minute(self) -> float:
        """Say how many records a simulated minute brought."""
        return self.recorded() / self.minutes

    def waits(self) -> list[Wait]:
        """Give the wait of every call whose record became visible in this time; of those told before there is none."""
        return [
            self._wait(truth, visible)
            for truth, visible in self._visible()
            if self._is_within(visible) and visible <= self._published_at(truth)
        ]

    def backlog(self, at: float) -> int:
        """Count the calls whose record was visible at a time, but whose outcome was not published."""
        return sum(visible <= at < self._published_at(truth) for truth, visible in self._visible())

    def wrong(self) -> int:
        """Count the calls that were last told to have ended otherwise than they did."""
        told = ((truth, self.published.get(truth.telephony_session_id)) for truth in self.truths)
        return sum(truth.outcome != one.outcome for truth, one in told if one is not None and one.outcome is not None)

    def statuses(self) -> list[int]:
        """List how the requests to the call log in this time were answered."""
        return [one.status for one in self.requests if one.group == HEAVY and self._is_within(one.time)]

    def heavy_requests(self) -> int:
        """Count the requests to the call log in this time, those that were refused as well."""
        return len(self.statuses())

    def requests_an_outcome(self) -> float | None:
        """Say how many requests to the call log one outcome took."""
        outcomes = self.outcomes()
        return self.heavy_requests() / outcomes if outcomes else None

    def requests_until_outcome(self) -> int:
        """Count the requests to the call log in this time that a call still waited for, as `is_waited_for` has it."""
        return sum(
            self._is_within(one.time) and is_waited_for(one, self._waiting())
            for one in self.requests
            if one.group == HEAVY
        )

    def refused(self) -> int:
        """Count the answers 429 of the whole run."""
        return sum(one.status == TOO_MANY for one in self.requests)

    def during_penalty(self) -> int:
        """Count the requests of the whole run that were sent while a penalty lasted."""
        return sum(one.during_penalty for one in self.requests)

    def cpu_ms(self, *names: str) -> float | None:
        """Say how many milliseconds of these processes' CPU one outcome took."""
        outcomes = self.outcomes()
        return 1000 * sum(self.cpu[name] for name in names) / outcomes if outcomes else None

    def _waiting(self) -> dict[str, tuple[float, float]]:
        """Give, for each call that has ended, from when to when it waited for its outcome."""
        return {
            truth.telephony_session_id: (truth.ended_at.timestamp(), min(self._published_at(truth), self.until))
            for truth in self.truths
            if truth.ended_at is not None
        }

    def _visible(self) -> Iterable[tuple[Truth, float]]:
        """Say since when a call's record is visible: one that went on in other sessions is not over before they are."""
        last: defaultdict[str, float] = defaultdict(float)
        for truth in self.truths:
            visible = truth.record_visible_at.timestamp() if truth.record_visible_at else math.inf
            last[truth.conversation.id] = max(last[truth.conversation.id], visible)
        visible_at = ((truth, last[truth.conversation.id]) for truth in self.truths)
        return ((truth, visible) for truth, visible in visible_at if visible < math.inf)

    def _published_at(self, truth: Truth) -> float:
        one = self.published.get(truth.telephony_session_id)
        return one.first_at if one else math.inf

    def _wait(self, truth: Truth, visible: float) -> Wait:
        at = self._published_at(truth)
        return Wait((min(at, self.until) - visible) * self.speed, at <= self.until)

    def _is_within(self, moment: float) -> bool:
        return self.begin <= moment < self.end


def is_waited_for(request: SeenRequest, waiting: Mapping[str, tuple[float, float]]) -> bool:
    """Say whether a request was sent for an outcome still to come, rather than to look again or to reconcile.

    One that names a session is for that session; any other one is for every call that waits just then.
    """
    named = parse_qs(urlsplit(request.path).query).get("telephonySessionId", ())
    waits = [waiting[one] for one in named if one in waiting] if named else waiting.values()
    return any(begin <= request.time <= end for begin, end in waits)


def quantile(share: float, waits: Sequence[Wait]) -> float | None:
    """Give the wait that `share` of the calls did not exceed; at least so long where the call was still waiting."""
    if not waits:
        return None
    ordered = sorted(wait.seconds for wait in waits)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def unseen(waits: Iterable[Wait]) -> int:
    """Count the calls that were still waiting when the last look was taken."""
    return sum(not wait.seen for wait in waits)
