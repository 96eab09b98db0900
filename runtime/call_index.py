"""The index of calls, as it is written: by every step that first sees a call or publishes something about it.

`legwork:{account}:calls` holds all calls by their start; for each thing a call can be found by there is a set of the
same calls with the same scores. They say which calls there are and in what order; what is told of a call is read from
the ledger and the outcome log.
"""

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

from redis import Redis

from runtime import keys, lifetimes
from runtime.leases import Command
from telephony import search_terms
from telephony.events import CallEvent
from telephony.search_terms import Kind, Term
from telephony.sessions import Session
from telephony.times import parse_time

TRIMMED_AT_ONCE: Final = 2000
"""Old calls that upkeep looks at in one go: whether anything of them is still there."""

LOOKS: Final = 10
"""How often it looks in a row while nothing is left of most: one account has up to 5,000 calls a minute."""

RECENT_SECONDS: Final = 3600
"""The event of a call that began no longer ago than this enters only the sets in which the call is not yet.

So a set that no later call joins expires earlier than the event, by this much at most.
"""


def seen(
    account: str, session: Session, before: Session | None, *, heard_at: float, retention: float
) -> Command | None:
    """Give the step that indexes a call the notifications tell of; None where they say nothing new of that kind."""
    if before is not None and _ends(before) == _ends(session):
        return None
    terms = search_terms.of_session(session) - (search_terms.of_session(before) if before is not None else frozenset())
    if before is not None and not terms:
        return None
    start = session.started_at.timestamp() if session.started_at else heard_at
    place = (keys.calls(account), session.id, f"{start:.3f}", str(int(retention)))
    return ("INDEXED", *place, *_sets(account, terms))


def told(account: str, event: CallEvent, session: Session | None) -> tuple[str, ...]:
    """Give the words with which PUBLISHED indexes the call of an event, beside the outcome that it counts.

    What `session` says of the call, if it is given, was indexed by `seen`.
    """
    terms = search_terms.of_event(event.data)
    start = parse_time(event.data.start_time or event.time)
    if session is not None and _is_recent(start, event):
        terms -= search_terms.of_session(session)
    kept = frozenset(term for term in terms if term[0] is not Kind.OUTCOME)
    return (
        keys.calls(account),
        f"{start.timestamp() if start else 0:.3f}",
        keys.calls_by(account, Kind.OUTCOME, ""),
        *_sets(account, kept, search_terms.opposites(terms)),
    )


def trim(redis: Redis, account: str, *, before: float) -> int:
    """Take calls out of the index of which nothing is left; give their number.

    The other sets lose what this one has lost when a call is added to them.
    """
    count = 0
    for _ in range(LOOKS):
        gone = _trim_some(redis, account, before=before)
        count += gone
        if 2 * gone < TRIMMED_AT_ONCE:
            break
    return count


def _trim_some(redis: Redis, account: str, *, before: float) -> int:
    """Look at some calls that began before `before`, anywhere among them; give how many were taken out.

    One that was found late may have begun long ago and be kept all the same.
    """
    old = redis.zcount(keys.calls(account), "-inf", f"({before}")
    first = random.randrange(max(1, old - TRIMMED_AT_ONCE + 1))  # noqa: S311 - any will do
    rows = cast("list[bytes]", redis.zrange(keys.calls(account), first, min(old, first + TRIMMED_AT_ONCE) - 1))
    if not old or not rows:
        return 0
    kept = (keys.session, keys.revisions)
    return lifetimes.strike_off(redis, account, keys.calls(account), [row.decode() for row in rows], kept=kept)


def _is_recent(start: datetime | None, event: CallEvent) -> bool:
    """Say whether a call began so lately that the sets it joined then are kept nearly as long as its event."""
    published = parse_time(event.data.timing.published_at)
    return start is not None and published is not None and (published - start).total_seconds() < RECENT_SECONDS


def _sets(account: str, joins: frozenset[Term], leaves: Iterable[Term] | None = None) -> tuple[str, ...]:
    """Write the sets a call leaves, behind their number, and those it joins."""
    left = [keys.calls_by(account, *term) for term in (search_terms.opposites(joins) if leaves is None else leaves)]
    return (str(len(left)), *left, *(keys.calls_by(account, *term) for term in sorted(joins)))


def _ends(session: Session) -> list[tuple[object, object, object, object]]:
    """Give what the terms of a session come from."""
    return [(party.from_, party.to, party.extension_id, party.direction) for party in session.parties]
