"""Decide whether a call-log record is final, or written while the call is still on and to be asked for again.

RingCentral lists a call before it is over, under the id it keeps, and rewrites it later with another result, direction
and even start. No field says so reliably: `finished` came to the schema in 2026 and decides where it is present.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from telephony.records import CallLogRecord, CallPart
from telephony.results import is_known_result, is_of_one_phone, status_of
from telephony.words import LegStatus


class Unsettled(StrEnum):
    """Why a record is not final."""

    NOT_FINISHED = "not_finished"
    IN_PROGRESS = "in_progress"
    NO_RESULT = "no_result"
    NO_DURATION = "no_duration"
    MID_CALL_SHAPE = "mid_call_shape"


class UnsettledRule(msgspec.Struct, frozen=True):
    """One sign that a record is not final."""

    reason: Unsettled
    because: str
    applies: Callable[[CallLogRecord], bool]


def is_settled(record: CallLogRecord) -> bool:
    """Tell whether the record is final, as far as it shows."""
    return why_unsettled(record) is None


def why_unsettled(record: CallLogRecord) -> Unsettled | None:
    """Name the first sign that the record is not final; None when there is none.

    A record that is said to be finished will not say more for being waited for, whatever it lacks. A leg without a
    result is no sign: some never get one, and the record's own result is what decides the call.
    """
    if record.finished:
        return Unsettled.NOT_FINISHED if _is_not_finished(record) else None
    return next((rule.reason for rule in UNSETTLED_RULES if rule.applies(record)), None)


def was_still_on(record: CallLogRecord) -> bool:
    """Tell whether the call was on when the record was written: then it says nothing of how the call ended."""
    is_unfinished = _is_not_finished(record) and not record.finished
    return is_unfinished or _is_in_progress(record) or _has_mid_call_shape(record)


def _is_not_finished(record: CallLogRecord) -> bool:
    return any(part.finished is False for part in _parts(record))


def _is_in_progress(record: CallLogRecord) -> bool:
    return any(status_of(part.result, direction=record.direction) is LegStatus.IN_PROGRESS for part in _parts(record))


def _lacks_its_duration(record: CallLogRecord) -> bool:
    """Only a conversation must have a length: a busy, refused or blocked call may have none, and so may a fax."""
    if record.length_ms is not None or (record.type or "").casefold() == "fax":
        return False
    if record.result and not is_known_result(record.result):
        return True
    return status_of(record.result, direction=record.direction) in _HAVE_A_LENGTH


def _has_mid_call_shape(record: CallLogRecord) -> bool:
    if not record.legs or not is_of_one_phone(record.result):
        return False
    return all((leg.leg_type or "").casefold() == "pstntosip" for leg in record.legs)


def _parts(record: CallLogRecord) -> tuple[CallPart, ...]:
    return (record, *record.legs)


_HAVE_A_LENGTH: Final = frozenset({LegStatus.ANSWERED, LegStatus.VOICEMAIL, LegStatus.EMERGENCY})

UNSETTLED_RULES: Final = (
    UnsettledRule(Unsettled.NOT_FINISHED, "`finished` of the record or a leg is false", _is_not_finished),
    UnsettledRule(Unsettled.IN_PROGRESS, "the record or a leg has the result `In Progress`", _is_in_progress),
    UnsettledRule(Unsettled.NO_RESULT, "the record has no result", lambda record: not record.result),
    UnsettledRule(
        Unsettled.NO_DURATION,
        "no duration, though the result is one of a call that was connected, or a word never seen",
        _lacks_its_duration,
    ),
    UnsettledRule(
        Unsettled.MID_CALL_SHAPE,
        "all legs are `PstnToSip` and the result is `Stopped` or `IP Phone Offline`: phones of a queue being rung",
        _has_mid_call_shape,
    ),
)
