"""When a call began, was answered and ended, as far as its records tell.

RingCentral writes a start and a duration for each record and leg, and no moment of answer: the best the call log knows
is when the leg began that was answered, which is never later than the answer.
"""

from datetime import datetime
from typing import Final

import msgspec

from telephony.explanations import Explanation
from telephony.one_call import CallLeg, OneCall
from telephony.records import CallPart
from telephony.times import in_utc, iso_ms, later
from telephony.words import LegRole, LegStatus, Outcome

_ANSWERING: Final = frozenset({LegRole.AGENT, LegRole.CALLEE, LegRole.TRANSFER})


class CallTimes(msgspec.Struct, frozen=True):
    """The times of a call in UTC, and why."""

    start: datetime | None
    answer: datetime | None
    end: datetime | None
    duration_seconds: int | None
    explanation: tuple[Explanation, ...]


def call_times(call: OneCall) -> CallTimes:
    """Say when the call began, was answered and ended: from the first start to the last end of its records."""
    starts = [start for record in call.records if (start := starts_at(record))]
    ends = [end for record in call.records if (end := later(starts_at(record), record.length_ms))]
    start, end = min(starts, default=None), max(ends, default=None)
    answer, why_answer = _answer(call, start)
    seconds: int | None
    if len(call.records) > 1 and start and end:
        seconds = int((end - start).total_seconds())
        rule, because = "span-of-records", "from the first start to the last end of the call's records"
    else:
        seconds = seconds_of(call.principal)
        rule, because = "record-times", "the record's start and duration"
    why = (
        Explanation("startTime", _text(start), rule, None, because),
        why_answer,
        Explanation("endTime", _text(end), rule, None, because),
        Explanation("durationSeconds", seconds, rule, None, because),
    )
    return CallTimes(start=start, answer=answer, end=end, duration_seconds=seconds, explanation=why)


def starts_at(part: CallPart) -> datetime | None:
    """Give the start of a record or leg in UTC."""
    return in_utc(part.start_time) if part.start_time else None


def seconds_of(part: CallPart) -> int | None:
    """Give the duration of a record or leg in whole seconds."""
    if part.duration is not None:
        return part.duration
    return None if part.duration_ms is None else part.duration_ms // 1000


def _answer(call: OneCall, start: datetime | None) -> tuple[datetime | None, Explanation]:
    if call.verdict.outcome is not Outcome.ANSWERED:
        return None, Explanation("answerTime", None, "not-answered", None, "the call was not answered")
    if call.sides is not None:
        connected = _starts([call.legs[i] for i in (call.sides.caller.leg, call.sides.callee.leg) if i is not None])
        chosen = max(connected, default=None)
        because = "the later of the two sides' legs began then, both being connected"
    else:
        chosen = min(_starts([leg for leg in call.legs if leg.word.role in _ANSWERING]), default=None)
        because = "the first leg that was answered began then"
    if chosen is None:
        return start, Explanation(
            "answerTime", _text(start), "answer-at-start", None, "no leg of its own was answered: the call's start"
        )
    moment, index = chosen
    return moment, Explanation("answerTime", _text(moment), "answer-at-leg", index, because)


def _starts(legs: list[CallLeg]) -> list[tuple[datetime, int]]:
    return [
        (start, leg.word.index)
        for leg in legs
        if leg.word.status is LegStatus.ANSWERED and (start := starts_at(leg.leg)) is not None
    ]


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else iso_ms(moment)
