"""CPU time of process trees, and of the whole machine. Linux only: it is read from /proc."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_SESSION, _TIMES = (
    3,
    slice(11, 15),
)  # after the program's name: state, ppid, pgrp, session ... utime stime cutime cstime
_IDLE: Final = slice(3, 5)  # idle and iowait, after the word "cpu"


def spent(leaders: Mapping[str, int]) -> dict[str, float]:
    """Give the CPU seconds each session has used so far, by the name of its leader; children that ended included."""
    seconds = dict.fromkeys(leaders.values(), 0.0)
    for session, ticks in _processes():
        if session in seconds:
            seconds[session] += ticks / os.sysconf("SC_CLK_TCK")
    return {name: seconds[leader] for name, leader in leaders.items()}


def machine() -> tuple[float, float]:
    """Give the CPU seconds all of the machine has worked, and idled, since it was started."""
    ticks = [int(word) for word in (_PROC / "stat").read_text().split(maxsplit=9)[1:9]]
    idle = sum(ticks[_IDLE])
    hertz = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - idle) / hertz, idle / hertz


def _processes() -> Iterable[tuple[int, int]]:
    """Yield each process's session and ticks. A session, not a group: a forked RQ job makes a group of its own."""
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it ended meanwhile
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                yield int(words[_SESSION]), sum(map(int, words[_TIMES]))
