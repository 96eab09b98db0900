"""Reconcile: now and then compare the call log with the ledger, though nothing is due.

RingCentral promises no second delivery of a notification, so a call may be over without our ever having heard of it, or
of its end. A feed that is read to its end compares everything; where there is none, windows of the list do, each
reaching back over the last ones, because a record appears only after its call, which may be long.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from runtime.asking import Asking
from runtime.budget import Share
from runtime.settings import Settings
from telephony.fetch_plan import Window, window_length
from telephony.narrowing import SHORTEST
from telephony.times import moment_at
from workers.resolving.sweep import Sweep

OVERLAP: Final = timedelta(minutes=30)
"""How far a window reaches back, where a page reaches so far."""


def next_time(asking: Asking, settings: Settings, *, now: float) -> float:
    """Say when the next comparison is due; at once where there was none yet. Seconds."""
    return now if asking.compared_to is None else asking.compared_to + settings.reconcile_seconds


def is_due(asking: Asking, settings: Settings, *, now: float) -> bool:
    """Say whether it is time to compare."""
    return next_time(asking, settings, now=now) <= now


def since(asking: Asking, settings: Settings, *, now: float) -> datetime:
    """Say from when on a feed begins: some time before the last comparison; the first one reaches back a little."""
    if asking.compared_to is None:
        return moment_at(_beginning(asking, settings, now))
    return moment_at(max(asking.compared_to, now - settings.retention_seconds)) - OVERLAP


def window(asking: Asking, settings: Settings, *, now: float) -> Window:
    """Give the next window of the list to compare: at most a page, from a little before where the last one ended."""
    length = asking.narrowing.length(window_length(asking.density_for(Share.BACKFILL, now=now), shortest=SHORTEST))
    overlap = min(OVERLAP, length / 2)
    position = asking.compared_to if asking.compared_to is not None else _beginning(asking, settings, now)
    earliest = max(moment_at(position) - overlap, moment_at(now - settings.retention_seconds))
    date_from = min(earliest + asking.narrowing.step, moment_at(now))
    return Window(date_from, min(moment_at(now), date_from + length))


def begun(asking: Asking, settings: Settings, *, now: float) -> Asking:
    """Set where the first comparison begins, unless it is set already or there was one."""
    if asking.compared_to is not None or asking.compared_from is not None:
        return asking
    return msgspec.structs.replace(asking, compared_from=now - settings.reconcile_seconds)


def after(found: Sweep, asked: Window) -> Asking:
    """Give the position after a sweep: on to the end of the window, if it was read whole."""
    asking = found.asking
    if was_read(found, asked):
        narrowing = asking.narrowing.answered()
        return msgspec.structs.replace(asking, compared_to=asked.date_to.timestamp(), narrowing=narrowing)
    if asked in found.past_unanswered:
        return msgspec.structs.replace(asking, narrowing=asking.narrowing.unanswered(asked))
    return asking


def again(before: Asking, asking: Asking, settings: Settings, *, now: float) -> Window | None:
    """Give what was gone through in short windows where that is over: all of it is to be compared once more.

    They reach back over little, so a record that came late may have been missed: none of the usual windows reaches back
    over what RingCentral has no answer for.
    """
    since = before.narrowing.since
    if not since or asking.narrowing.since:
        return None
    return Window(moment_at(max(since, now - settings.retention_seconds)), moment_at(now))


def was_read(found: Sweep, window: Window) -> bool:
    """Say whether whatever is in a window was read."""
    return any(isinstance(one, Window) and one.covers_all_of(window) for one in found.answered)


def _beginning(asking: Asking, settings: Settings, now: float) -> float:
    begins = asking.compared_from if asking.compared_from is not None else now - settings.reconcile_seconds
    return max(begins, now - settings.retention_seconds)
