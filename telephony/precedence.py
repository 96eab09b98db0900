"""Decide how a call ended: the rules in their order of precedence, and the words they decide between.

A record's own result decides, unless it says less than the legs do (it is absent, `Unknown`, or a word about one phone
only) or claims more than they bear out. The first rule that has an answer wins; the last one always has, so the table
is total. docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.legs import has_voicemail
from telephony.records import CallLogRecord
from telephony.results import is_known_result, is_of_one_phone, is_outbound, status_of
from telephony.ringout import Sides
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
    """What the outcome is decided from: a record, the legs of the whole call, both sides if it is a RingOut."""

    record: CallLogRecord
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


# What a leg status makes of a whole call; a status that is missing here says nothing about the whole.
OUTCOME_BY_STATUS: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {
        LegStatus.ANSWERED: Outcome.ANSWERED,
        LegStatus.VOICEMAIL: Outcome.VOICEMAIL,
        LegStatus.MISSED: Outcome.MISSED,
        LegStatus.NO_ANSWER: Outcome.NO_ANSWER,
        LegStatus.BUSY: Outcome.BUSY,
        LegStatus.ABANDONED: Outcome.ABANDONED,
        LegStatus.CANCELLED: Outcome.CANCELLED,
        LegStatus.REJECTED: Outcome.REJECTED,
        LegStatus.BLOCKED: Outcome.BLOCKED,
        LegStatus.FAILED: Outcome.FAILED,
        LegStatus.REPLIED: Outcome.REPLIED,
        LegStatus.CALLBACK_REQUESTED: Outcome.CALLBACK_REQUESTED,
        LegStatus.ANSWERED_ELSEWHERE: Outcome.ANSWERED_ELSEWHERE,
        LegStatus.EMERGENCY: Outcome.EMERGENCY,
        LegStatus.FAX_SENT: Outcome.FAX_SENT,
        LegStatus.FAX_RECEIVED: Outcome.FAX_RECEIVED,
        LegStatus.FAX_PARTIAL: Outcome.FAX_PARTIAL,
        LegStatus.FAX_FAILED: Outcome.FAX_FAILED,
    }
)
# Nobody picking up is ours to have missed when the call was inbound, the far side's when it was ours.
OUTCOME_WHEN_INBOUND: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {
        LegStatus.NO_ANSWER: Outcome.MISSED,
        LegStatus.CANCELLED: Outcome.ABANDONED,
    }
)
OUTCOME_WHEN_OUTBOUND: Final[Mapping[LegStatus, Outcome]] = MappingProxyType(
    {
        LegStatus.MISSED: Outcome.NO_ANSWER,
        LegStatus.ABANDONED: Outcome.CANCELLED,
    }
)

# The strongest claims first, between records of one call and between legs when these must decide.
# Records in the same row: the one that started first decides. Legs in the same row: from left to right.
STRENGTH: Final[tuple[tuple[Outcome, ...], ...]] = (
    (Outcome.EMERGENCY,),
    (Outcome.ANSWERED, Outcome.FAX_RECEIVED, Outcome.FAX_SENT),
    (Outcome.FAX_PARTIAL, Outcome.CALLBACK_REQUESTED, Outcome.REPLIED, Outcome.VOICEMAIL),
    (Outcome.ANSWERED_ELSEWHERE,),
    (
        Outcome.BUSY,
        Outcome.REJECTED,
        Outcome.BLOCKED,
        Outcome.ABANDONED,
        Outcome.CANCELLED,
        Outcome.MISSED,
        Outcome.NO_ANSWER,
        Outcome.FAX_FAILED,
        Outcome.FAILED,
    ),
    (Outcome.UNKNOWN, Outcome.UNRESOLVED),
)

_TIER: Final = MappingProxyType({word: tier for tier, row in enumerate(STRENGTH) for word in row})
_RANK: Final = MappingProxyType({word: rank for rank, word in enumerate(w for row in STRENGTH for w in row)})
_TOOK_THE_CALL: Final = frozenset({LegRole.AGENT, LegRole.TRANSFER})
_SPEAK_FOR_NOBODY: Final = frozenset({LegRole.MONITOR, LegRole.PARK})


def decide(evidence: Evidence) -> Verdict:
    """Say how the call ended, by the first rule that has an answer."""
    for rule in RULES:
        if (found := rule.decide(evidence)) is not None:
            return Verdict(outcome=found[0], rule=rule.name, because=rule.because, leg=found[1])
    raise AssertionError("unreachable: the last rule always has an answer")


def strength(outcome: Outcome) -> int:
    """Rank what a record claims against the other records of its call; less is stronger."""
    return _TIER[outcome]


def outcome_of(status: LegStatus, *, direction: str | None) -> Outcome | None:
    """Say what a status makes of a whole call of this direction; None when it says nothing about the whole."""
    directed = OUTCOME_WHEN_OUTBOUND if is_outbound(direction) else OUTCOME_WHEN_INBOUND
    return directed.get(status) or OUTCOME_BY_STATUS.get(status)


def _emergency(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.status is LegStatus.EMERGENCY:
        return Outcome.EMERGENCY, None
    leg = next((leg for leg in evidence.legs if leg.status is LegStatus.EMERGENCY), None)
    return None if leg is None else (Outcome.EMERGENCY, leg.index)


def _side_not_connected(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.sides is None or evidence.status is not LegStatus.ANSWERED:
        return None
    for side in (evidence.sides.callee, evidence.sides.caller):
        outcome = outcome_of(side.outcome, direction=evidence.record.direction)
        if outcome is not None and outcome is not Outcome.ANSWERED:
            return outcome, side.leg
    return None


def _voicemail_message(evidence: Evidence) -> tuple[Outcome, int | None] | None:
    if evidence.status is not LegStatus.ANSWERED or is_outbound(evidence.record.direction):
        return None
    if not has_voicemail(evidence.record):
        return None
    if any(leg.status is LegStatus.ANSWERED and leg.role in _TOOK_THE_CALL for leg in evidence.legs):
        return None
    return Outcome.VOICEMAIL, None


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
    caller, callee = evidence.sides.caller, evidence.sides.callee
    called = callee.outcome is not LegStatus.NOT_ATTEMPTED
    decisive = callee if called else caller
    outcome = outcome_of(decisive.outcome, direction=evidence.record.direction)
    if outcome is None or (outcome is Outcome.ANSWERED and not called):
        return None
    return outcome, decisive.leg


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
    return min(words, key=lambda word: (_RANK[word[0]], word[1]), default=None)


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
    Rule("record-result", "the record's own result", _record_result),
    Rule("unseen-word", "the record's result is a word never seen before", _unseen_word),
    Rule("in-progress", "the call was still on when the record was read", _in_progress),
    Rule("ringout-side", "the record's result says less than the leg to this party", _ringout_side),
    Rule("strongest-leg", "the record's result says less than its legs; the strongest of them decides", _strongest_leg),
    Rule("one-phone", "the record's result is about one phone, and no leg says more", _one_phone),
    Rule("nothing-known", "neither the record nor a leg says how the call ended", _nothing),
)
