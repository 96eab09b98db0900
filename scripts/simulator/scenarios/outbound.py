"""Calls the company's people make, to outside numbers and to each other."""

from scripts.simulator.scenarios.parts import FAR_SIDE, OURS, dialled
from scripts.simulator.scripting import Leg, Party, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

AGENT, COLLEAGUE = Role.AGENT, Role.COLLEAGUE


def _outbound(name: str, outcome: str, result: str, *steps: Step, reason: str | None = None) -> Scenario:
    """Write a call to an outside number: only the words differ."""
    record = dialled(result, steps[-1].at, reason)
    truth = Truth(direction="Outbound", outcome=outcome)
    session = Session(truth=truth, parties=(OURS, FAR_SIDE), steps=steps, records=(record,))
    return Scenario(name=name, sessions=(session,))


OUTBOUND_ANSWERED = _outbound(
    "outbound_answered",
    "answered",
    "Call connected",
    Step(0.00, 1, "Setup"),
    Step(0.30, 2, "Proceeding"),
    Step(0.31, 1, "Proceeding"),
    Step(2.00, 2, "Answered"),
    Step(2.02, 1, "Answered"),
    Step(3.50, 1, "Hold"),
    Step(4.50, 1, "Answered"),
    Step(7.00, 1, "Disconnected"),
    Step(7.01, 2, "Disconnected"),
)
OUTBOUND_BUSY = _outbound(
    "outbound_busy",
    "busy",
    "Busy",
    Step(0.00, 1, "Setup"),
    Step(0.30, 2, "Proceeding"),
    Step(0.31, 1, "Proceeding"),
    Step(2.00, 2, "Disconnected", "TargetBusy"),
    Step(2.10, 1, "Disconnected"),
    reason="Line Busy",
)
OUTBOUND_NO_ANSWER = _outbound(
    "outbound_no_answer",
    "no_answer",
    "No Answer",
    Step(0.00, 1, "Setup"),
    Step(0.30, 2, "Proceeding"),
    Step(0.31, 1, "Proceeding"),
    Step(6.00, 2, "Disconnected", "NoAnswer"),
    Step(6.02, 1, "Disconnected"),
    reason="Not Answered",
)
OUTBOUND_CANCELLED = _outbound(
    "outbound_cancelled",
    "cancelled",
    "Hang Up",
    Step(0.00, 1, "Setup"),
    Step(0.30, 2, "Proceeding"),
    Step(0.31, 1, "Proceeding"),
    Step(2.50, 1, "Disconnected", "Cancelled"),
    Step(2.52, 2, "Disconnected", "Cancelled"),
    reason="Hang Up",
)
OUTBOUND_WRONG_NUMBER = _outbound(
    "outbound_wrong_number",
    "failed",
    "Wrong Number",
    Step(0.00, 1, "Setup"),
    Step(0.30, 2, "Proceeding"),
    Step(1.50, 2, "Disconnected", "InvalidNumber"),
    Step(1.60, 1, "Disconnected"),
    reason="Bad Number",
)


def _internal_leg(direction: str, result: str, *, whose: Role, start: float, master: bool) -> Leg:
    return Leg(
        leg_type="ExtensionToExtension",
        direction=direction,
        action="VoIP Call",
        result=result,
        source=AGENT,
        target=COLLEAGUE,
        start=start,
        end=7.0,
        extension=whose,
        transport="VoIP",
        master=master,
    )


EXTENSION_TO_EXTENSION = Scenario(
    name="extension_to_extension",
    sessions=(
        Session(
            truth=Truth(direction="Outbound", outcome="answered"),
            parties=(
                Party(AGENT, COLLEAGUE, "Outbound", owner=AGENT),
                Party(AGENT, COLLEAGUE, "Inbound", owner=COLLEAGUE),
            ),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.10, 1, "Answered"),  # call handling began; the colleague's phone still rings
                Step(0.12, 2, "Setup"),
                Step(0.20, 2, "Proceeding"),
                Step(2.50, 2, "Answered"),
                Step(7.00, 1, "Disconnected"),
                Step(7.01, 2, "Disconnected"),
            ),
            records=(
                Record(
                    direction="Outbound",
                    action="VoIP Call",
                    result="Call connected",
                    source=AGENT,
                    target=COLLEAGUE,
                    start=0.0,
                    end=7.0,
                    extension=AGENT,
                    transport="VoIP",
                    legs=(
                        _internal_leg("Outbound", "Call connected", whose=AGENT, start=0.0, master=True),
                        _internal_leg("Inbound", "Accepted", whose=COLLEAGUE, start=0.1, master=False),
                    ),
                ),
            ),
        ),
    ),
)

SCENARIOS = (
    OUTBOUND_ANSWERED,
    OUTBOUND_BUSY,
    OUTBOUND_NO_ANSWER,
    OUTBOUND_CANCELLED,
    OUTBOUND_WRONG_NUMBER,
    EXTENSION_TO_EXTENSION,
)
