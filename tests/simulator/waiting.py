"""Wait for what happens in another thread."""

import socket
import threading
from collections.abc import Callable

import pytest

SHORTEST, LONGEST = 0.01, 0.1
"""Seconds between two looks. Who has waited long looks less often: looks keep what is waited for from the processor."""


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Come back soon after the condition holds; fail when it does not in time."""
    pause, waited = threading.Event(), 0.0
    while waited < seconds:
        if condition():
            return
        step = min(max(SHORTEST, waited / 20), LONGEST)
        pause.wait(step)
        waited += step
    pytest.fail("it did not happen in time")


def is_listening(port: int) -> bool:
    """Say whether somebody takes connections on this port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
