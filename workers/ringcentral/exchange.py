"""One request and its answer: allowed first, learned from after. Nothing is sent to RingCentral but through here."""

from collections.abc import Callable
from typing import Final, TypeVar

from runtime.budget import Budget, Group, Share
from workers.ringcentral.answers import Answer
from workers.ringcentral.breaker import Breaker
from workers.ringcentral.errors import RateLimited, Unavailable
from workers.ringcentral.headers import is_about, rate_limit
from workers.ringcentral.transport import Request, Transport

T = TypeVar("T")

Observe = Callable[[str, str], None]
"""Told of each request sent: its group, and the HTTP status, or `none` when no answer came."""

_GLOBAL_RATE: Final = "CMN-310"
_TOO_MANY: Final = 429


class Exchange:
    """Sends the requests of one account within its budget, and leaves RingCentral alone when told to."""

    def __init__(self, budget: Budget, breaker: Breaker, transport: Transport, observe: Observe) -> None:
        self._budget = budget
        self._breaker = breaker
        self._transport = transport
        self._observe = observe

    def send(self, request: Request, group: Group, share: Share, *, read: Callable[[Answer], T]) -> T:
        """Send `request` if it may be sent now, and give what `read` makes of its answer.

        What `read` raises counts: Unavailable opens the breaker, RateLimited closes the gate of the group. Raises
        RateLimited without sending anything while the gate is closed or the budget is spent.
        """
        with self._breaker.guard():
            wait = self._budget.take(group, share)
            if wait > 0:
                raise RateLimited(f"no budget for {group}", retry_after=wait)
            answer = self._answer(request, group)
            try:
                return read(answer)
            except RateLimited as error:
                error.retry_after = self._close(group, error)
                raise

    def _answer(self, request: Request, group: Group) -> Answer:
        status = "none"
        try:
            answer = self._transport.send(request)
            status = str(answer.status)
        except Unavailable as error:
            status = "none" if error.status is None else str(error.status)
            raise
        finally:
            self._observe(group, status)
        self._learn(group, answer)
        return answer

    def _learn(self, group: Group, answer: Answer) -> None:
        said = rate_limit(answer.headers)
        if is_about(said, group) and (said.limit or said.window or said.remaining is not None):
            remaining = None if answer.status == _TOO_MANY else said.remaining  # there, Retry-After says it better
            self._budget.learn(group, limit=said.limit, remaining=remaining, window=said.window)

    def _close(self, group: Group, error: RateLimited) -> float:
        """Shut the gate of the group, or of all when the limit that was met is not the group's."""
        groups = tuple(Group) if _GLOBAL_RATE in error.codes else (group,)
        return max(self._budget.close_gate(each, error.retry_after) for each in groups)
