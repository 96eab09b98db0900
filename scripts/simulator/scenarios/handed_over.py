"""Calls that change hands: blind transfer, warm transfer, and a parked call picked up elsewhere."""

from msgspec.structs import replace

from scripts.simulator.scenarios.parts import CALLED, CALLER, RING_AND_ANSWER, inbound_record, internal, rang, reached
from scripts.simulator.scripting import Leg, Party, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, AGENT, COLLEAGUE, THIRD, PARK = Role.OUTSIDER, Role.AGENT, Role.COLLEAGUE, Role.THIRD, Role.PARK

_COLLEAGUE = Party(OUTSIDER, COLLEAGUE, "Inbound", owner=COLLEAGUE)


def _hand_over(
    leg_type: str,
    action: str,
    target: Role,
    start: float,
    end: float,
    *,
    to: int | None = None,
    by: Role = AGENT,
) -> Leg:
    """Write the leg by which the agent gave the call to `target`."""
    return Leg(
        leg_type=leg_type,
        direction="Outbound",
        action=action,
        result="Call connected",
        source=by,
        target=target,
        start=start,
        end=end,
        extension=by,
        transport="VoIP",
        transfers_to=to,
    )


def _answered_by(who: Role, start: float, end: float, *legs: Leg) -> Record:
    """Write the record of the call as it reached `who` and was answered."""
    return inbound_record("Accepted", reached("Accepted", end, start=start, target=who, extension=who), *legs)


BLIND_TRANSFER = Scenario(
    name="blind_transfer",
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound", outcome="answered", agents=((AGENT, "transferred_away"), (COLLEAGUE, "answered"))
            ),
            parties=(CALLER, CALLED, _COLLEAGUE),
            steps=(
                *RING_AND_ANSWER,
                Step(3.50, 2, "Disconnected", "BlindTransfer"),
                Step(3.52, 3, "Setup"),
                Step(3.60, 3, "Proceeding"),
                Step(5.00, 3, "Answered"),
                Step(8.00, 3, "Disconnected"),
                Step(8.01, 1, "Disconnected"),
            ),
            # One session, two records: the second is the colleague's share of the call.
            records=(
                _answered_by(
                    AGENT,
                    0.0,
                    8.0,
                    rang("Call connected", 0.1, 3.5, who=AGENT),
                    _hand_over("TransferCall", "Transfer", COLLEAGUE, 3.5, 8.0),
                ),
                _answered_by(COLLEAGUE, 3.5, 8.0, rang("Call connected", 3.6, 8.0, who=COLLEAGUE)),
            ),
        ),
    ),
)

WARM_TRANSFER = Scenario(
    name="warm_transfer",
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                role="original",
                agents=((AGENT, "transferred_away"), (COLLEAGUE, "answered")),
            ),
            parties=(CALLER, CALLED, _COLLEAGUE),
            steps=(
                *RING_AND_ANSWER,
                Step(2.50, 2, "Hold"),
                Step(5.50, 3, "Answered"),
                Step(5.52, 2, "Disconnected", "AttendedTransfer"),
                Step(8.50, 3, "Disconnected"),
                Step(8.51, 1, "Disconnected"),
            ),
            records=(
                _answered_by(
                    AGENT,
                    0.0,
                    8.5,
                    rang("Call connected", 0.1, 5.5, who=AGENT),
                    _hand_over("TransferCall", "Transfer", COLLEAGUE, 5.5, 8.5, to=1),
                ),
            ),
        ),
        Session(  # the agent asks the colleague first
            truth=Truth(
                direction="Outbound", outcome="answered", role="consultation", agents=((COLLEAGUE, "answered"),)
            ),
            parties=(
                Party(AGENT, COLLEAGUE, "Outbound", owner=AGENT),
                Party(AGENT, COLLEAGUE, "Inbound", owner=COLLEAGUE),
            ),
            steps=(
                Step(2.60, 1, "Setup"),
                Step(2.70, 1, "Answered"),
                Step(2.72, 2, "Setup"),
                Step(2.80, 2, "Proceeding"),
                Step(3.80, 2, "Answered"),
                Step(5.51, 1, "Disconnected", "AttendedTransfer"),
                Step(5.53, 2, "Gone", "AttendedTransfer", peer=3),
            ),
            records=(internal("ExtensionToExtension", "VoIP Call", AGENT, COLLEAGUE, 2.6, 5.5),),
        ),
    ),
)

