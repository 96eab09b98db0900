"""A socket of which all waits end at one time: a server may let every single one be short."""

import math
import socket
from typing import Any

from runtime.clocks import stopwatch


class Hurried(socket.socket):
    """A socket that looks before each wait how long that may take. Raises TimeoutError when the time is over."""

    def ends_at(self) -> float:
        """Say when all waiting must be over, by the stopwatch: never, unless somebody says so."""
        return math.inf

    def allow(self, left: float) -> None:
        """Let the next wait take what is left of the time (seconds)."""
        if left < math.inf:
            self.settimeout(left)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive as a socket does."""
        self._hurry()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Send as a socket does, perhaps a part."""
        self._hurry()
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """Send all of it."""
        self._hurry()
        super().sendall(*args, **kwargs)

    def _hurry(self) -> None:
        left = self.ends_at() - stopwatch()
        if left <= 0:
            raise TimeoutError("the time for it is over")
        self.allow(left)
