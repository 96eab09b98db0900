"""Faxes, one each way."""

from scripts.simulator.scenarios.parts import CALLED, CALLER, FAR_SIDE, OURS, of_one_leg
from scripts.simulator.scripting import Leg, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, AGENT = Role.OUTSIDER, Role.AGENT


def _fax(direction: str, action: str, result: str, leg_type: str, source: Role, target: Role, end: float) -> Record:
    leg = Leg(
        leg_type=leg_type,
        direction=direction,
        action=action,
        result=result,
        source=source,
        target=target,
        start=0.0,
        end=end,
        extension=AGENT,
        type="Fax",
        master=True,
    )
    return of_one_leg(leg, message="Fax")


FAX_IN = Scenario(
    name="fax_in",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="fax_received"),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.60, 2, "FaxReceive"),  # not the end: the pages come now
                Step(0.62, 1, "Answered"),
                Step(6.00, 1, "Disconnected"),
                Step(6.01, 2, "Disconnected"),
            ),
            records=(_fax("Inbound", "Incoming Fax", "Received", "Accept", OUTSIDER, AGENT, 6.0),),
        ),
    ),
)

FAX_OUT = Scenario(
    name="fax_out",
    sessions=(
        Session(
            truth=Truth(direction="Outbound", outcome="fax_sent"),
            parties=(OURS, FAR_SIDE),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.40, 2, "Proceeding"),
                Step(1.40, 2, "Answered"),
                Step(1.41, 1, "Answered"),
                Step(6.00, 1, "Disconnected"),
                Step(6.02, 2, "Disconnected"),
            ),
            records=(_fax("Outbound", "Outgoing Fax", "Sent", "FaxSent", AGENT, OUTSIDER, 6.0),),
        ),
    ),
)

SCENARIOS = (FAX_IN, FAX_OUT)