PARK_AND_PICK_UP = Scenario(
    name="park_and_pick_up",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", role="parked", agents=((AGENT, "parked"),)),
            parties=(CALLER, CALLED),
            steps=(
                *RING_AND_ANSWER,
                Step(3.00, 1, "Parked", park_data="*801"),
                Step(3.02, 2, "Disconnected", "CallPark"),
                Step(5.55, 1, "Gone", "Pickup", peer=2),
            ),
            records=(
                _answered_by(
                    AGENT,
                    0.0,
                    5.55,
                    rang("Call connected", 0.1, 3.0, who=AGENT),
                    _hand_over("CallPark", "Call Park", PARK, 3.0, 5.55),
                ),
            ),
        ),
        Session(  # the colleague dials the park extension and has the caller
            truth=Truth(direction="Outbound", outcome="answered", role="picked_up", agents=((COLLEAGUE, "picked_up"),)),
            parties=(
                Party(COLLEAGUE, PARK, "Outbound", owner=COLLEAGUE),
                Party(OUTSIDER, COLLEAGUE, "Inbound"),
            ),
            steps=(
                Step(5.40, 1, "Setup"),
                Step(5.50, 1, "Answered"),
                Step(5.52, 2, "Answered"),
                Step(8.00, 1, "Disconnected"),
                Step(8.02, 2, "Disconnected"),
            ),
            records=(internal("Pickup", "Pickup", COLLEAGUE, PARK, 5.4, 8.0),),
        ),
    ),
)

BLIND_TRANSFER_CHAIN = Scenario(
    name="blind_transfer_chain",
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                agents=((AGENT, "transferred_away"), (COLLEAGUE, "transferred_away"), (THIRD, "answered")),
            ),
            parties=(CALLER, CALLED, _COLLEAGUE, Party(OUTSIDER, THIRD, "Inbound", owner=THIRD)),
            steps=(
                *RING_AND_ANSWER,
                Step(3.00, 2, "Disconnected", "BlindTransfer"),
                Step(3.02, 3, "Setup"),
                Step(3.10, 3, "Proceeding"),
                Step(4.00, 3, "Answered"),
                Step(5.50, 3, "Disconnected", "BlindTransfer"),
                Step(5.52, 4, "Setup"),
                Step(5.60, 4, "Proceeding"),
                Step(6.50, 4, "Answered"),
                Step(8.50, 4, "Disconnected"),
                Step(8.51, 1, "Disconnected"),
            ),
            records=(
                _answered_by(
                    AGENT,
                    0.0,
                    8.5,
                    rang("Call connected", 0.1, 3.0, who=AGENT),
                    _hand_over("TransferCall", "Transfer", COLLEAGUE, 3.0, 5.5),
                ),
                _answered_by(
                    COLLEAGUE,
                    3.0,
                    8.5,
                    rang("Call connected", 3.1, 5.5, who=COLLEAGUE),
                    _hand_over("TransferCall", "Transfer", THIRD, 5.5, 8.5, by=COLLEAGUE),
                ),
                _answered_by(THIRD, 5.5, 8.5, rang("Call connected", 5.6, 8.5, who=THIRD)),
            ),
        ),
    ),
)

# Neither session's notifications name the other: only the call log does, when both are over.
WARM_TRANSFER_TOLD_LATE = Scenario(
    name="warm_transfer_told_late",
    sessions=(
        WARM_TRANSFER.sessions[0],
        replace(
            WARM_TRANSFER.sessions[1],
            steps=(*WARM_TRANSFER.sessions[1].steps[:-1], Step(5.53, 2, "Disconnected")),
        ),
    ),
)

SCENARIOS = (
    BLIND_TRANSFER,
    BLIND_TRANSFER_CHAIN,
    WARM_TRANSFER,
    WARM_TRANSFER_TOLD_LATE,
    PARK_AND_PICK_UP,
)
