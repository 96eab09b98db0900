"""A thread that does things at their times."""

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import TypeAlias

from scripts.simulator.clock import Clock

Action: TypeAlias = Callable[[], None]


class Agenda:
    """Do every action at or soon after its time, one after the other, in the order of their times.

    Actions must be short. One that is due already runs at once; ties run in the
    order they were entered.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="simulator-agenda", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what is still to come is forgotten."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def at(self, moment: float, action: Action) -> None:
        """Enter an action."""
        with self._changed:
            heapq.heappush(self._entries, (moment, next(self._numbers), action))
            if self._entries[0][2] is action:
                self._changed.notify()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            action()

    def _next(self) -> Action | None:
        """Wait for the next action's time; None when closed."""
        with self._changed:
            while not self._closed:
                if not self._entries:
                    self._changed.wait()
                elif (wait := self._entries[0][0] - self._clock()) > 0:
                    self._changed.wait(wait)
                else:
                    return heapq.heappop(self._entries)[2]
        return None
