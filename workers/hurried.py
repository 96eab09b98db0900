"""A socket that asks before each wait how long that may take: a server may let every single one be short."""

import socket
from typing import Any


class Hurried(socket.socket):
    """A socket that calls `hurry` before it waits, which sets the time there is, or raises TimeoutError."""

    def hurry(self) -> None:
        """Set how long the next wait may take."""
        raise NotImplementedError

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive as a socket does."""
        self.hurry()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Send as a socket does, perhaps a part."""
        self.hurry()
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """Send all of it."""
        self.hurry()
        super().sendall(*args, **kwargs)
