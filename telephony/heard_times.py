"""Put the moments that were heard where the call log has none, or tells less exactly.

The call log knows no moment of answer but when the leg began that was answered, which is when its phone began to ring;
and a busy or refused call may have no length there. The notifications of the call tell both.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

import msgspec

from telephony import endings
from telephony.call_outcome import CallOutcome
from telephony.explanations import Explanation, explained
from telephony.sessions import Session
from telephony.times import iso_ms, iso_ms_or_none, later, parse_time
from telephony.words import Outcome

_NAMES: Final = MappingProxyType(
    {"answerTime": "answer_time", "endTime": "end_time", "durationSeconds": "duration_seconds"}
)


def with_heard_times(outcome: CallOutcome, session: Session) -> CallOutcome:
    """Give the outcome of a session with the times of its notifications where these know better, each explained."""
    heard = {why.field: why for why in _heard(outcome, session)}
    if not heard:
        return outcome
    values: dict[str, Any] = {_NAMES[field]: why.value for field, why in heard.items()}
    others = (why for why in outcome.explanation if why.field not in heard)
    return msgspec.structs.replace(outcome, **values, explanation=(*others, *heard.values()))


def _heard(outcome: CallOutcome, session: Session) -> Iterator[Explanation]:
    answer = _answer(outcome, session)
    if answer is not None:
        yield explained("answerTime", answer, "answer-told")
    if outcome.end_time is not None and outcome.duration_seconds is not None:
        return
    if session.changed_at is None or session.started_at is None or not session.is_over:
        return
    start = parse_time(outcome.start_time or "") or session.started_at
    end = max(start, session.changed_at, parse_time(answer or outcome.answer_time or "") or start)
    if outcome.end_time is None:
        yield explained("endTime", iso_ms(end), "end-told")
    if outcome.duration_seconds is None:
        yield explained("durationSeconds", int((end - start).total_seconds()), "end-told")


def _answer(outcome: CallOutcome, session: Session) -> str | None:
    """Give the moment of answer, if it lies within what the call log holds for the answered leg.

    Otherwise the true one was not heard, and this is that of somebody to whom the call was transferred later. A call
    that is answered in its last second is so by its end, of which that second is cut as well.
    """
    if outcome.answer_time is None and outcome.outcome is not Outcome.EMERGENCY:
        return None
    heard = iso_ms_or_none(endings.answered_at(session))
    end = _end_of_answered_leg(outcome) or outcome.end_time
    if heard is None or (end is not None and heard > end):
        return None
    answer = max(outcome.start_time or "", min(heard, outcome.end_time or heard))
    return answer if answer > (outcome.answer_time or "") else None


def _end_of_answered_leg(outcome: CallOutcome) -> str | None:
    """Say when the leg had ended at the latest that the answer is told by: its whole seconds are cut, not rounded."""
    index = next((why.leg for why in outcome.explanation if why.field == "answerTime"), None)
    if index is None:
        return None
    leg = outcome.legs[index]
    if leg.start_time is None or leg.duration_seconds is None:
        return None
    return iso_ms_or_none(later(parse_time(leg.start_time), (leg.duration_seconds + 1) * 1000))
