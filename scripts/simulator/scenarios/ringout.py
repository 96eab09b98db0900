"""RingOut calls: the platform rings our agent (the caller) first, then the outside number (the callee)."""

from msgspec.structs import replace

from scripts.simulator.scenarios.ringout_parts import CALLEE_IS_CALLED, callee_leg, caller_leg, ringout, swapped
from scripts.simulator.scripting import Live, Scenario, Step, Truth

_RINGING = Live(0.00, "InProgress", "InProgress", "InProgress")
_CALLER_IN = Live(1.50, "InProgress", "Success", "InProgress")

# How every RingOut begins whose caller answers: for a moment the caller is the only party of the session.
_CALLER_ANSWERS = (Step(0.00, 1, "Proceeding"), Step(1.50, 1, "Answered"), Step(CALLEE_IS_CALLED, 2, "Proceeding"))


def _callee_not_reached(outcome: str, status: str) -> Truth:
    """Say that the caller answered and the callee did not."""
    return Truth(
        direction="Outbound",
        outcome=outcome,
        caller_status="Call connected",
        callee_status=status,
        caller_outcome="answered",
        callee_outcome=outcome,
    )


def _callee_not_called(outcome: str, status: str) -> Truth:
    """Say what became of the caller, the only one who was called."""
    return Truth(
        direction="Outbound",
        outcome=outcome,
        caller_status=status,
        callee_status=None,
        caller_outcome=outcome,
        callee_outcome="not_attempted",
    )


def _not_reached(
    name: str,
    truth: Truth,
    *,
    at: float,
    code: str,
    live: Live,
    reason: str,
    only_by_name: bool = True,
) -> Scenario:
    """Write a RingOut whose callee is lost `at` this moment, and whose caller leaves a second later."""
    result = truth.callee_status or ""
    steps = (*_CALLER_ANSWERS, Step(at, 2, "Disconnected", code), Step(at + 1.0, 1, "Disconnected"))
    return ringout(
        name,
        truth,
        steps=steps,
        legs=(callee_leg(result, at, reason), caller_leg("Call connected", at + 1.0)),
        live=(_RINGING, _CALLER_IN, live),
        result=result,
        reason=reason,
        only_by_name=only_by_name,
    )


_CONNECTED = Truth(
    direction="Outbound",
    outcome="answered",
    caller_status="Call connected",
    callee_status="Call connected",
    caller_outcome="answered",
    callee_outcome="answered",
)
_TALK = (*_CALLER_ANSWERS, Step(3.50, 2, "Answered"), Step(8.00, 1, "Disconnected"), Step(8.01, 2, "Disconnected"))
_TALK_LIVE = (
    _RINGING,
    _CALLER_IN,
    Live(3.50, "Success", "Success", "Success"),
    Live(8.01, "Success", "Finished", "Finished"),
)

RINGOUT_ANSWERED = ringout(
    "ringout_answered",
    _CONNECTED,
    steps=_TALK,
    # The callee's leg stands first: the order of legs means nothing.
    legs=(callee_leg("Call connected", 8.0), caller_leg("Call connected", 8.0)),
    live=_TALK_LIVE,
    result="Call connected",
)

RINGOUT_CALLER_BUSY = ringout(
    "ringout_caller_busy",
    _callee_not_called("busy", "Busy"),
    steps=(Step(0.00, 1, "Proceeding"), Step(1.50, 1, "Disconnected", "TargetBusy")),
    legs=(caller_leg("Busy", 0.0, "Line Busy"),),
    live=(_RINGING, Live(1.50, "CannotReach", "Busy", "InProgress")),
    result="Busy",
    reason="Line Busy",
)

RINGOUT_CALLEE_BUSY = _not_reached(
    "ringout_callee_busy",
    _callee_not_reached("busy", "Busy"),
    at=2.5,
    code="TargetBusy",
    live=Live(2.5, "Success", "Success", "Busy"),
    reason="Line Busy",
    only_by_name=False,
)

RINGOUT_CALLEE_NO_ANSWER = _not_reached(
    "ringout_callee_no_answer",
    _callee_not_reached("no_answer", "No Answer"),
    at=6.0,
    code="NoAnswer",
    live=Live(6.0, "CannotReach", "Success", "NoAnswer"),
    reason="Not Answered",
    only_by_name=False,
)

RINGOUT_REJECTED = _not_reached(
    "ringout_rejected",
    _callee_not_reached("rejected", "Rejected"),
    at=3.0,
    code="Rejected",
    live=Live(3.0, "CannotReach", "Success", "Rejected"),
    reason="Calls Not Accepted",
)

