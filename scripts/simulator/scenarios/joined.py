"""Calls that somebody else joins, or that go on at another phone: conference, barge, call flip and call switch."""

from scripts.simulator.scenarios.parts import (
    CALLED,
    CALLER,
    FAR_SIDE,
    OURS,
    RING_AND_ANSWER,
    dialled,
    inbound_record,
    internal,
    rang,
    reached,
)
from scripts.simulator.scripting import Party, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, AGENT, COLLEAGUE = Role.OUTSIDER, Role.AGENT, Role.COLLEAGUE
SUPERVISOR, CONFERENCE_BRIDGE = Role.THIRD, Role.CONFERENCE

CONFERENCE = Scenario(
    name="conference",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", role="original", agents=((AGENT, "answered"),)),
            parties=(CALLER, CALLED),
            steps=(
                *RING_AND_ANSWER,
                Step(2.00, 2, "Hold"),
                Step(5.00, 1, "Gone", "Conference", peer=2, peer_in=2),
                Step(5.02, 2, "Disconnected"),
            ),
            records=(inbound_record("Accepted", reached("Accepted", 5.0), rang("Call connected", 0.1, 5.0)),),
        ),
        Session(  # the agent calls the colleague too
            truth=Truth(direction="Outbound", outcome="answered", role="original", agents=((COLLEAGUE, "answered"),)),
            parties=(
                Party(AGENT, COLLEAGUE, "Outbound", owner=AGENT),
                Party(AGENT, COLLEAGUE, "Inbound", owner=COLLEAGUE),
            ),
            steps=(
                Step(2.20, 1, "Setup"),
                Step(2.30, 1, "Answered"),
                Step(2.32, 2, "Setup"),
                Step(2.40, 2, "Proceeding"),
                Step(3.50, 2, "Answered"),
                Step(5.01, 2, "Gone", "Conference", peer=3, peer_in=2),
                Step(5.03, 1, "Disconnected"),
            ),
            records=(internal("ExtensionToExtension", "VoIP Call", AGENT, COLLEAGUE, 2.2, 5.0),),
        ),
        Session(  # and joins both calls: all go on here
            truth=Truth(direction="Outbound", outcome="answered", role="conference"),
            parties=(
                Party(AGENT, CONFERENCE_BRIDGE, "Outbound", owner=AGENT),
                Party(OUTSIDER, CONFERENCE_BRIDGE, "Inbound"),
                Party(COLLEAGUE, CONFERENCE_BRIDGE, "Inbound", owner=COLLEAGUE),
            ),
            steps=(
                Step(4.70, 1, "Setup"),
                Step(4.80, 1, "Answered"),
                Step(5.05, 2, "Answered"),
                Step(5.06, 3, "Answered"),
                Step(9.00, 3, "Disconnected"),
                Step(9.01, 2, "Disconnected"),
                Step(9.02, 1, "Disconnected"),
            ),
            records=(internal("ConferenceCall", "Conference Call", AGENT, CONFERENCE_BRIDGE, 4.7, 9.0),),
            origin="Conference",
            session_id="0",
        ),
    ),
)

BARGE = Scenario(
    name="barge",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", role="original", agents=((AGENT, "answered"),)),
            parties=(CALLER, CALLED),
            steps=(
                *RING_AND_ANSWER,
                Step(8.00, 2, "Disconnected"),
                Step(8.01, 1, "Disconnected"),
            ),
            records=(inbound_record("Accepted", reached("Accepted", 8.0), rang("Call connected", 0.1, 8.0)),),
        ),
        Session(  # the supervisor listens, then joins
            truth=Truth(direction="Outbound", outcome="answered", role="monitoring", agents=()),
            parties=(
                Party(SUPERVISOR, AGENT, "Outbound", owner=SUPERVISOR),
                Party(SUPERVISOR, AGENT, "Inbound"),
            ),
            steps=(
                Step(3.00, 1, "Setup"),
                Step(3.10, 2, "Answered"),
                Step(3.12, 1, "Answered"),
                Step(6.00, 1, "Gone", "Supervising", peer=2),
                Step(6.02, 2, "Disconnected"),
            ),
            records=(internal("Monitoring", "Barge In Call", SUPERVISOR, AGENT, 3.0, 6.0),),
        ),
    ),
)

CALL_FLIP = Scenario(
    name="call_flip",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", agents=((AGENT, "answered"),)),
            parties=(CALLER, CALLED, CALLED),
            steps=(
                *RING_AND_ANSWER,
                Step(3.50, 2, "Disconnected", "CallFlip"),  # the desk phone; the mobile takes over
                Step(3.52, 3, "Setup"),
                Step(3.60, 3, "Proceeding"),
                Step(4.20, 3, "Answered"),
                Step(8.00, 3, "Disconnected"),
                Step(8.01, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0),
                    rang("Call connected", 0.1, 3.5),
                    rang("Call connected", 3.6, 8.0),
                ),
            ),
        ),
    ),
)

CALL_SWITCH = Scenario(
    name="call_switch",
    sessions=(
        Session(
            truth=Truth(direction="Outbound", outcome="answered", agents=()),
            parties=(OURS, FAR_SIDE, OURS),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.30, 2, "Proceeding"),
                Step(2.00, 2, "Answered"),
                Step(2.02, 1, "Answered"),
                Step(4.00, 1, "Disconnected", "CallSwitch"),  # the call is taken over at another device
                Step(4.03, 3, "Answered"),
                Step(8.00, 3, "Disconnected"),
                Step(8.01, 2, "Disconnected"),
            ),
            records=(dialled("Call connected", 8.0),),
        ),
    ),
)

SCENARIOS = (CONFERENCE, BARGE, CALL_FLIP, CALL_SWITCH)
