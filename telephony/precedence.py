"""Decide how a call ended: the rules, in their order of precedence.

A record's own result decides, unless it says less than the legs do (it is absent, `Unknown`, or a word about one phone
only) or claims more than they bear out. The first rule that has an answer wins; the last one always has, so the table
is total. docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from telephony.claims import outcome_of, rank
from telephony.legs import has_voicemail
from telephony.records import CallLogRecord, CallPart
from telephony.results import is_known_result, is_of_one_phone, is_outbound, status_of
from telephony.ringout import Side, Sides, is_second_session
from telephony.words import LegRole, LegStatus, Outcome


class LegWord(msgspec.Struct, frozen=True):
    """What the rules need to know of a leg: its index in the call, whose it is, what became of it.

    `one_phone` marks a result that is about a single phone, of which there may be others.
    """

    index: int
    role: LegRole
    status: LegStatus
    one_phone: bool = False


class Evidence(msgspec.Struct, frozen=True):
    """What the outcome is decided from: a record, the legs of the whole call, both sides if it is a RingOut.

    `parts` are all its records and legs as RingCentral wrote them.
    """

    record: CallLogRecord
    parts: tuple[CallPart, ...]
    legs: tuple[LegWord, ...]
    sides: Sides | None

    @property
    def status(self) -> LegStatus:
        """The record's own result in our words."""
        return status_of(self.record.result, direction=self.record.direction)


class Verdict(msgspec.Struct, frozen=True):
    """How the call ended, by which rule, and because of which leg if one decided."""

    outcome: Outcome
    rule: str
    because: str
    leg: int | None = None


class Rule(msgspec.Struct, frozen=True):
    """One row: gives the outcome and the index of the leg that decided (or None), or None to leave it to the next."""

    name: str
    because: str
    decide: Callable[[Evidence], tuple[Outcome, int | None] | None]


_TOOK_THE_CALL: Final = frozenset({LegRole.AGENT, LegRole.TRANSFER})
_SPEAK_FOR_NOBODY: Final = frozenset({LegRole.MONITOR, LegRole.PARK})


def decide(evidence: Evidence) -> Verdict:
    """Say how the call ended, by the first rule that has an answer."""
    for rule in RULES:
        if (found := rule.decide(evidence)) is not None:
            return Verdict(outcome=found[0], rule=rule.name, because=rule.because, leg=found[1])
    raise AssertionError("unreachable: the last rule always has an answer")


def _emergency(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.status is LegStatus.EMERGENCY:
        return Outcome.EMERGENCY, None
    leg = next((leg for leg in evidence.legs if leg.status is LegStatus.EMERGENCY), None)
    return None if leg is None else (Outcome.EMERGENCY, leg.index)


def _side_not_connected(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.sides is None or evidence.status is not LegStatus.ANSWERED:
        return None
    return _not_reached(evidence.sides, evidence.record) or _left_early(evidence.sides, evidence.record)


def _not_reached(sides: Sides, record: CallLogRecord) -> tuple[Outcome, int | None] | None:
    """Say what kept a side of a RingOut from being connected, the callee's first; None where nothing is known to."""
    for side in (sides.callee, sides.caller):
        outcome = outcome_of(_of_side(side), direction=record.direction)
        if outcome is not None and outcome is not Outcome.ANSWERED:
            return outcome, side.leg
    return None


def _left_early(sides: Sides, record: CallLogRecord) -> tuple[Outcome, int | None] | None:
    """Say so where the caller left before the callee was called."""
    alone = sides.caller.outcome is LegStatus.ANSWERED and sides.callee.outcome is LegStatus.NOT_ATTEMPTED
    outcome = outcome_of(LegStatus.CANCELLED, direction=record.direction)
    if outcome is None or not alone or sides.by_one_leg or is_second_session(record):
        return None
    return outcome, sides.caller.leg


def _of_side(side: Side) -> LegStatus:
    """Say what became of one side. A phone that was stopped is one at which the RingOut was given up."""
    return LegStatus.CANCELLED if side.outcome is LegStatus.STOPPED else side.outcome


def _voicemail_message(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.status is not LegStatus.ANSWERED or is_outbound(evidence.record.direction):
        return None
    if not any(has_voicemail(part) for part in (evidence.record, *evidence.record.legs)):
        return None
    if any(leg.status is LegStatus.ANSWERED and leg.role in _TOOK_THE_CALL for leg in evidence.legs):
        return None
    return Outcome.VOICEMAIL, None


def _colleagues_voicemail(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    """Look at the colleague's own side: by the caller's a voicemail that picks up is a call that was connected."""
    record = evidence.record
    if evidence.status is not LegStatus.ANSWERED or evidence.sides is not None:
        return None
    if record.to is None or not (record.to.extension_id or record.to.extension_number):
        return None
    theirs = {
        status_of(part.result, direction=part.direction) for part in evidence.parts if not is_outbound(part.direction)
    }
    took_it = LegStatus.VOICEMAIL in theirs and LegStatus.ANSWERED not in theirs
    return (Outcome.VOICEMAIL, None) if took_it else None


def _record_result(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if is_of_one_phone(evidence.record.result):
        return None
    outcome = outcome_of(evidence.status, direction=evidence.record.direction)
    return None if outcome is None else (outcome, None)


def _unseen_word(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    result = evidence.record.result
    return (Outcome.UNKNOWN, None) if result and not is_known_result(result) else None


def _in_progress(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    return (Outcome.UNKNOWN, None) if evidence.status is LegStatus.IN_PROGRESS else None


def _ringout_side(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.sides is None:
        return None
    callee = evidence.sides.callee
    answered = (Outcome.ANSWERED, callee.leg) if callee.outcome is LegStatus.ANSWERED else None
    return _not_reached(evidence.sides, evidence.record) or answered


def _strongest_leg(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.sides is not None:
        return None
    words = [
        (outcome, leg.index)
        for leg in evidence.legs
        if leg.role not in _SPEAK_FOR_NOBODY
        and not leg.one_phone
        and (outcome := outcome_of(leg.status, direction=evidence.record.direction)) is not None
    ]
    return min(words, key=lambda word: (rank(word[0]), word[1]), default=None)


def _one_phone(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    match (evidence.record.result or "").casefold():
        case "ip phone offline":
            return Outcome.FAILED, None
        case "stopped":
            return (Outcome.CANCELLED if is_outbound(evidence.record.direction) else Outcome.MISSED), None
        case _:
            return None


def _nothing(_evidence: Evidence) -> tuple[Outcome, int | None]:
    return Outcome.UNKNOWN, None


RULES: Final = (
    Rule("emergency", "the record or a leg is an emergency call", _emergency),
    Rule("ringout-side-not-connected", "a RingOut is answered only when both sides are connected", _side_not_connected),
    Rule("voicemail-message", "accepted, but by nobody's phone, and a voicemail was left", _voicemail_message),
    Rule(
        "colleagues-voicemail",
        "connected to an extension, on whose side voicemail took the call and nobody else",
        _colleagues_voicemail,
    ),
    Rule("record-result", "the record's own result", _record_result),
    Rule("unseen-word", "the record's result is a word never seen before", _unseen_word),
    Rule("in-progress", "the call was still on when the record was read", _in_progress),
    Rule("ringout-side", "the record's result says less than the leg to this party", _ringout_side),
    Rule("strongest-leg", "the record's result says less than its legs; the strongest of them decides", _strongest_leg),
    Rule("one-phone", "the record's result is about one phone, and no leg says more", _one_phone),
    Rule("nothing-known", "neither the record nor a leg says how the call ended", _nothing),
)