RINGOUT_INVALID_NUMBER = _not_reached(
    "ringout_invalid_number",
    _callee_not_reached("failed", "Wrong Number"),
    at=2.0,
    code="InvalidNumber",
    live=Live(2.0, "CannotReach", "Success", "Invalid"),
    reason="Bad Number",
)

RINGOUT_NO_CREDIT = _not_reached(
    "ringout_no_credit",
    _callee_not_reached("failed", "No Calling Credit"),
    at=2.0,
    code="NotEnoughFunds",
    live=Live(2.0, "NotEnoughFunds", "Success", "NotEnoughFunds"),
    reason="No Credit",
)

# What the live status says and what the call log says are two things (github.com/ringcentral/ringcentral-js/issues/12).
RINGOUT_STATUS_DISAGREES = ringout(
    "ringout_status_disagrees",
    _callee_not_called("failed", "IP Phone Offline"),
    steps=(Step(0.00, 1, "Proceeding"), Step(3.00, 1, "Disconnected", "InternalError")),
    legs=(caller_leg("IP Phone Offline", 3.0, "No Digital Line"),),
    live=(_RINGING, Live(1.50, "CannotReach", "GenericError", "Success")),
    result="IP Phone Offline",
    reason="No Digital Line",
    only_by_name=True,
)

_OWN_PHONE_ANSWERED = _callee_not_called("answered", "Call connected")

# From a number of the company's own the RingOut may be two sessions: the second has from and to swapped.
RINGOUT_TWO_SESSIONS = swapped(
    replace(RINGOUT_ANSWERED, name="ringout_two_sessions", only_by_name=True), truth=_OWN_PHONE_ANSWERED
)

_NOT_CALLED = _callee_not_called("cancelled", "Hang Up")


def cancelled_at(at: float, *, caller_answered: bool, two_sessions: bool = False) -> Scenario:
    """Write a RingOut that whoever placed it cancels, while the caller's phone rings or while the callee's does."""
    one = _cancelled(at) if caller_answered else _cancelled_early(at)
    if not two_sessions:
        return one
    truth = _OWN_PHONE_ANSWERED if caller_answered else _NOT_CALLED
    return swapped(replace(one, name=f"{one.name}_two_sessions"), truth=truth)


def _cancelled_early(at: float) -> Scenario:
    return ringout(
        "ringout_cancelled_early",
        _NOT_CALLED,
        steps=(Step(0.00, 1, "Proceeding"), Step(at, 1, "Disconnected", "Cancelled")),
        legs=(caller_leg("Hang Up", at, "Hang Up"),),
        live=(_RINGING,),
        result="Hang Up",
        reason="Hang Up",
        only_by_name=True,
    )


def _cancelled(at: float) -> Scenario:
    gone = (Step(at, 2, "Disconnected", "Cancelled"), Step(at, 1, "Disconnected", "Cancelled"))
    return ringout(
        "ringout_cancelled",
        _callee_not_reached("cancelled", "Hang Up"),
        steps=(*_CALLER_ANSWERS, *gone),
        legs=(callee_leg("Hang Up", at, "Hang Up"), caller_leg("Call connected", at)),
        live=(_RINGING, _CALLER_IN),
        result="Hang Up",
        reason="Hang Up",
        only_by_name=True,
    )


RINGOUT_CANCELLED_EARLY = cancelled_at(1.0, caller_answered=False)
RINGOUT_CANCELLED = cancelled_at(2.5, caller_answered=True)
RINGOUT_CANCELLED_EARLY_TWO_SESSIONS = cancelled_at(1.0, caller_answered=False, two_sessions=True)
RINGOUT_CANCELLED_TWO_SESSIONS = cancelled_at(2.5, caller_answered=True, two_sessions=True)

SCENARIOS = (
    RINGOUT_ANSWERED,
    RINGOUT_CALLER_BUSY,
    RINGOUT_CALLEE_BUSY,
    RINGOUT_CALLEE_NO_ANSWER,
    RINGOUT_REJECTED,
    RINGOUT_INVALID_NUMBER,
    RINGOUT_NO_CREDIT,
    RINGOUT_STATUS_DISAGREES,
    RINGOUT_TWO_SESSIONS,
    RINGOUT_CANCELLED_EARLY,
    RINGOUT_CANCELLED,
    RINGOUT_CANCELLED_EARLY_TWO_SESSIONS,
    RINGOUT_CANCELLED_TWO_SESSIONS,
)
