"""When a call began, was answered and ended, as far as its records tell.

RingCentral writes a start and a duration for each record and leg, and no moment of answer: the best the call log knows
is when the leg began that was answered, which is never later than the answer. `heard_times` knows better.
"""

from datetime import datetime
from typing import Final

import msgspec

from telephony.explanations import Explanation, explained
from telephony.one_call import CallLeg, OneCall
from telephony.records import CallPart
from telephony.times import in_utc, iso_ms, iso_ms_or_none, later
from telephony.words import LegRole, LegStatus, Outcome

_ANSWERING: Final = frozenset({LegRole.AGENT, LegRole.CALLEE})
"""Legs by which a call is taken. Not that of a transfer: before it can be transferred a call has been answered."""


class CallTimes(msgspec.Struct, frozen=True):
    """The times of a call as text, as they leave, and why."""

    start: str | None
    answer: str | None
    end: str | None
    duration_seconds: int | None
    explanation: tuple[Explanation, ...]


def call_times(call: OneCall) -> CallTimes:
    """Say when the call began, was answered and ended: from the first start to the last end of its records."""
    starts = [start for record in call.records if (start := starts_at(record))]
    ends = [end for record in call.records if (end := later(starts_at(record), record.length_ms))]
    start, end = min(starts, default=None), max(ends, default=None)
    start_text, end_text = iso_ms_or_none(start), iso_ms_or_none(end)
    answer, rule_of_answer, leg = _answer(call, start_text, end_text)
    seconds: int | None
    if len(call.records) > 1 and start and end:
        seconds, rule = int((end - start).total_seconds()), "span-of-records"
    else:
        seconds, rule = seconds_of(call.principal), "record-times"
    why = (
        explained("startTime", start_text, rule),
        explained("answerTime", answer, rule_of_answer, leg=leg),
        explained("endTime", end_text, rule),
        explained("durationSeconds", seconds, rule),
    )
    return CallTimes(start=start_text, answer=answer, end=end_text, duration_seconds=seconds, explanation=why)


def starts_at(part: CallPart) -> datetime | None:
    """Give the start of a record or leg in UTC."""
    return in_utc(part.start_time) if part.start_time else None


def seconds_of(part: CallPart) -> int | None:
    """Give the duration of a record or leg in whole seconds."""
    if part.duration is not None:
        return part.duration
    return None if part.duration_ms is None else part.duration_ms // 1000


def _answer(call: OneCall, start: str | None, end: str | None) -> tuple[str | None, str, int | None]:
    """Say when a call from `start` to `end` was answered, by which rule, and by which leg if one tells.

    Of an emergency call its result does not say whether it was. A leg may begin a little before its record, or at what
    is no time of a call.
    """
    is_emergency = call.verdict.outcome is Outcome.EMERGENCY
    if not is_emergency and call.verdict.outcome is not Outcome.ANSWERED:
        return None, "not-answered", None
    if call.sides is not None:
        both = [call.legs[index] for index in (call.sides.caller.leg, call.sides.callee.leg) if index is not None]
        chosen, rule = max(_starts(both), default=None), "answer-at-both-sides"
    else:
        answering = [leg for leg in call.legs if leg.word.role in _ANSWERING]
        chosen, rule = min(_starts(answering), default=None), "answer-at-leg"
    if chosen is None:
        return (None, "answer-untold", None) if is_emergency else (start, "answer-at-start", None)
    moment, index = chosen
    answer = iso_ms(moment)
    within = max(answer, start or answer)
    within = min(within, end or within)
    return within, rule if within == answer else "answer-within-call", index


def _starts(legs: list[CallLeg]) -> list[tuple[datetime, int]]:
    return [
        (start, leg.word.index)
        for leg in legs
        if leg.word.status is LegStatus.ANSWERED and (start := starts_at(leg.leg)) is not None
    ]
