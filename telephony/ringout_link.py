"""Which telephony sessions a RingOut was played in: by its id where that is a session's, else by evidence.

Today's ids of RingOuts look like the telephonySessionId, those of 2018 were its base64 form and older ones plain
numbers; nobody promises that they are equal. So an id links only to a session that was seen, and where none has it, all
of the evidence must agree: origin, both numbers, time. What fits two is linked to neither: a wrong link is worse
than none. The second session that a RingOut may have is found from the first. All of it is computed anew from whatever
is known: what evidence linked is in doubt, and linked no more, once something else fits as well. docs/ringout.md is
generated from here.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.linking import LINK_RULES, RINGOUT_SECOND_SESSION
from telephony.numbers import e164
from telephony.records import CallLogRecord
from telephony.ringout import is_ringout as is_ringout_record
from telephony.ringout import is_ringout_origin
from telephony.sessions import Session

EARLIEST: Final = timedelta(seconds=-15)
LATEST: Final = timedelta(seconds=60)
"""When a session of a RingOut may begin, seen from when it was placed: RingCentral's clock is not ours."""

APART: Final = timedelta(seconds=60)
NEIGHBOURS: Final = range(1000, 4001)
"""How far apart the sessionIds of the two sessions of one RingOut lie (ringcentral-call-control-js, helper.ts)."""

_NUMERIC: Final = re.compile(r"[0-9]{1,19}")

BY_ID: Final = "ringout-id"
BY_EVIDENCE: Final = "ringout-evidence"
IN_DOUBT: Final = "ringout-in-doubt"

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        BY_ID: "the ringOutId is this session's telephonySessionId, be it in its base64 form",
        BY_EVIDENCE: "origin RingOut, the same two numbers, begun when it was placed; it fits no other RingOut, and no "
        "other session fits",
        RINGOUT_SECOND_SESSION: LINK_RULES[RINGOUT_SECOND_SESSION].because,
        IN_DOUBT: "the evidence would make it a session of the RingOut, did nothing else fit as well: it is not (any "
        "more) linked",
    }
)

NOT_SEEN: Final = "no session has this id, and none with these numbers began when the RingOut was placed"
NO_NUMBERS: Final = "no session has this id, and without both numbers nothing else can tell which one it is"
FITS_SEVERAL: Final = "more than one session fits: none is linked"
FITS_OTHERS: Final = "the one session that fits also fits another RingOut: it is linked to neither"
UNLINKED: Final = (NOT_SEEN, NO_NUMBERS, FITS_SEVERAL, FITS_OTHERS)
ANOTHER_NAMED: Final = "it fits, but another session has the id of the RingOut"
SECOND_FITS_SEVERAL: Final = "it may be the second session, but so may another, or it may be that of another first one"


class Asked(msgspec.Struct, frozen=True):
    """A RingOut as it was asked for. Numbers are E.164; None is not known, as of one placed by somebody else."""

    id: str
    placed_at: datetime
    ringout_id: str | None = None
    caller: str | None = None
    callee: str | None = None


class Sighting(msgspec.Struct, frozen=True):
    """A session that may be a RingOut's. `ways` are the ends (from, to) of its parties, records tell them at last."""

    telephony_session_id: str
    session_id: str | None
    started_at: datetime
    ways: frozenset[tuple[str | None, str | None]]
    recorded: bool = False


class Linked(msgspec.Struct, frozen=True, rename="camel"):
    """A session of a RingOut, and why it is taken as one."""

    telephony_session_id: str
    rule: str
    because: str


class Linking(msgspec.Struct, frozen=True, rename="camel"):
    """The sessions of a RingOut, the first one first; `because` says why there is none.

    `doubted` are those that would be its sessions, did nothing else fit as well.
    """

    sessions: tuple[Linked, ...] = ()
    because: str | None = None
    doubted: tuple[Linked, ...] = ()

    @property
    def named(self) -> dict[str, Linked]:
        """What each session that is linked or in doubt has to do with it."""
        return {one.telephony_session_id: one for one in (*self.doubted, *self.sessions)}


