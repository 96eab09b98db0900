"""Keep all processes running; stop them in an order that loses nothing and waits for nothing needlessly."""

import time
from collections.abc import Callable, Sequence

from scripts.supervisor.process import Process
from scripts.supervisor.stopping import StopRequest

TICK_SECONDS = 0.1
GRACE_SECONDS = 10.0
# Where calls come from stops first, then what takes them in, then what works on them.
STOP_ORDER = ("box", "web")


def keep_running(processes: Sequence[Process], *, stop: StopRequest, also: Callable[[], None]) -> None:
    """Start every process, and again when it ends, until asked to stop; `also` is done as often as we look."""
    while not stop.is_wanted():
        also()
        for process in processes:
            process.look_after(now=time.monotonic())
        time.sleep(TICK_SECONDS)


def stop_all(processes: Sequence[Process], *, stop: StopRequest, grace: float = GRACE_SECONDS) -> None:
    """Stop stage by stage; what is still there after its grace, or once it is urgent, is killed."""
    for stage in stages(processes):
        for process in stage:
            process.ask_to_stop()
        deadline = time.monotonic() + grace
        while _running(stage) and not stop.is_urgent() and time.monotonic() < deadline:
            time.sleep(TICK_SECONDS / 5)
        for process in stage:
            process.kill()


def stages(processes: Sequence[Process]) -> tuple[tuple[Process, ...], ...]:
    """Sort processes into those that stop together, the first ones first."""
    named = (tuple(process for process in processes if process.name == name) for name in STOP_ORDER)
    return (*named, tuple(process for process in processes if process.name not in STOP_ORDER))


def _running(processes: Sequence[Process]) -> list[Process]:
    return [process for process in processes if not process.has_ended()]
