"""Stop a process in good order: a signal is noted, and whoever pauses sees it afterwards."""

import signal
import time
from typing import Final

from runtime.clocks import stopwatch

_SLICE_SECONDS: Final = 0.25


class Stopping:
    """Whether this process was asked to stop. Any thread may ask, or pause.

    Not a `threading.Event`: a signal handler runs in the middle of whatever the main thread does, and were that the
    event's own lock, setting the event would wait for ever.
    """

    def __init__(self) -> None:
        self._asked = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the request to stop."""
        signal.signal(signal.SIGTERM, lambda *_: self.set())
        signal.signal(signal.SIGINT, lambda *_: self.set())

    def leave(self) -> None:
        """Leave SIGTERM and SIGINT to what they do by themselves, until somebody else takes them."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def set(self) -> None:
        """Ask to stop. Safe in a signal handler."""
        self._asked = True

    def is_set(self) -> bool:
        """Say whether somebody asked."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Pause, but not much longer once somebody asks; say whether somebody did."""
        until = stopwatch() + seconds
        while not self._asked and (left := until - stopwatch()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))
        return self._asked
