"""Make one call of all its call-log records: one principal record, all legs, in an order no caller can influence.

An account-level query can give several records for one telephony session (a record for each extension involved), and
pages that shift give the same record twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from telephony.claims import strength
from telephony.legs import RoleRule, leg_role, leg_status
from telephony.precedence import Evidence, LegWord, Verdict, decide
from telephony.records import CallLogRecord, CallPart, Leg
from telephony.results import is_of_one_phone, is_outbound
from telephony.ringout import Sides, is_ringout, sides
from telephony.times import LONG_AGO, NEVER

# How the principal record is chosen; the first of these that tells two records apart decides.
PRINCIPAL_RULES: Final = (
    "in a RingOut, a record of the RingOut before any other",
    "a record that is not deleted",
    "the stronger claim about how the call ended (see the table of strength)",
    "the earlier start",
    "Outbound before Inbound: the record of whoever started the call",
    "the lower id",
)


class CallLeg(msgspec.Struct, frozen=True):
    """A leg within its call: what RingCentral wrote, and what our tables make of it."""

    leg: Leg
    word: LegWord
    role_rule: RoleRule | None


class OneCall(msgspec.Struct, frozen=True):
    """All records of one telephony session, the principal first, and what they say together."""

    records: tuple[CallLogRecord, ...]
    legs: tuple[CallLeg, ...]
    sides: Sides | None
    verdict: Verdict

    @property
    def principal(self) -> CallLogRecord:
        """The record that speaks for the call."""
        return self.records[0]

    @property
    def parts(self) -> tuple[CallPart, ...]:
        """All records and legs, as RingCentral wrote them."""
        return _parts(self.records, self.legs)


def one_call(records: Sequence[CallLogRecord], *, origin: str | None, is_second: bool = False) -> OneCall:
    """Put the records of one telephony session together; in whatever order they come, the result is the same.

    Raises ValueError when there is none.
    """
    if not records:
        raise ValueError("a call needs at least one record")
    distinct = _newest_of_each(records) if len(records) > 1 else tuple(records)
    call = _assembled(distinct, origin=origin, is_second=is_second)
    if len(distinct) == 1:
        return call
    ranked = sorted(distinct, key=lambda record: _preference(record, call))
    return _assembled(tuple(ranked), origin=origin, is_second=is_second)


def _assembled(records: tuple[CallLogRecord, ...], *, origin: str | None, is_second: bool) -> OneCall:
    legs = _legs(records)
    both = sides([leg.leg for leg in legs]) if any(is_ringout(record, origin) for record in records) else None
    if both is not None and is_second:
        both = msgspec.structs.replace(both, by_one_leg=True)
    words = tuple(leg.word for leg in legs)
    verdict = decide(Evidence(record=records[0], parts=_parts(records, legs), legs=words, sides=both))
    return OneCall(records=records, legs=legs, sides=both, verdict=verdict)


def _legs(records: tuple[CallLogRecord, ...]) -> tuple[CallLeg, ...]:
    """Give the legs of all records in order their numbers, passing over a leg that an earlier record already has."""
    found: list[CallLeg] = []
    for record in records:
        earlier = [leg.leg for leg in found]
        for leg in record.legs:
            if leg in earlier:
                continue
            role, rule = leg_role(leg, record=record)
            status = leg_status(leg, direction=record.direction)
            word = LegWord(len(found), role, status, is_of_one_phone(leg.result))
            found.append(CallLeg(leg=leg, word=word, role_rule=rule))
    return tuple(found)


def _parts(records: tuple[CallLogRecord, ...], legs: tuple[CallLeg, ...]) -> tuple[CallPart, ...]:
    return (*records, *(leg.leg for leg in legs))


def _newest_of_each(records: Sequence[CallLogRecord]) -> tuple[CallLogRecord, ...]:
    """Keep the newest version of each record, ordered by its own text, so that what follows cannot see their order."""
    by_text = {_text(record): record for record in records}
    newest: dict[str, CallLogRecord] = {}
    for text, record in sorted(by_text.items(), key=lambda item: (item[1].last_modified_time or LONG_AGO, item[0])):
        newest[record.id or text.decode()] = record
    return tuple(sorted(newest.values(), key=_text))


def _preference(record: CallLogRecord, call: OneCall) -> tuple[bool, bool, int, datetime, bool, str]:
    """Rank the records of a call by PRINCIPAL_RULES; the smallest is the principal. Of equals it is the first."""
    words = tuple(leg.word for leg in call.legs)
    claim = decide(Evidence(record=record, parts=call.parts, legs=words, sides=call.sides)).outcome
    return (
        not is_ringout(record),
        bool(record.deleted),
        strength(claim),
        record.start_time or NEVER,
        not is_outbound(record.direction),
        record.id or "",
    )


def _text(record: CallLogRecord) -> bytes:
    return msgspec.json.encode(record, order="deterministic")
