"""A canary: an address inside our network that nobody may be made to talk to. It counts who does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ADDRESS = "127.0.0.2"
"""This machine by another name, which `ALLOW_PRIVATE_DESTINATIONS` of a soak does not hold."""


class Canary:
    """Listens; `visits` is how many connections it saw."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.visits = 0
        self.url = f"http://{ADDRESS}:{listener.getsockname()[1]}/"

    def watch(self) -> None:
        """Count until the listener is closed."""
        with suppress(OSError):
            while True:
                self._listener.accept()[0].close()
                self.visits += 1


@contextmanager
def canary() -> Iterator[Canary]:
    """Listen until the block is left."""
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        listener.listen()
        bird = Canary(listener)
        threading.Thread(target=bird.watch, daemon=True).start()
        yield bird
