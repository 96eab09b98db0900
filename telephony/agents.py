"""What happened to each of the account's people in a call: who was rung, for how long, and who talked.

The notifications' parties tell it first, the call log's legs later, and the log wins wherever it is definite, but not
over who was seen to answer; the moments are the notifications', because a leg's length does not tell ringing from
talking. A queue, a menu and whoever began the call are nobody who was rung.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from telephony.agent_rules import (
    PARTY_RULES,
    STATUS_BY_LEG,
    TALKED,
    AgentStatus,
    LegRule,
    is_pick_up,
    rules_of,
    was_rung,
)
from telephony.call_outcome import LegOutcome
from telephony.explanations import Explanation
from telephony.groups import groups
from telephony.legs import is_of_queue
from telephony.results import is_of_one_phone
from telephony.ringout import is_ringout_origin
from telephony.sessions import PartyState, Session
from telephony.times import parse_time
from telephony.words import LegRole, LegStatus

_RANK: Final = {status: place for place, status in enumerate(AgentStatus)}


class Agent(msgspec.Struct, frozen=True, rename="camel"):
    """What happened to one of the account's people who were rung. Seconds are None where nothing tells them."""

    extension_id: str
    name: str | None
    status: AgentStatus
    ring_seconds: int | None
    talk_seconds: int | None


class _Span(msgspec.Struct, frozen=True):
    """For how many seconds somebody was rung or talked, and from when on, if that is told."""

    begin: datetime | None
    seconds: float


class _Finding(msgspec.Struct, frozen=True):
    """What one party or leg says of an extension. `definite` is False where something better may overrule it."""

    extension_id: str
    status: AgentStatus
    rule: str
    because: str
    ring: _Span | None = None
    talk: _Span | None = None
    leg: int | None = None
    definite: bool = True
    order: int = 0


def agents(session: Session, legs: Sequence[LegOutcome]) -> tuple[tuple[Agent, ...], tuple[Explanation, ...]]:
    """Say what happened to each extension that was rung, ordered by their ids, and why. `legs` are there or not yet."""
    nobody = groups(session) | {leg.extension_id for leg in legs if leg.extension_id and is_of_queue(leg)}
    told, logged = _by_extension(_of_parties(session, nobody)), _by_extension(_of_legs(legs, nobody))
    if not (told or logged):
        return (), ()
    names = _names(session, legs)
    found: list[Agent] = []
    why: list[Explanation] = []
    for extension_id in sorted(told.keys() | logged.keys()):
        by_party, by_leg = told.get(extension_id, []), logged.get(extension_id, [])
        best = _best(by_party, by_leg)
        found.append(
            Agent(
                extension_id=extension_id,
                name=names.get(extension_id),
                status=best.status,
                ring_seconds=_seconds([one.ring for one in by_party], [one.ring for one in by_leg]),
                talk_seconds=_seconds([one.talk for one in by_party], [one.talk for one in by_leg]),
            )
        )
        why.append(Explanation(f"agents[{len(why)}].status", best.status, best.rule, best.leg, best.because))
    return tuple(found), tuple(why)


def _by_extension(findings: Iterable[_Finding]) -> dict[str, list[_Finding]]:
    found: dict[str, list[_Finding]] = {}
    for one in findings:
        found.setdefault(one.extension_id, []).append(one)
    return found


def _of_parties(session: Session, nobody: frozenset[str]) -> Iterator[_Finding]:
    in_ringout = is_ringout_origin(session.origin)
    ours = [party for party in session.parties if _is_agent(party, nobody, in_ringout=in_ringout)]
    answers = [party.answered_at for party in ours if party.answered_at]
    for party in ours:
        rule = next(rule for rule in PARTY_RULES if rule.applies(party, answers))
        yield _Finding(
            extension_id=party.extension_id or "",
            status=rule.status,
            rule=rule.name,
            because=rule.because,
            ring=_between(party.rang_at, _ring_end(party)),
            talk=_between(party.answered_at, party.changed_at if party.is_over else None),
            order=party.sequence,
        )


def _is_agent(party: PartyState, nobody: frozenset[str], *, in_ringout: bool) -> bool:
    calls = party.calls and not (in_ringout and party.direction is None)  # of a RingOut the first is rung as well
    return party.extension_id not in nobody and (is_pick_up(party) or (was_rung(party) and not calls))


def _ring_end(party: PartyState) -> datetime | None:
    """Say when a phone stopped ringing. Of a party that went to voicemail only the log tells."""
    return party.answered_at or (None if party.voicemail else party.changed_at)


