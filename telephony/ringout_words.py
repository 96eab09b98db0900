"""What events say of a RingOut: its live status while there is one, then the evidence by which a call is its.

Where the live status and the call log disagree the call log wins, and the explanation says both. `because` holds words
only, never anybody's number.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from telephony import endings
from telephony.call_outcome import CallOutcome
from telephony.events import source
from telephony.explanations import Explanation, explained
from telephony.live_events import UPDATED, LiveData, LiveEvent, LiveRingOut
from telephony.ringout import RINGOUT_ORIGIN
from telephony.ringout_link import Linked
from telephony.ringout_status import Live, is_borne_out
from telephony.sessions import Session
from telephony.times import iso_ms, iso_ms_or_none

OVERRULED: Final = "ringout-live-overruled"
AGREES: Final = "ringout-live-agrees"


def explanations(outcome: CallOutcome, linked: Linked, live: Live | None) -> Iterator[Explanation]:
    """Explain why a call is a RingOut's, and what the live status had said of both sides, where it had said anything.

    The value of what was overruled is the live status's own word; that of the call log stands in the field itself.
    """
    yield Explanation("trigger", "ringout", linked.rule, None, linked.because)
    if live is None:
        return
    sides = (
        ("callerStatus", live.caller_status, outcome.caller_outcome),
        ("calleeStatus", live.callee_status, outcome.callee_outcome),
    )
    for field, word, became in sides:
        borne_out = is_borne_out(word, became)
        if word and borne_out is not None:
            yield explained(field, word, AGREES if borne_out else OVERRULED)


def doubts(one: Linked) -> Iterator[Explanation]:
    """Explain why a call is no RingOut's, though it may be one's."""
    yield Explanation("trigger", None, one.rule, None, one.because)


def was_told(explanation: Iterable[Explanation]) -> bool:
    """Say whether a call was told to be a RingOut's, whatever made us look at it."""
    return any((one.field, one.value) == ("trigger", "ringout") for one in explanation)


def live_event(
    ringout: LiveRingOut,
    *,
    number: int,
    telephony_session_id: str | None,
    session: Session | None,
    now: datetime,
) -> LiveEvent:
    """Make the live event of a RingOut's status; `number` counts them.

    Until its session is known the RingOut is the event's subject.
    """
    account_id = session.account_id if session else None
    return LiveEvent(
        id=f"{ringout.id}/live/{number}",
        source=source(account_id),
        type=UPDATED,
        subject=telephony_session_id or ringout.id,
        time=iso_ms(now),
        data=LiveData(
            account_id=account_id,
            telephony_session_id=telephony_session_id,
            session_id=session.session_id if session else None,
            origin=RINGOUT_ORIGIN,
            direction=endings.OUTBOUND,
            start_time=iso_ms_or_none(session.started_at) if session else None,
            extensions=endings.extensions(session) if session else (),
            parties=(),
            ringout=ringout,
        ),
    )
