"""Reconcile: now and then ask the call log about a window that nothing was due in.

RingCentral promises no second delivery of a notification, so a call may be over without our ever having heard of it, or
of its end. The window reaches back over the last ones, because a record appears only after its call, which may be long.
"""

from datetime import UTC, datetime
from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.leases import Command
from runtime.settings import Settings
from telephony.fetch_plan import Window

OVERLAP_SECONDS: Final = 1800.0


def next_time(redis: "Redis", account: str, settings: Settings) -> float:
    """Say when the next window is to be asked about, in seconds."""
    return _position(redis, account) + settings.reconcile_seconds


def window(redis: "Redis", account: str, settings: Settings, *, now: float) -> Window | None:
    """Give the window to ask about, or None while it is too early. The first one reaches back by the overlap."""
    position = _position(redis, account) or now - settings.reconcile_seconds
    if now < position + settings.reconcile_seconds:
        return None
    earliest = max(position - OVERLAP_SECONDS, now - settings.retention_seconds)
    return Window(datetime.fromtimestamp(earliest, UTC), datetime.fromtimestamp(now, UTC))


def done(account: str, asked: Window) -> Command:
    """Give the command that remembers how far the call log has been compared with the ledger."""
    return ("SET", keys.reconcile_position(account), f"{asked.date_to.timestamp():.3f}")


def _position(redis: "Redis", account: str) -> float:
    return float(cast("bytes | None", redis.get(keys.reconcile_position(account))) or 0)
