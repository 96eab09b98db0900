"""RingOut calls: the platform rings our agent (the caller) first, then the outside number (the callee)."""

from scripts.simulator.scripting import Leg, Party, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, COMPANY, AGENT = Role.OUTSIDER, Role.COMPANY, Role.AGENT

# RingCentral names legs and actions after where the RingOut was started: leg type family -> action.
FAMILIES = {"Web": "RingOut Web", "Client": "RingOut PC", "Device": "RingOut Mobile"}

_CALLER = Party(COMPANY, AGENT, "Inbound", owner=AGENT)
_CALLEE = Party(COMPANY, OUTSIDER, "Inbound")


def _caller_leg(result: str, end: float, reason: str | None = None) -> Leg:
    """Write the leg to our agent; its ends are the call's own."""
    return Leg(
        leg_type="RingOut{family}ToCaller",
        direction="Outbound",
        action="{action}",
        result=result,
        source=AGENT,
        target=OUTSIDER,
        start=0.0,
        end=end,
        extension=AGENT,
        reason=reason,
        master=True,
    )


def _callee_leg(result: str, start: float, end: float, reason: str | None = None) -> Leg:
    """Write the leg to the outside number; its ends are the call's own reversed, as RingCentral has it."""
    return Leg(
        leg_type="RingOut{family}ToSubscriber",
        direction="Outbound",
        action="{action}",
        result=result,
        source=OUTSIDER,
        target=AGENT,
        start=start,
        end=end,
        extension=AGENT,
        reason=reason,
    )


def _ringout(
    name: str, truth: Truth, steps: tuple[Step, ...], legs: tuple[Leg, ...], result: str, reason: str | None = None
) -> Scenario:
    record = Record(
        direction="Outbound",
        action="{action}",
        result=result,
        source=AGENT,
        target=OUTSIDER,
        start=0.0,
        end=steps[-1].at,
        legs=legs,
        extension=AGENT,
        reason=reason,
    )
    called = max(step.party for step in steps)
    session = Session(
        truth=truth, parties=(_CALLER, _CALLEE)[:called], steps=steps, records=(record,), origin="RingOut"
    )
    return Scenario(name=name, sessions=(session,))


RINGOUT_ANSWERED = _ringout(
    "ringout_answered",
    Truth(
        direction="Outbound",
        outcome="answered",
        caller_status="Call connected",
        callee_status="Call connected",
        caller_outcome="answered",
        callee_outcome="answered",
    ),
    steps=(
        Step(0.00, 1, "Proceeding"),
        Step(1.50, 1, "Answered"),  # for a moment the only party of the session
        Step(1.70, 2, "Proceeding"),
        Step(3.50, 2, "Answered"),
        Step(8.00, 1, "Disconnected"),
        Step(8.01, 2, "Disconnected"),
    ),
    # The callee's leg stands first: the order of legs means nothing.
    legs=(_callee_leg("Call connected", 1.7, 8.0), _caller_leg("Call connected", 8.0)),
    result="Call connected",
)

RINGOUT_CALLER_BUSY = _ringout(
    "ringout_caller_busy",
    Truth(
        direction="Outbound",
        outcome="busy",
        caller_status="Busy",
        callee_status=None,
        caller_outcome="busy",
        callee_outcome="not_attempted",
    ),
    steps=(Step(0.00, 1, "Proceeding"), Step(1.50, 1, "Disconnected", "TargetBusy")),
    legs=(_caller_leg("Busy", 0.0, "Line Busy"),),
    result="Busy",
    reason="Line Busy",
)

RINGOUT_CALLEE_BUSY = _ringout(
    "ringout_callee_busy",
    Truth(
        direction="Outbound",
        outcome="busy",
        caller_status="Call connected",
        callee_status="Busy",
        caller_outcome="answered",
        callee_outcome="busy",
    ),
    steps=(
        Step(0.00, 1, "Proceeding"),
        Step(1.50, 1, "Answered"),
        Step(1.70, 2, "Proceeding"),
        Step(2.50, 2, "Disconnected", "TargetBusy"),
        Step(3.50, 1, "Disconnected"),
    ),
    legs=(_callee_leg("Busy", 1.7, 2.5, "Line Busy"), _caller_leg("Call connected", 3.5)),
    result="Busy",
    reason="Line Busy",
)

RINGOUT_CALLEE_NO_ANSWER = _ringout(
    "ringout_callee_no_answer",
    Truth(
        direction="Outbound",
        outcome="no_answer",
        caller_status="Call connected",
        callee_status="No Answer",
        caller_outcome="answered",
        callee_outcome="no_answer",
    ),
    steps=(
        Step(0.00, 1, "Proceeding"),
        Step(1.50, 1, "Answered"),
        Step(1.70, 2, "Proceeding"),
        Step(6.00, 2, "Disconnected", "NoAnswer"),
        Step(6.50, 1, "Disconnected"),
    ),
    legs=(_caller_leg("Call connected", 6.5), _callee_leg("No Answer", 1.7, 6.0, "Not Answered")),
    result="No Answer",
    reason="Not Answered",
)

SCENARIOS = (RINGOUT_ANSWERED, RINGOUT_CALLER_BUSY, RINGOUT_CALLEE_BUSY, RINGOUT_CALLEE_NO_ANSWER)
