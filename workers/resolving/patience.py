"""Wait for one answer of RingCentral's after the other, and keep the lease meanwhile, however long they take."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final

from runtime.clocks import stopwatch
from runtime.leases import RENEW_SECONDS
from workers.stopping import Stopping

LONGEST_SECONDS: Final = 45.0
"""After so long a sweep asks for nothing more: with the last answer on its way it must end before its job would."""

_NO_MORE: Final = object()


def take_patiently(answers: Iterator[None], keep: Callable[[], None], stopping: Stopping) -> None:
    """Take one answer of a sweep after the other; `keep` keeps its lease. Once `stopping`, no more is asked for."""
    began = kept_at = stopwatch()
    more = True
    with ThreadPoolExecutor(1, thread_name_prefix="sweep") as thread:
        while more:
            answer = thread.submit(next, answers, _NO_MORE)
            while wait((answer,), timeout=max(0.0, kept_at + RENEW_SECONDS - stopwatch())).not_done:
                keep()
                kept_at = stopwatch()
            is_over = stopping.is_set() or stopwatch() - began >= LONGEST_SECONDS
            more = answer.result() is not _NO_MORE and not is_over
