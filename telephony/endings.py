"""Say how a call ended from its notifications alone, for the event that goes out before the call log knows.

A first word, not the last: the call-log record decides, and a later revision replaces this one. The rules are rows; the
first that applies wins, and the last always does.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import msgspec

from telephony import notifications
from telephony.call_outcome import CallOutcome, Endpoint
from telephony.explanations import Explanation, explained, explained_number
from telephony.groups import is_menu, queues
from telephony.numbers import e164
from telephony.ringout import is_ringout_origin
from telephony.sessions import PartyState, Session
from telephony.times import iso_ms_or_none
from telephony.words import Outcome

INBOUND: Final = "Inbound"
OUTBOUND: Final = "Outbound"

OUTCOME_BY_REASON: Final[Mapping[str, Outcome]] = MappingProxyType(
    {
        "targetbusy": Outcome.BUSY,
        "rejected": Outcome.REJECTED,
        "destinationblocked": Outcome.BLOCKED,
        "internationaldisabled": Outcome.BLOCKED,
        "notenoughfunds": Outcome.FAILED,
        "invalidnumber": Outcome.FAILED,
        "nosuchuser": Outcome.FAILED,
        "internalerror": Outcome.FAILED,
        "callreplied": Outcome.REPLIED,
    }
)
"""What a party's last reason (case-folded) says about the whole call, when nobody answered it."""

OUTBOUND_BY_REASON: Final[Mapping[str, Outcome]] = MappingProxyType(
    {"noanswer": Outcome.NO_ANSWER, "timeout": Outcome.NO_ANSWER, "cancelled": Outcome.CANCELLED}
)
INBOUND_BY_REASON: Final[Mapping[str, Outcome]] = MappingProxyType(
    {
        "callerdropped": Outcome.ABANDONED,
        "cancelled": Outcome.ABANDONED,
        "noanswer": Outcome.MISSED,
        "timeout": Outcome.MISSED,
        "voicemail": Outcome.VOICEMAIL,
    }
)
_BY_REASON: Final = {
    OUTBOUND: {**OUTCOME_BY_REASON, **OUTBOUND_BY_REASON},
    INBOUND: {**OUTCOME_BY_REASON, **INBOUND_BY_REASON},
}


class Ending(msgspec.Struct, frozen=True):
    """One row: gives an outcome, or None to leave it to the next row."""

    rule: str
    because: str
    decide: Callable[[Session], Outcome | None]


def is_ringout(session: Session) -> bool:
    """Tell whether the notifications say that this call is a RingOut."""
    return is_ringout_origin(session.origin)


def direction(session: Session) -> str:
    """Tell the company's direction of the call: Outbound if one of its extensions, or a RingOut, started it."""
    if is_ringout(session):
        return OUTBOUND
    first = _initiator(session)
    return OUTBOUND if first is not None and first.extension_id is not None and first.calls else INBOUND


def answered_at(session: Session) -> datetime | None:
    """Say when the call was taken: when the first of the far side answered, in a RingOut the second of both sides."""
    answers = sorted(party.answered_at for party in _far_side(session) if party.answered_at)
    needed = 2 if is_ringout(session) else 1
    return answers[needed - 1] if len(answers) >= needed else None


def seconds(session: Session) -> int | None:
    """Say for how many whole seconds something was heard of the call."""
    if session.changed_at is None or session.started_at is None:
        return None
    return int((session.changed_at - session.started_at).total_seconds())


def ending(session: Session) -> CallOutcome:
    """Derive what can be said of an ended session before its record is there."""
    outcome, why = _decide(session)
    caller, callee = ends(session)
    answered = answered_at(session)
    way, answer = direction(session), iso_ms_or_none(answered) if outcome is Outcome.ANSWERED else None
    return CallOutcome(
        session_id=session.session_id,
        record_ids=(),
        direction=way,
        type="Fax" if outcome is Outcome.FAX_RECEIVED else "Voice",
        outcome=outcome,
        result=None,
        reason=_last_reason(session),
        action=None,
        caller_status=None,
        callee_status=None,
        caller_outcome=None,
        callee_outcome=None,
        from_=caller,
        to=callee,
        start_time=iso_ms_or_none(session.started_at),
        answer_time=answer,
        end_time=iso_ms_or_none(session.changed_at),
        duration_seconds=seconds(session),
        extensions=extensions(session),
        legs=(),
        recordings=(),
        voicemail=None,
        fax=None,
        billing=None,
        transfer=None,
        explanation=(
            why,
            explained("direction", way, "direction-told"),
            *explained_number("from", caller.phone_number, caller.raw_phone_number),
            *explained_number("to", callee.phone_number, callee.raw_phone_number),
            explained("answerTime", answer, "answer-told" if outcome is Outcome.ANSWERED else "not-answered"),
        ),
    )


