"""Replays as the API and `--json` show them."""

import msgspec

from runtime.replays import Finding, Level, Replay, State
from telephony.differences import Difference
from telephony.selection import Selection, Traits
from telephony.times import iso_ms_at, iso_ms_at_or_none


class SelectionDocument(Traits, frozen=True, kw_only=True):
    """Which calls are meant; what is left out is anything."""

    calls: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None


class ReplayDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A replay and how far it is. For a backfill `total` is what it has seen so far, `share` how much of its time."""

    id: str
    account: str
    level: Level
    selection: SelectionDocument
    dry_run: bool
    deliver: bool
    state: State
    asked_at: str
    started_at: str | None
    finished_at: str | None
    total: int | None
    done: int | None
    changed: int
    missing: int
    requests: int
    share: float
    seconds_left: float | None
    why: str | None


class FindingDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a replay found of a call: the revision it publishes, or would, and in what it differs; who is sent it."""

    telephony_session_id: str
    revision: int
    differences: tuple[Difference, ...]
    destinations: tuple[str, ...]


def replay_document(replay: Replay, *, now: float) -> ReplayDocument:
    """Write a replay."""
    asked, progress = replay.asked, replay.progress
    return ReplayDocument(
        id=replay.id,
        account=replay.account,
        level=asked.level,
        selection=_selection(asked.selection),
        dry_run=asked.dry_run,
        deliver=asked.deliver,
        state=replay.state,
        asked_at=iso_ms_at(replay.asked_at),
        started_at=iso_ms_at_or_none(progress.started_at),
        finished_at=iso_ms_at_or_none(progress.finished_at),
        total=progress.total,
        done=None if progress.total is None else done(replay),
        changed=replay.changed,
        missing=replay.missing,
        requests=progress.requests,
        share=round(share(replay), 4),
        seconds_left=seconds_left(replay, now=now),
        why=progress.why,
    )


def done(replay: Replay) -> int:
    """Count the calls that were looked at: none while they are chosen."""
    total = replay.progress.total
    return 0 if total is None else total - replay.left


def share(replay: Replay) -> float:
    """Say how much of a replay is done, from 0 to 1: of its calls, or of a backfill's time."""
    if replay.progress.state is State.DONE:
        return 1.0
    if replay.asked.level is not Level.BACKFILL:
        return done(replay) / replay.progress.total if replay.progress.total else 0.0
    selection = replay.asked.selection
    until, since = selection.until or replay.asked_at, selection.since or 0.0
    reached = float(replay.progress.place.partition("#")[0] or until)
    return (until - reached) / max(until - since, 1.0)


def seconds_left(replay: Replay, *, now: float) -> float | None:
    """Estimate how long a replay still takes, from how long it has taken; None while that says nothing."""
    part, began = share(replay), replay.progress.started_at
    if replay.is_over or began is None or not part:
        return None
    return round((now - began) * (1 - part) / part, 1)


def finding_document(finding: Finding) -> FindingDocument:
    """Write what was found of a call."""
    return FindingDocument(
        telephony_session_id=finding.call,
        revision=finding.revision,
        differences=finding.differences,
        destinations=finding.destinations,
    )


def _selection(selection: Selection) -> SelectionDocument:
    told = msgspec.structs.asdict(selection)
    return SelectionDocument(
        **told | {"since": iso_ms_at_or_none(selection.since), "until": iso_ms_at_or_none(selection.until)}
    )
