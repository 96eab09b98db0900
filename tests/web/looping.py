"""Run what belongs on an event loop on one of its own: a browser that other tests drive may have this thread's."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run_on_a_loop(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `coroutine` to its end."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
