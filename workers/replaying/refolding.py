"""Fold the notifications that the inbox still holds once more, with the rules of today.

Only sessions of which the inbox still holds everything that was heard are folded anew: with less than that, something
would be forgotten. What is folded is stored under track's lease, unless more was heard meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from runtime import bells, call_index, inbox, keys, ledger
from runtime.bells import Stage
from runtime.inbox import Entry
from runtime.leases import Command
from runtime.ledger import Tracked
from telephony import sessions
from telephony.notifications import Notification, named_in, read
from workers.replaying.borrowed import borrowed
from workers.replaying.replay_errand import Errand
from workers.tracking.changing import ends_at
from workers.tracking.folding import is_telephony

EARLY_SECONDS: Final = 3600.0
LATE_SECONDS: Final = 3600.0
"""How far around a call its notifications are searched for: RingCentral's clock is not ours, and some come late."""


def refolded(errand: Errand, ids: Sequence[str]) -> dict[str, Tracked]:
    """Give those of these sessions that come out otherwise when they are folded anew."""
    stored = ledger.tracked(errand.redis, errand.account, ids)
    folded: dict[str, Tracked] = {}
    for entry, item in _notifications(errand, stored, set(ids) - stored.unreadable):
        one = item.telephony_session_id or ""
        known = folded.get(one)
        session = sessions.fold(known.session if known else None, item)
        if known is None or session is not known.session:
            folded[one] = Tracked(session, entry.arrived_at)
    complete = ((one, new, stored.get(one)) for one, new in folded.items() if _is_whole(new, stored.get(one)))
    anew = {one: _ended(new, known) for one, new, known in complete}
    return {one: new for one, new in anew.items() if new != stored.get(one) or _ends_by_now(new)}


def restore(errand: Errand, anew: Mapping[str, Tracked]) -> dict[str, Tracked]:
    """Store what was folded anew where nothing more was heard meanwhile; give what was stored."""
    if not anew:
        return {}
    with borrowed(errand.redis, errand.account, Stage.TRACK, errand.made.stopping) as held:
        now = ledger.tracked(errand.redis, errand.account, list(anew))
        ours = {one: new for one, new in anew.items() if one not in now.unreadable}
        kept = {one: new for one, new in ours.items() if one not in now or now[one].session.heard == new.session.heard}
        held.commit([command for new in kept.values() for command in _stored(errand, new)])
    return kept


def _stored(errand: Errand, new: Tracked) -> Iterator[Command]:
    retention = errand.settings.retention_seconds
    yield ledger.write_tracked(errand.account, new, retention=retention)
    indexed = call_index.seen(errand.account, new.session, None, heard_at=new.heard_at, retention=retention)
    yield from [indexed] if indexed else []
    due = ends_at(errand.account, new, errand.settings)
    if new.ended_at is None and due is not None:  # by the rules of today it is over: track says so
        yield ("ZADD", keys.quiet(errand.account), f"{due:.3f}", new.session.id)
        yield bells.due_at(Stage.TRACK, errand.account, due)


def _is_whole(new: Tracked, known: Tracked | None) -> bool:
    """Say whether nothing that was heard before is missing."""
    return known is None or (not known.erased and known.session.heard == new.session.heard)


def _ended(new: Tracked, known: Tracked | None) -> Tracked:
    """Take as ended what was: that is told to the world and stays so. One that nobody knew has ended if it is over."""
    if known is not None:
        return msgspec.structs.replace(new, heard_at=known.heard_at, ended_at=known.ended_at)
    return msgspec.structs.replace(new, ended_at=new.heard_at if new.session.is_left else None)


def _ends_by_now(new: Tracked) -> bool:
    """Say whether a session that was never taken as ended is over by the rules of today."""
    return new.ended_at is None and new.session.is_left


def _notifications(
    errand: Errand, stored: Mapping[str, Tracked], ids: set[str]
) -> Iterator[tuple[Entry, Notification]]:
    """Read the notifications of these sessions out of the inbox, in order of arrival."""
    known = list(stored.values())
    if not known:
        return
    since = min(min(one.began_at, one.heard_at) for one in known) - EARLY_SECONDS
    until = max(one.heard_at for one in known) + LATE_SECONDS
    wanted = {one.encode() for one in ids}
    for entry in inbox.arrived(errand.redis, errand.account, since=since, until=until):
        if not wanted.isdisjoint(named_in(entry.body)):
            for item in read(entry.body):
                if is_telephony(item) and item.telephony_session_id in ids:
                    yield entry, item
