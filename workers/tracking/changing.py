"""Say what is to be done about the sessions that a batch of notifications has changed: store, tell, index, wait."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from runtime import bells, call_index, keys, ledger, links, outcome_log
from runtime.bells import Stage
from runtime.leases import Command
from runtime.ledger import Tracked
from runtime.settings import Settings
from telephony import endings, sessions
from telephony.live_events import updated
from telephony.sessions import Session
from telephony.times import moment_at

NOTED_SECONDS: Final = 30
"""How exactly the list of open sessions says when each was last heard of."""


MOST_WATCHED: Final = 100
"""Parties of a call beyond which nobody is told of it while it is on: each notification would tell of all of them."""


def changes(
    account: str,
    before: Mapping[str, Tracked],
    changed: Sequence[Tracked],
    settings: Settings,
    *,
    now: float,
    has_audience: bool,
) -> list[Command]:
    """Give the commands that store what changed, tell who watches, and set when it may be taken as ended."""
    moment = moment_at(now)
    commands: list[Command] = []
    for record in changed:
        session, known = record.session, before.get(record.session.id)
        commands.append(ledger.write_tracked(account, record, retention=settings.retention_seconds))
        if has_audience and record.ended_at is None and len(session.parties) <= MOST_WATCHED:
            commands.append(outcome_log.live(account, updated(session, now=moment)))
        commands += _indexed(account, record, known, settings.retention_seconds)
        if known and known.ended_at is not None:
            commands += _told_late(account, record, known.session, now=now)
    return [*commands, *_listed(account, before, changed, settings)]


def leaving(account: str, over: Sequence[str], looks: Mapping[str, float]) -> list[Command]:
    """Give the commands that take calls out of the lists of those that are on, all of them together.

    Of those that have ended now `looks` says when the call log is asked about them (seconds).
    """
    commands: list[Command] = []
    if over:
        commands += [("ZREM", keys.quiet(account), *over), ("ZREM", keys.open_sessions(account), *over)]
    if looks:
        commands += ledger.placed(keys.due(account), looks)
        commands.append(bells.due_at(Stage.RESOLVE, account, min(looks.values())))
    return commands


def ends_at(account: str, record: Tracked, settings: Settings) -> float | None:
    """Say when the quiet pause of a session is over, if nothing more is heard (seconds); None while a party lives."""
    quiet = timedelta(seconds=settings.quiet_seconds)
    pause = sessions.ends_after(record.session, quiet, gaps_tell=settings.gaps_tell(account))
    return None if pause is None else record.heard_at + pause.total_seconds()


def _told_late(account: str, record: Tracked, before: Session, *, now: float) -> Iterator[Command]:
    """Have a call that was over looked at again where what came late says more of it, unless it goes on after all."""
    if before.started_at != record.session.started_at:
        yield from links.changed(account, record.session.id, now=now)
    if record.ended_at is not None and before.parties != record.session.parties:
        yield ("ZADD", keys.due(account), "NX", f"{now:.3f}", record.session.id)
        yield bells.due_at(Stage.RESOLVE, account, now)


def _listed(
    account: str, before: Mapping[str, Tracked], changed: Sequence[Tracked], settings: Settings
) -> Iterator[Command]:
    """List calls that are on, and those whose quiet pause will be over; or not, for somebody is back."""
    noted_open: dict[str, float] = {}
    quiet_until: dict[str, float] = {}
    lives_again: list[str] = []
    for record in changed:
        session_id, known = record.session.id, before.get(record.session.id)
        due = ends_at(account, record, settings)
        if record.ended_at is None and not _is_noted_open(known, record):
            noted_open[session_id] = record.heard_at
        if due is not None and record.ended_at is None:
            quiet_until[session_id] = due
        elif due is None and known is not None and known.session.is_left:
            lives_again.append(session_id)
    yield from ledger.placed(keys.open_sessions(account), noted_open)
    yield from ledger.placed(keys.quiet(account), quiet_until)
    if lives_again:
        yield ("ZREM", keys.quiet(account), *lives_again)


def _indexed(account: str, record: Tracked, known: Tracked | None, retention: float) -> Iterator[Command]:
    """Have the call found by what is new of it."""
    session, before = record.session, known.session if known else None
    step = call_index.seen(account, session, before, heard_at=record.heard_at, retention=retention)
    if step is not None:
        yield step
    if endings.is_ringout(session) and not (before and endings.is_ringout(before)):
        yield from ledger.ringout_sessions(account, {session.id: record.began_at})


def _is_noted_open(known: Tracked | None, record: Tracked) -> bool:
    """Say whether the list of open sessions need not be touched: it is exact to `NOTED_SECONDS`."""
    if known is None or known.ended_at is not None:
        return False
    return known.heard_at // NOTED_SECONDS == record.heard_at // NOTED_SECONDS
