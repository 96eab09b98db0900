"""Replays as the API and `--json` show them."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from runtime.replays import Finding, Level, Replay, State
from telephony.times import iso_ms


def replay_document(replay: Replay, *, now: float) -> dict[str, Any]:
    """Write a replay. For a backfill `total` is what it has seen so far, and `share` how much of its time is done."""
    asked, progress = replay.asked, replay.progress
    selection = msgspec.to_builtins(asked.selection)
    for name in ("since", "until"):
        if name in selection:
            selection[name] = _time(selection[name])
    return {
        "id": replay.id,
        "account": replay.account,
        "level": asked.level,
        "selection": selection,
        "dryRun": asked.dry_run,
        "deliver": asked.deliver,
        "state": State.CANCELLED if replay.cancelled else progress.state,
        "askedAt": _time(replay.asked_at),
        "startedAt": _time(progress.started_at),
        "finishedAt": _time(progress.finished_at),
        "total": progress.total,
        "done": None if progress.total is None else done(replay),
        "changed": replay.changed,
        "missing": replay.missing,
        "requests": progress.requests,
        "share": round(share(replay, now=now), 4),
        "secondsLeft": seconds_left(replay, now=now),
        "why": progress.why,
    }


def done(replay: Replay) -> int:
    """Count the calls that were looked at."""
    total = replay.progress.total or 0
    return total if replay.asked.level is Level.BACKFILL or replay.is_over else total - replay.left


def share(replay: Replay, *, now: float) -> float:
    """Say how much of a replay is done, from 0 to 1: of its calls, or of a backfill's time."""
    if replay.progress.state is State.DONE:
        return 1.0
    if replay.asked.level is not Level.BACKFILL:
        return done(replay) / replay.progress.total if replay.progress.total else 0.0
    selection = replay.asked.selection
    until, since = selection.until or replay.asked_at, selection.since or 0.0
    reached = float(replay.progress.place.partition("#")[0] or until)
    return (until - reached) / max(until - since, 1.0) if now >= since else 0.0


def seconds_left(replay: Replay, *, now: float) -> float | None:
    """Estimate how long a replay still takes, from how long it has taken; None while that says nothing."""
    part, began = share(replay, now=now), replay.progress.started_at
    if replay.is_over or began is None or not part:
        return None
    return round((now - began) * (1 - part) / part, 1)


def finding_document(finding: Finding) -> dict[str, Any]:
    """Write what was found of a call."""
    return {
        "telephonySessionId": finding.call,
        "revision": finding.revision,
        "differences": msgspec.to_builtins(finding.differences),
        "destinations": list(finding.destinations),
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_ms(datetime.fromtimestamp(seconds, UTC))
