"""Gather the conversations of some sessions: their links, and what is known of the sessions these name.

Nearly all sessions have no link, and for them nothing is asked of Redis here. Of the others the whole conversation is
loaded, because its id, and whether a call goes on in another session, depend on all of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import msgspec
from redis import Redis

from runtime import keys, ledger, links
from runtime.ledger import Tracked
from telephony import conversations
from telephony.conversations import Place, alone
from telephony.linking import Link
from telephony.sessions import Session

HOPS: Final = 100
"""How many links away from the sessions that are asked about others are looked for; nobody is handed on so often."""


class Gathered(msgspec.Struct, frozen=True, dict=True):
    """Conversations, by each of their sessions; `tracked` the sessions that are known, `open` those that are on."""

    links: Mapping[str, frozenset[Link]]
    tracked: Mapping[str, Tracked]
    open: frozenset[str]

    def place(self, session_id: str) -> Place:
        """Say what a session is in its conversation."""
        linked = self.links.get(session_id)
        return conversations.place(session_id, linked, self._starts) if linked else alone(session_id)

    def goes_on_in(self, session: Session) -> frozenset[str]:
        """List the sessions in which a call may go on that has left this one."""
        linked = self.links.get(session.id)
        if not linked or not any(party.is_gone for party in session.parties):
            return frozenset()
        return conversations.goes_on_in(session.id, linked, self._starts)

    def is_on(self, session: Session) -> bool:
        """Say whether a call that has left this session is on in another."""
        return not self.open.isdisjoint(self.goes_on_in(session))

    def heard_at(self, record: Tracked, *, now: float) -> float:
        """Say when a call was last heard of, in this session or where it went on: its record may be written only then.

        Of sessions that are not known it may have been till `now`. Seconds.
        """
        known = (self.tracked.get(one) for one in self.goes_on_in(record.session))
        return max([record.heard_at, *(one.heard_at if one else now for one in known)])

    def others(self, session_id: str) -> frozenset[str]:
        """List the other sessions of a session's conversation."""
        ends = {end for one in self.links.get(session_id, ()) for end in (one.first, one.then)}
        return frozenset(ends - {session_id})

    @cached_property
    def _starts(self) -> dict[str, datetime]:
        starts = ((one, record.session.started_at) for one, record in self.tracked.items())
        return {one: start for one, start in starts if start is not None}


NONE: Final = Gathered({}, {}, frozenset())


def gather(
    redis: Redis,
    account: str,
    known: Iterable[Link],
    *,
    loaded: Iterable[str] = (),
    tracked: Mapping[str, Tracked] | None = None,
    without: frozenset[Link] = frozenset(),
) -> Gathered:
    """Gather the conversations that `known` links belong to.

    `loaded` are the sessions whose links are all among them; `tracked` are sessions that need not be loaded. `without`
    are links that are about to be withdrawn. Sessions with more links than a conversation has are in none.
    """
    found, asked = set(known) - without, set(loaded)
    if not found:
        return NONE
    together = _together(found)
    for _ in range(HOPS):
        near = sorted(together.keys() - asked)
        if not near:
            break
        asked |= set(near)
        found |= {one for some in links.load(redis, account, near).values() for one in some} - without
        together = _together(found)
    members = sorted(together)
    at_hand = tracked or {}
    sessions = ledger.tracked(redis, account, [one for one in members if one not in at_hand])
    sessions |= {one: at_hand[one] for one in members if one in at_hand}
    scores: Any = redis.zmscore(keys.open_sessions(account), members) if members else ()
    listed = {one for one, score in zip(members, scores, strict=True) if score is not None}
    over = {one for one, record in sessions.items() if record.ended_at is not None}  # resolve may list it all the same
    return Gathered(
        links=together,
        tracked=sessions,
        open=frozenset(listed - over),
    )


def _together(found: Iterable[Link]) -> dict[str, frozenset[Link]]:
    """Take links apart into conversations, and leave out what is none."""
    return {one: some for one, some in conversations.apart(found).items() if len(some) <= conversations.MOST_LINKS}
