"""Fold a batch of notifications into sessions, and keep what cannot be read where people can look at it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, TypeGuard

from runtime import bells, keys
from runtime.bells import Stage
from runtime.inbox import Entry
from runtime.leases import Command
from runtime.ledger import Tracked
from runtime.metrics import OTHER_EVENTS, TRACKED, Recorder
from telephony import sessions
from telephony.notifications import Kind, Malformed, Notification, read, without_ids

MOMENT_SECONDS: Final = 1.0
"""What is read just now may have come after the time was asked for."""

MOST_ARRIVALS: Final = 2000
"""Notifications after which a step takes no further body: one may hold hundreds of them."""

MOST_BYTES: Final = 1024 * 1024
"""Bytes of bodies after which it takes none either: the usual ones of a step have fewer. What somebody who means ill
has them say must fit into one commit, made while the lease holds; or the same is taken anew for ever, and nothing else.
"""

Arrival: TypeAlias = tuple[Entry, Notification | Malformed]
"""Something that was read out of an entry of the inbox."""


def taken(entries: Sequence[Entry]) -> tuple[Sequence[Entry], list[Arrival]]:
    """Read bodies, the oldest first, until they hold enough; give those that were read."""
    arrivals: list[Arrival] = []
    size = 0
    for count, entry in enumerate(entries, start=1):
        arrivals += [(entry, item) for item in read(entry.body)]
        size += len(entry.body)
        if len(arrivals) >= MOST_ARRIVALS or size >= MOST_BYTES:
            return entries[:count], arrivals
    return entries, arrivals


def fold(
    account: str, before: Mapping[str, Tracked], arrivals: Sequence[Arrival], recorder: Recorder, *, now: float
) -> dict[str, Tracked]:
    """Join every notification into its session; a duplicate leaves it as it is.

    None came later than `now`, whatever its place says: places never go back, though Redis's clock be put back.
    """
    after = dict(before)
    counted = Counter(_joined(after, entry, item, now) for entry, item in arrivals)
    for what, number in counted.items():
        recorder.count(TRACKED, account, what, by=number)
    if Kind.OTHER in counted:
        for event in _others(arrivals):
            recorder.count(OTHER_EVENTS, account, without_ids(event))
    return after


def _joined(after: dict[str, Tracked], entry: Entry, item: Notification | Malformed, now: float) -> str:
    """Join one into its session, and say what it was."""
    if not is_telephony(item):
        return "malformed" if isinstance(item, Malformed) else item.kind
    known = after.get(item.telephony_session_id or "")
    if known is None:
        session = sessions.fold(None, item)
        after[session.id] = Tracked(session, _heard_at(entry, now))
        return "folded"
    if known.erased:
        return "erased"
    session = sessions.fold(known.session, item)
    if session is known.session:
        return "duplicate"
    ended_at = known.ended_at if known.ended_at and session.is_over else None
    after[session.id] = Tracked(session, _heard_at(entry, now), ended_at)
    return "folded"


def _others(arrivals: Sequence[Arrival]) -> Iterator[str]:
    """Give the events that are neither news of calls nor meant for us."""
    return (item.event for _, item in arrivals if isinstance(item, Notification) and item.kind is Kind.OTHER)


def _heard_at(entry: Entry, now: float) -> float:
    arrived_at = entry.arrived_at
    return arrived_at if arrived_at < now + MOMENT_SECONDS else now


def quarantined(account: str, arrivals: Sequence[Arrival]) -> list[Command]:
    """Keep every body that holds something unreadable, once, whatever else and however much of it it holds."""
    reasons: dict[str, tuple[Entry, str]] = {}
    for entry, item in arrivals:
        if isinstance(item, Malformed):
            reasons.setdefault(entry.id, (entry, item.reason))
    stream = keys.quarantine(account)
    return [
        ("XADD", stream, "*", "reason", reason, "inboxId", entry.id, "body", entry.body)
        for entry, reason in reasons.values()
    ]


def reminded(account: str, arrivals: Sequence[Arrival], now: float) -> list[Command]:
    """Give the commands that have the subscription renewed when RingCentral reminds us of it."""
    if not any(isinstance(item, Notification) and item.kind is Kind.REMINDER for _, item in arrivals):
        return []
    return [("SET", keys.reminded(account), f"{now:.3f}"), bells.due_at(Stage.UPKEEP, account, now)]


def is_telephony(item: Notification | Malformed) -> TypeGuard[Notification]:
    """Say whether it is news of a call."""
    return isinstance(item, Notification) and item.kind is Kind.TELEPHONY_SESSION


def kept_aside(item: Notification | Malformed, unreadable: frozenset[str]) -> Notification | Malformed:
    """Have the news of a call we cannot read kept in quarantine: a call begun anew from them would be half a call."""
    if is_telephony(item) and item.telephony_session_id in unreadable:
        return Malformed("its call was written down by a later version of Legwork")
    return item