def unfound(session: Session) -> CallOutcome:
    """Derive what can be said of an ended session of which no record came that was written after it."""
    guess, why = ending(session), explained("outcome", Outcome.UNRESOLVED, "record-never-came")
    others = (one for one in guess.explanation if one.field != why.field)
    return msgspec.structs.replace(guess, outcome=Outcome.UNRESOLVED, explanation=(why, *others))


@lru_cache(maxsize=4096)
def endpoint(end: notifications.Endpoint) -> Endpoint:
    """Give one end of a party's call as events name it; while the call is on it is told again and again."""
    return Endpoint(
        phone_number=e164(end.phone_number),
        raw_phone_number=end.phone_number,
        name=end.name,
        extension_id=end.extension_id,
    )


def extensions(session: Session) -> tuple[str, ...]:
    """List the account's extensions that took part."""
    return tuple(sorted({party.extension_id for party in session.parties if party.extension_id}))


def ends(session: Session) -> tuple[Endpoint, Endpoint]:
    """Say who called whom. In a RingOut both are called, one after the other, and are found in their parties' `to`."""
    if not session.parties:
        return Endpoint(), Endpoint()
    if is_ringout(session):
        callees = [endpoint(party.to) for party in session.parties if party.number != 1]
        caller = _initiator(session)
        return endpoint(caller.to) if caller else Endpoint(), callees[0] if callees else Endpoint()
    first = session.parties[0]
    return endpoint(first.from_), endpoint(first.to)


def _decide(session: Session) -> tuple[Outcome, Explanation]:
    for row in ENDINGS:
        outcome = row.decide(session)
        if outcome is not None:
            return outcome, Explanation("outcome", outcome, row.rule, None, row.because)
    raise AssertionError("the last row always decides")


def _initiator(session: Session) -> PartyState | None:
    """Give the party that began the call, if it was told of: RingCentral need not tell of parties outside."""
    return next((party for party in session.parties if party.number == 1), None)


def _far_side(session: Session) -> tuple[PartyState, ...]:
    """Give the parties whose answer means that somebody took the call.

    Not the initiator: an external caller is Answered as soon as an IVR plays, an internal one before the other side is.
    Not a queue or menu either, which only hands the call on. In a RingOut, where both sides are called, all of them.
    """
    if is_ringout(session):
        return session.parties
    nobody = queues(session)
    return tuple(
        party
        for party in session.parties
        if party.number != 1 and party.extension_id not in nobody and not is_menu(party)
    )


def _last_reason(session: Session) -> str | None:
    said = [party for party in session.parties if party.reason]
    return max(said, key=lambda party: party.sequence).reason if said else None


def _fax(session: Session) -> Outcome | None:
    return Outcome.FAX_RECEIVED if any(party.fax for party in session.parties) else None


def _answered(session: Session) -> Outcome | None:
    return Outcome.ANSWERED if answered_at(session) else None


def _voicemail(session: Session) -> Outcome | None:
    return Outcome.VOICEMAIL if any(party.voicemail for party in session.parties) else None


def _by_reason(session: Session) -> Outcome | None:
    table = _BY_REASON[direction(session)]
    for party in sorted(session.parties, key=lambda party: -party.sequence):
        outcome = table.get((party.reason or "").casefold())
        if outcome is not None:
            return outcome
    return None


def _missed(session: Session) -> Outcome | None:
    return Outcome.MISSED if direction(session) == INBOUND and any(party.missed for party in session.parties) else None


def _early(session: Session) -> Outcome | None:
    alone = len(session.parties) == 1 and session.parties[0].answered_at is not None
    return Outcome.CANCELLED if alone and is_ringout(session) else None


def _by_direction(session: Session) -> Outcome:
    return Outcome.NO_ANSWER if direction(session) == OUTBOUND else Outcome.ABANDONED


ENDINGS: Final = (
    Ending("ended-fax", "a party was receiving a fax", _fax),
    Ending("ended-answered", "a party on the far side answered", _answered),
    Ending("ended-voicemail", "a party was in voicemail", _voicemail),
    Ending("ended-reason", "the last reason a party gave", _by_reason),
    Ending("ended-missed", "RingCentral marked a party's call as missed", _missed),
    Ending("ended-early", "the caller of the RingOut answered and left before anybody else was called", _early),
    Ending("ended-unanswered", "all parties left, and nobody had taken the call", _by_direction),
)
