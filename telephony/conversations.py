"""The conversation a session is part of: who else is in it, its id, and what the session is to it.

A function of the set of links and of when each session began, and of nothing else: not of the order in which links were
found. docs/adr/0035 says why the id is that of the earliest session.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from telephony.explanations import Explanation
from telephony.linking import KINDS, ConversationRole, Link
from telephony.times import NEVER

_RANK: Final[Mapping[ConversationRole, int]] = {
    role: place
    for place, role in enumerate(
        dict.fromkeys(
            (
                *(rule.then for rule in KINDS.values() if rule.then is not ConversationRole.LINKED),
                ConversationRole.PARKED,
                *ConversationRole,
            )
        )
    )
}


MOST_LINKS: Final = 250
"""Of one conversation. More are no conversation of anybody's, and each of its sessions would name all the others."""


class Place(msgspec.Struct, frozen=True):
    """A session's place in its conversation; `others` are the other sessions of it."""

    conversation: str
    role: ConversationRole
    others: tuple[str, ...] = ()
    explanation: tuple[Explanation, ...] = ()


def alone(session_id: str) -> Place:
    """Give the place of a session that no link names."""
    return Place(session_id, ConversationRole.ONLY)


def apart(links: Iterable[Link]) -> dict[str, frozenset[Link]]:
    """Take links apart into conversations: for each session, all links of the one it is in."""
    by_end: dict[str, list[Link]] = {}
    near: dict[str, set[str]] = {}
    for one in links:
        for end, other in ((one.first, one.then), (one.then, one.first)):
            by_end.setdefault(end, []).append(one)
            near.setdefault(end, set()).add(other)
    found: dict[str, frozenset[Link]] = {}
    for start in near:
        if start not in found:
            members = _reached(start, near)
            found |= dict.fromkeys(members, frozenset(one for member in members for one in by_end[member]))
    return found


def place(session_id: str, links: Iterable[Link], starts: Mapping[str, datetime]) -> Place:
    """Say what `session_id` is in its conversation, which has these links; `starts` tells when sessions began."""
    ordered = sorted(_in_order(links, starts))
    if not ordered:
        return alone(session_id)
    members = {end for one, _ in ordered for end in (one.first, one.then)}
    return Place(
        conversation=min(members, key=lambda one: (starts.get(one, NEVER), one)),
        role=_role(session_id, ordered),
        others=tuple(sorted(members - {session_id})),
        explanation=tuple(_explained(session_id, ordered)),
    )


def goes_on_in(session_id: str, links: Iterable[Link], starts: Mapping[str, datetime]) -> frozenset[str]:
    """List the later sessions in which a session's call may go on, directly or through others."""
    following: dict[str, set[str]] = {}
    for one, told in _in_order(links, starts):
        if told and KINDS[one.kind].goes_on:
            following.setdefault(one.first, set()).add(one.then)
    return frozenset(_reached(session_id, following) - {session_id})


def _reached(start: str, near: Mapping[str, set[str]]) -> set[str]:
    """List the sessions that can be reached from one by what is `near` each, itself among them."""
    reached, waiting = {start}, [start]
    while waiting:
        new = near.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def _in_order(links: Iterable[Link], starts: Mapping[str, datetime]) -> list[tuple[Link, bool]]:
    """Put the earlier session of each link first, by its evidence or else by its start, and say whether that is told.

    Of two sessions and one kind, evidence that tells the order outweighs evidence that does not.
    """
    known = set(links)
    told = {(one.kind, frozenset((one.first, one.then))) for one in known if one.is_ordered}
    placed: list[tuple[Link, bool]] = []
    for one in known:
        if one.is_ordered:
            placed.append((one, True))
        elif (one.kind, frozenset((one.first, one.then))) not in told:
            first, then = starts.get(one.first), starts.get(one.then)
            if first is None or then is None or first == then:
                placed.append((one, False))
            else:
                placed.append((one if first < then else Link(one.then, one.first, one.rule), True))
    return placed


def _role(session_id: str, links: Iterable[tuple[Link, bool]]) -> ConversationRole:
    roles = {ConversationRole.LINKED}
    for one, told in links:
        if told and session_id == one.then:
            roles.add(KINDS[one.kind].then)
        elif told and session_id == one.first:
            roles.add(KINDS[one.kind].first)
    return min(roles, key=lambda role: _RANK[role])


def _explained(session_id: str, links: Iterable[tuple[Link, bool]]) -> Iterator[Explanation]:
    """Explain by each link; one between two others names both of them."""
    for one, _ in links:
        ends = tuple(end for end in (one.first, one.then) if end != session_id)
        yield Explanation("linkedSessions", ends, one.rule, None, one.because)