def sighting(telephony_session_id: str, session: Session | None, records: Sequence[CallLogRecord]) -> Sighting | None:
    """Say what a session shows of itself; None for one that is no RingOut, or that has no beginning."""
    origin = session.origin if session else None
    if not is_of_ringout(session, records):
        return None
    starts = [record.start_time for record in records if record.start_time]
    started_at = (session.started_at if session else None) or min(starts, default=None)
    if started_at is None:
        return None
    older = [record.session_id for record in records if record.session_id]
    recorded = _recorded_ways(record for record in records if is_ringout_record(record, origin))
    return Sighting(
        telephony_session_id=telephony_session_id,
        session_id=(session.session_id if session else None) or next(iter(older), None),
        started_at=started_at.astimezone(UTC),
        ways=recorded or _told_ways(session),
        recorded=bool(recorded),
    )


def is_of_ringout(session: Session | None, records: Iterable[CallLogRecord]) -> bool:
    """Say whether notifications or records call it a RingOut."""
    told = session is not None and is_ringout_origin(session.origin)
    return told or any(is_ringout_record(record) for record in records)


def linking(one: Asked, others: Iterable[Asked], seen: Iterable[Sighting]) -> Linking:
    """Say which of the sessions `seen` are those of `one`; `others` are the other RingOuts of that time.

    A function of the evidence alone: more of it may link what was not, or show that a link was a guess.
    """
    seen = sorted(seen, key=lambda sighting: sighting.telephony_session_id)
    others = [other for other in others if other.id != one.id]
    named = next((sighting for sighting in seen if _has_id(sighting, one.ringout_id)), None)
    if named is not None:
        alike = [
            s for s in seen if s is not named and _fits(one, s) and not any(_has_id(s, o.ringout_id) for o in others)
        ]
        found = _with_second(one, named, BY_ID, others, seen)
        return msgspec.structs.replace(found, doubted=(*found.doubted, *_doubted(ANOTHER_NAMED, alike)))
    if one.caller is None or one.callee is None:
        return Linking(because=NO_NUMBERS)
    taken = {_plain(other.ringout_id) for other in others if other.ringout_id is not None}
    free = [sighting for sighting in seen if _plain(sighting.telephony_session_id) not in taken]
    fitting = [sighting for sighting in free if _fits(one, sighting)]
    if not fitting:
        return Linking(because=NOT_SEEN)
    if len(fitting) > 1:
        return _in_doubt(FITS_SEVERAL, one, fitting, others, seen)
    (first,) = fitting
    rivals = [o for o in others if _fits(o, first) and not any(_has_id(s, o.ringout_id) for s in seen)]
    if rivals:
        return _in_doubt(FITS_OTHERS, one, fitting, others, seen)
    return _with_second(one, first, BY_EVIDENCE, others, seen)


def is_withdrawn(first: str, then: str, found: Iterable[Linking], seen: Iterable[Sighting]) -> bool:
    """Say whether two sessions that were linked as those of a RingOut are so no more, as of all linkings of that time.

    Both must still be seen: what has been forgotten since withdraws nothing.
    """
    are_seen = {first, then} <= {sighting.telephony_session_id for sighting in seen}
    return are_seen and (first, then) not in {
        tuple(one.telephony_session_id for one in each.sessions) for each in found
    }


def same_id(ringout_id: str, telephony_session_id: str) -> bool:
    """Tell whether two ids are one: as they are written, or once both are brought out of base64."""
    return _plain(ringout_id) == _plain(telephony_session_id)


def _has_id(sighting: Sighting, ringout_id: str | None) -> bool:
    return ringout_id is not None and same_id(ringout_id, sighting.telephony_session_id)


