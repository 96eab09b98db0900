"""Keep who was heard to call whom where a record of the call log does not say it.

Its ends are optional, and of a call of ours it may name somebody without number and extension. What the notifications
told, and `legwork.call.ended` with them, is not taken back for that.
"""

from typing import Any, Final

import msgspec

from telephony import endings
from telephony.call_outcome import CallOutcome, Endpoint
from telephony.explanations import explained
from telephony.sessions import Session

_ENDS: Final = (("from", "from_"), ("to", "to"))


def with_heard_ends(outcome: CallOutcome, session: Session) -> CallOutcome:
    """Give the outcome of a session with what its notifications told of ends that its records leave open, explained."""
    if outcome.from_.says_who and outcome.to.says_who:
        return outcome
    values: dict[str, Any] = {}
    why = []
    for (field, name), heard in zip(_ENDS, endings.ends(session), strict=True):
        written: Endpoint = getattr(outcome, name)
        if heard.says_who and not written.says_who:
            values[name] = msgspec.structs.replace(heard, name=written.name or heard.name)
            why.append(explained(f"{field}.phoneNumber", heard.phone_number, "number-told"))
    return msgspec.structs.replace(outcome, **values, explanation=(*outcome.explanation, *why)) if values else outcome
