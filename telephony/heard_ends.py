"""Keep who was heard to call whom where a record of the call log does not say it, or not all of it.

Its ends are optional; it may name somebody without number and extension, a number without its country or a name, or one
of ours without the extension's id. What the notifications told, and `legwork.call.ended` with them, is not taken back.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from telephony import endings
from telephony.call_outcome import CallOutcome, Endpoint
from telephony.explanations import Explanation, explained
from telephony.sessions import Session

_ENDS: Final = (("from", "from_"), ("to", "to"))
_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_SHORTEST: Final = 7
"""Digits that are a number without its country; fewer may be the end of many."""


def with_heard_ends(outcome: CallOutcome, session: Session) -> CallOutcome:
    """Give the outcome of a session with what its notifications told of ends that its records leave open, explained."""
    values: dict[str, Any] = {}
    why: dict[str, Explanation] = {}
    for (field, name), heard in zip(_ENDS, endings.ends(session), strict=True):
        written: Endpoint = getattr(outcome, name)
        end = _completed(written, heard)
        if end != written:
            values[name] = end
            why |= {one.field: one for one in _why(field, written, end)}
    if not values:
        return outcome
    others = (one for one in outcome.explanation if one.field not in why)
    return msgspec.structs.replace(outcome, **values, explanation=(*others, *why.values()))


def _completed(written: Endpoint, heard: Endpoint) -> Endpoint:
    """Give an end as it is written, with what was heard of it beside that."""
    if not written.says_who:
        return msgspec.structs.replace(heard, name=written.name or heard.name) if heard.says_who else written
    end = written
    if _is_without_country(written, heard):
        end = msgspec.structs.replace(end, phone_number=heard.phone_number)
    if _are_one(end, heard):
        extension_id, name = end.extension_id or heard.extension_id, end.name or heard.name
        end = msgspec.structs.replace(end, extension_id=extension_id, name=name)
    return end


def _is_without_country(written: Endpoint, heard: Endpoint) -> bool:
    if written.phone_number is not None or written.raw_phone_number is None or heard.phone_number is None:
        return False
    digits = _NOT_A_DIGIT.sub("", written.raw_phone_number).lstrip("0")
    return len(digits) >= _SHORTEST and heard.phone_number.endswith(digits)


def _are_one(written: Endpoint, heard: Endpoint) -> bool:
    """Say whether both have the same number, be it an extension's short one, which notifications call one like all."""
    if written.phone_number is not None:
        return written.phone_number == heard.phone_number
    return heard.raw_phone_number in {written.raw_phone_number, written.extension_number} - {None}


def _why(field: str, written: Endpoint, end: Endpoint) -> Iterator[Explanation]:
    if not written.says_who:
        yield explained(f"{field}.phoneNumber", end.phone_number, "number-told")
    elif end.phone_number != written.phone_number:
        yield explained(f"{field}.phoneNumber", end.phone_number, "number-told-whole")
    if written.says_who and end.extension_id != written.extension_id:
        yield explained(f"{field}.extensionId", end.extension_id, "extension-told")
