"""Wait for what happens in another thread."""

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
