"""Wait for what happens in another thread."""

import socket
import threading
from collections.abc import Callable

import pytest


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Come back as soon as the condition holds; fail when it does not in time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen in time")


def is_listening(port: int) -> bool:
    """Say whether somebody takes connections on this port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