def _plain(text: str) -> str:
    """Bring an id of 2018 (`cs…@ip` in base64, padded or not) into its plain form; leave every other as it is."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        return text
    return plain if plain.startswith("cs") and "@" in plain else text


def _fits(one: Asked, sighting: Sighting) -> bool:
    """Say whether a session may be the first one of a RingOut: both its numbers are known, and it began then."""
    if one.caller is None or one.callee is None:
        return False
    if not EARLIEST <= sighting.started_at - one.placed_at <= LATEST:
        return False
    if sighting.recorded:
        return (one.caller, one.callee) in sighting.ways
    called = {to for _, to in sighting.ways}
    return (one.callee, one.caller) not in sighting.ways and called == {one.caller, one.callee}


def _with_second(one: Asked, first: Sighting, rule: str, others: Sequence[Asked], seen: Sequence[Sighting]) -> Linking:
    """Link the first session by `rule`, and the second, if it is certain which one that is."""
    linked, fitting = _linked(first, rule), _seconds(one, first, others, seen)
    if len(fitting) == 1 and _firsts(one, first, fitting[0], seen) == [first]:
        return Linking((linked, _linked(fitting[0], RINGOUT_SECOND_SESSION)))
    return Linking((linked,), doubted=_doubted(SECOND_FITS_SEVERAL, fitting))


def _in_doubt(
    because: str, one: Asked, fitting: Sequence[Sighting], others: Sequence[Asked], seen: Sequence[Sighting]
) -> Linking:
    """Link none of those that fit as the first session, and so none of the second ones these may have."""
    seconds = [second for first in fitting for second in _seconds(one, first, others, seen)]
    named = {each.telephony_session_id: each for each in (*fitting, *seconds)}
    return Linking(because=because, doubted=_doubted(because, named.values()))


def _seconds(one: Asked, first: Sighting, others: Sequence[Asked], seen: Sequence[Sighting]) -> list[Sighting]:
    """Find what may be the second session: from and to swapped, begun with the first, its sessionId a neighbour's."""
    caller, callee = _ends(one, first)
    if caller is None or callee is None:
        return []
    return [
        sighting
        for sighting in seen
        if (callee, caller) in sighting.ways
        and _are_neighbours(first, sighting)
        and not any(_has_id(sighting, other.ringout_id) or _fits(other, sighting) for other in others)
    ]


def _firsts(one: Asked, first: Sighting, second: Sighting, seen: Sequence[Sighting]) -> list[Sighting]:
    """Find what may be the first session of a second one."""
    caller, callee = _ends(one, first)
    return [s for s in seen if _may_be_first(s, caller, callee) and _are_neighbours(s, second)]


def _ends(one: Asked, first: Sighting) -> tuple[str | None, str | None]:
    """Give caller and callee; of a RingOut that somebody else placed its record tells them."""
    if one.caller is not None and one.callee is not None:
        return one.caller, one.callee
    return next(iter(first.ways)) if first.recorded and len(first.ways) == 1 else (None, None)


def _may_be_first(sighting: Sighting, caller: str | None, callee: str | None) -> bool:
    return (caller, callee) in sighting.ways or {to for _, to in sighting.ways} == {caller, callee}


def _are_neighbours(one: Sighting, other: Sighting) -> bool:
    if abs(one.started_at - other.started_at) > APART:
        return False
    ids = (one.session_id or "", other.session_id or "")
    return all(map(_NUMERIC.fullmatch, ids)) and abs(int(ids[0]) - int(ids[1])) in NEIGHBOURS


def _recorded_ways(records: Iterable[CallLogRecord]) -> frozenset[tuple[str | None, str | None]]:
    """Give the ways that records tell whole: one that lacks a number is no word against what the parties told."""
    ends = ((record.from_, record.to) for record in records)
    ways = ((e164(from_.phone_number), e164(to.phone_number)) for from_, to in ends if from_ and to)
    return frozenset((caller, callee) for caller, callee in ways if caller and callee)


def _told_ways(session: Session | None) -> frozenset[tuple[str | None, str | None]]:
    if session is None:
        return frozenset()
    return frozenset((e164(party.from_.phone_number), e164(party.to.phone_number)) for party in session.parties)


def _linked(sighting: Sighting, rule: str) -> Linked:
    return Linked(sighting.telephony_session_id, rule, RULES[rule])


def _doubted(because: str, sightings: Iterable[Sighting]) -> tuple[Linked, ...]:
    return tuple(Linked(sighting.telephony_session_id, IN_DOUBT, because) for sighting in sightings)
