"""Derive how a call ended from all its call-log records: the one function the rest of Legwork asks.

Pure and deterministic: equal records give an equal answer, whatever the order they come in, and the order of a
record's legs changes nothing but the order in which they are listed.
"""

from collections.abc import Sequence
from typing import Final

from telephony.attachments import attachments
from telephony.call_outcome import CallOutcome, Endpoint, LegOutcome
from telephony.call_times import call_times, seconds_of, starts_at
from telephony.explanations import Explanation, explained, explained_number
from telephony.numbers import e164
from telephony.one_call import CallLeg, OneCall, one_call
from telephony.records import CallLogRecord, PhoneParty
from telephony.ringout import Sides
from telephony.times import iso_ms_or_none

# Raise it with any change that can give another value for the same record.
RULES_VERSION: Final = "2"

_NOBODY: Final = Endpoint()
_NOT_A_RINGOUT: Final = tuple(
    explained(field, None, "not-a-ringout")
    for field in ("callerStatus", "calleeStatus", "callerOutcome", "calleeOutcome")
)


def derive(records: Sequence[CallLogRecord], *, origin: str | None = None, is_second: bool = False) -> CallOutcome:
    """Say how the call with these records ended, and why.

    `records` are all those of one telephony session; `origin` is the `origin.type` of its notifications, if known;
    `is_second` says that it is known to be the second session of its RingOut, whatever its records show of that.
    Never raises over what a record says or lacks: what cannot be told is None, or `unknown`. Raises ValueError when
    there is no record. Whether the records are final is not asked here: see `settled`.
    """
    call = one_call(records, origin=origin, is_second=is_second)
    record, times, hanging = call.principal, call_times(call), attachments(call)
    caller = call.sides.caller if call.sides else None
    callee = call.sides.callee if call.sides else None
    from_ = endpoint(next((one.from_ for one in call.records if one.from_), None))
    to = endpoint(next((one.to for one in call.records if one.to), None))
    return CallOutcome(
        session_id=record.session_id,
        record_ids=tuple(dict.fromkeys(one.id for one in call.records if one.id)),
        direction=record.direction,
        type=record.type,
        outcome=call.verdict.outcome,
        result=record.result,
        reason=record.reason,
        action=record.action,
        caller_status=caller.status if caller else None,
        callee_status=callee.status if callee else None,
        caller_outcome=caller.outcome if caller else None,
        callee_outcome=callee.outcome if callee else None,
        from_=from_,
        to=to,
        start_time=times.start,
        answer_time=times.answer,
        end_time=times.end,
        duration_seconds=times.duration_seconds,
        extensions=hanging.extensions,
        legs=tuple(_leg(leg) for leg in call.legs),
        recordings=hanging.recordings,
        voicemail=hanging.voicemail,
        fax=hanging.fax,
        billing=hanging.billing,
        transfer=hanging.transfer,
        explanation=(
            _why_outcome(call),
            _why_result(call),
            *_why_sides(call.sides),
            *explained_number("from", from_.phone_number, from_.raw_phone_number),
            *explained_number("to", to.phone_number, to.raw_phone_number),
            *times.explanation,
            *hanging.explanation,
            *_why_roles(call.legs),
        ),
    )


def endpoint(party: PhoneParty | None) -> Endpoint:
    """Give one end of a call or leg with its number in E.164, the text RingCentral wrote kept beside it."""
    if party is None:
        return _NOBODY
    raw = party.phone_number or party.dialed_phone_number or party.dialer_phone_number
    return Endpoint(
        phone_number=e164(raw),
        raw_phone_number=raw,
        name=party.name,
        extension_id=party.extension_id,
        extension_number=party.extension_number,
    )


def _leg(call_leg: CallLeg) -> LegOutcome:
    leg, word = call_leg.leg, call_leg.word
    return LegOutcome(
        index=word.index,
        leg_type=leg.leg_type,
        role=word.role,
        status=word.status,
        result=leg.result,
        reason=leg.reason,
        action=leg.action,
        direction=leg.direction,
        from_=endpoint(leg.from_),
        to=endpoint(leg.to),
        extension_id=leg.extension_id,
        start_time=iso_ms_or_none(starts_at(leg)),
        duration_seconds=seconds_of(leg),
        master=bool(leg.master),
    )


def _why_outcome(call: OneCall) -> Explanation:
    verdict = call.verdict
    return Explanation("outcome", verdict.outcome, verdict.rule, verdict.leg, verdict.because)


def _why_result(call: OneCall) -> Explanation:
    rule = "only-record" if len(call.records) == 1 else "principal-record"
    return explained("result", call.principal.result, rule)


def _why_sides(sides: Sides | None) -> tuple[Explanation, ...]:
    if sides is None:
        return _NOT_A_RINGOUT
    named = (("caller", sides.caller), ("callee", sides.callee))
    return tuple(
        explained(f"{name}{what}", value, side.rule, leg=side.leg)
        for name, side in named
        for what, value in (("Status", side.status), ("Outcome", side.outcome))
    )


def _why_roles(legs: tuple[CallLeg, ...]) -> tuple[Explanation, ...]:
    """Explain the roles that do not follow from the leg's type: the others stand beside it, in the table."""
    return tuple(
        Explanation(
            f"legs[{leg.word.index}].role", leg.word.role, leg.role_rule.name, leg.word.index, leg.role_rule.because
        )
        for leg in legs
        if leg.role_rule is not None
    )
