"""The ports of a run, which are no other run's.

Between choosing a port and listening on it pass seconds, and the web server shares a port with whoever else does
(SO_REUSEPORT), so that two runs would get half of each other's requests. A datagram socket of the same number, on which
nobody talks, marks a port as taken from the choice on until the run is over, however it ends.
"""

import socket
from typing import Self

from scripts.supervisor.environment import free_port, is_free


class Ports:
    """What one run has taken."""

    def __init__(self) -> None:
        self._marks: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """Take a port; say no if somebody listens on it, or another run has taken it.

        Raises PermissionError for one that this user may not listen on, as below 1024.
        """
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
        except OSError as error:
            mark.close()
            if isinstance(error, PermissionError):
                raise
            return False
        self._marks.append(mark)
        return is_free(port)

    def take_any(self) -> int:
        """Take one that is free."""
        while not self.take(port := free_port()):
            pass
        return port

    def close(self) -> None:
        """Leave them to others."""
        for mark in self._marks:
            mark.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
