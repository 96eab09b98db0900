"""Keep who was heard to call whom where a record of the call log does not say it, or not all of it.

Its ends are optional, of a call of ours it may name somebody without number and extension, and it may write a number
without its country. What the notifications told, and `legwork.call.ended` with them, is not taken back for that.
"""

import re
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
    if _is_whole(outcome.from_) and _is_whole(outcome.to):
        return outcome
    values: dict[str, Any] = {}
    why: dict[str, Explanation] = {}
    for (field, name), heard in zip(_ENDS, endings.ends(session), strict=True):
        written: Endpoint = getattr(outcome, name)
        if (rule := _rule(written, heard)) is None:
            continue
        values[name] = (
            msgspec.structs.replace(written, phone_number=heard.phone_number)
            if written.says_who
            else msgspec.structs.replace(heard, name=written.name or heard.name)
        )
        why[f"{field}.phoneNumber"] = explained(f"{field}.phoneNumber", heard.phone_number, rule)
    if not values:
        return outcome
    others = (one for one in outcome.explanation if one.field not in why)
    return msgspec.structs.replace(outcome, **values, explanation=(*others, *why.values()))


def _is_whole(end: Endpoint) -> bool:
    return end.says_who and (end.phone_number is not None or end.raw_phone_number is None)


def _rule(written: Endpoint, heard: Endpoint) -> str | None:
    """Say why what was heard of an end counts for more than what is written; None where it does not."""
    if not written.says_who:
        return "number-told" if heard.says_who else None
    if written.phone_number is not None or written.raw_phone_number is None or heard.phone_number is None:
        return None
    digits = _NOT_A_DIGIT.sub("", written.raw_phone_number).lstrip("0")
    return "number-told-whole" if len(digits) >= _SHORTEST and heard.phone_number.endswith(digits) else None