def _of_legs(legs: Sequence[LegOutcome], nobody: frozenset[str]) -> Iterator[_Finding]:
    for leg in legs:
        for rule in rules_of(leg.role, leg.leg_type):
            extension_id = rule.whose(leg)
            if extension_id and extension_id not in nobody:
                yield _of_leg(leg, rule, extension_id, legs)


def _of_leg(leg: LegOutcome, rule: LegRule, extension_id: str, legs: Sequence[LegOutcome]) -> _Finding:
    if rule.always or leg.status is LegStatus.ANSWERED or leg.role is LegRole.VOICEMAIL:
        status, definite = rule.status, True
    elif not leg.result:  # some never get one
        status, definite = AgentStatus.RANG, False
    elif leg.status in STATUS_BY_LEG:
        status, definite = STATUS_BY_LEG[leg.status], not is_of_one_phone(leg.result)
    else:
        status, definite = _stopped(legs), False
    talked = status in TALKED
    connected = rule.status is AgentStatus.ANSWERED or rule.status is AgentStatus.PICKED_UP
    span = _length(leg)
    return _Finding(
        extension_id=extension_id,
        status=status,
        rule=rule.name,
        because=rule.because,
        ring=None if talked or leg.role is LegRole.VOICEMAIL or not leg.result else span,
        talk=span if talked and connected else None,
        leg=leg.index,
        definite=definite,
        order=leg.index,
    )


def _stopped(legs: Sequence[LegOutcome]) -> AgentStatus:
    """Say what a phone that stopped ringing means: somebody else answered, or nobody did."""
    rung = (leg for leg in legs if leg.role in {LegRole.AGENT, LegRole.CALLEE})
    answered = any(leg.status is LegStatus.ANSWERED for leg in rung)
    return AgentStatus.ANSWERED_ELSEWHERE if answered else AgentStatus.MISSED


def _best(told: Sequence[_Finding], logged: Sequence[_Finding]) -> _Finding:
    """Choose between what parties and legs say of one extension."""
    by_party, by_leg = _strongest(told), _strongest(_decisive(logged))
    if by_leg is None:
        return by_party or _first([one for one in logged if one.status is not AgentStatus.UNREACHABLE])
    if by_party and by_party.status in TALKED:  # seen in the call: only a closer word for that counts for more
        return by_party if _RANK[by_party.status] < _RANK[by_leg.status] else by_leg
    return by_leg


def _decisive(logged: Sequence[_Finding]) -> Sequence[_Finding]:
    """Give the legs that count for more than a party: the definite ones, or all if none of the phones was there."""
    if all(one.status is AgentStatus.UNREACHABLE for one in logged):
        return logged
    return [one for one in logged if one.definite]


def _strongest(findings: Sequence[_Finding]) -> _Finding | None:
    return _first(findings) if findings else None


def _first(findings: Sequence[_Finding]) -> _Finding:
    return min(findings, key=lambda one: (_RANK[one.status], -one.order)) if len(findings) > 1 else findings[0]


def _seconds(told: Sequence[_Span | None], logged: Sequence[_Span | None]) -> int | None:
    """Add up what the parties say, or where they say nothing, the legs."""
    for said in (told, logged):
        known = [one for one in said if one is not None]
        if known:
            return int(known[0].seconds if len(known) == 1 else _together(known))
    return None


def _together(spans: Sequence[_Span]) -> float:
    """Add spans up, counting once what is in several: two phones of somebody ring at a time, a leg goes on in a leg."""
    milliseconds, reached = 0, 0
    for one in sorted((one for one in spans if one.begin is not None), key=_begins_at):
        end = _begins_at(one) + round(one.seconds * 1000)
        milliseconds += max(0, end - max(_begins_at(one), reached))
        reached = max(reached, end)
    return sum(one.seconds for one in spans if one.begin is None) + milliseconds / 1000


def _begins_at(span: _Span) -> int:
    return round(span.begin.timestamp() * 1000) if span.begin else 0


def _length(leg: LegOutcome) -> _Span | None:
    if leg.duration_seconds is None:
        return None
    return _Span(parse_time(leg.start_time) if leg.start_time else None, leg.duration_seconds)


def _between(begin: datetime | None, end: datetime | None) -> _Span | None:
    return _Span(begin, max(0.0, (end - begin).total_seconds())) if begin and end else None


def _names(session: Session, legs: Iterable[LegOutcome]) -> dict[str, str]:
    """Name each extension: where it has several names, by the first in alphabetical order."""
    found: dict[str, str] = {}
    parts: tuple[PartyState | LegOutcome, ...] = (*session.parties, *legs)
    for part in parts:
        for end in (part.to, part.from_):
            if end.extension_id and end.name:
                found[end.extension_id] = min(end.name, found.get(end.extension_id, end.name))
    return found
