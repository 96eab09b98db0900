"""Fault points: places at which a process can be told to die as by a power cut, to prove that it may.

Without the environment variable LEGWORK_FAULT, as everywhere but in tests, a point is one comparison. With it, the
variable names a folder; a process that passes a point of which the folder holds a file removes the file and kills
itself, there and then. docs/fault-matrix.md lists what holds at each.
"""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

POINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "receive.before-append": "a notification was read, and is not stored",
        "receive.after-append": "it is stored; no bell was rung, nothing answered",
        "receive.before-answer": "it is stored, and the answer is not sent",
        "worker.taken": "a bell was taken from its queue, and nobody knows by whom",
        "track.folded": "notifications are folded, and nothing is committed",
        "track.committed": "the step is committed, and the next not begun",
        "track.rested": "the shift is over, and its lease not given back",
        "resolve.asking": "requests are planned, and nothing is asked",
        "resolve.asked": "RingCentral has answered, and nothing is judged",
        "resolve.judged": "outcomes are derived, and nothing is committed",
        "resolve.published": "outcomes are published, and the position in the call log is not stored",
        "resolve.swept": "all is committed, and the lease not given back",
        "deliver.queued": "events are taken up and on their way, and nothing is committed",
        "deliver.sent": "a CRM has answered, and the answer is not committed",
        "deliver.committed": "the step is committed, and the next not begun",
        "replay.asked": "RingCentral has answered about the past, and nothing is judged",
        "replay.judged": "calls are judged anew under resolve's lease, and nothing is committed",
        "replay.published": "what they changed is published, and resolve's lease not given back",
        "replay.committed": "how far the replay has come is stored, and its next step not begun",
        "ringout.placing": "RingOuts are marked as about to be placed, and RingCentral is not asked",
        "ringout.asked": "RingCentral has placed them or told of them, and nothing is committed",
        "ringout.committed": "what it said is committed, and the next step not begun",
        "upkeep.trimmed": "the logs are trimmed, and nothing else is done",
        "clock.taken": "a bell counts as rung, and is not in its queue",
    }
)
"""Every point, and how things stand there."""

_armed: Path | None = None


def arm(environ: Mapping[str, str]) -> None:
    """Read once, when the process starts, whether points are to be fatal."""
    global _armed  # noqa: PLW0603 - read at every point, so it is where reading costs least
    folder = environ.get("LEGWORK_FAULT")
    _armed = Path(folder) if folder else None


def point(name: str) -> None:
    """Die here, if somebody asked for it."""
    if _armed is not None:
        _die_if_asked(_armed / name)


def _die_if_asked(asked: Path) -> None:
    try:
        asked.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
