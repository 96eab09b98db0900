"""Calls from outside to the company or one of its people: answered, missed, given up, turned away."""

from scripts.simulator.scenarios.parts import CALLED, CALLER, inbound_record, rang, reached
from scripts.simulator.scripting import Party, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, COMPANY, IVR, AGENT = Role.OUTSIDER, Role.COMPANY, Role.IVR, Role.AGENT

_CALLER_TO_COMPANY = Party(OUTSIDER, COMPANY, "Outbound")

INBOUND_IVR_ANSWERED = Scenario(
    name="inbound_ivr_answered",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", agents=((AGENT, "answered"),)),
            parties=(_CALLER_TO_COMPANY, Party(OUTSIDER, IVR, "Inbound", owner=IVR), CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.14, 1, "Answered"),  # the menu answered, nobody yet
                Step(2.00, 2, "Disconnected"),  # the menu leaves without a reason, the call lives on
                Step(2.00, 3, "Setup"),
                Step(2.03, 3, "Proceeding"),
                Step(3.50, 3, "Answered"),
                Step(8.00, 3, "Disconnected"),
                Step(8.00, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0, target=COMPANY, extension=None),
                    rang("Call connected", 2.0, 8.0),
                ),
            ),
        ),
    ),
)

INBOUND_DIRECT_ANSWERED = Scenario(
    name="inbound_direct_answered",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered", agents=((AGENT, "answered"),)),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(1.50, 2, "Answered"),
                Step(1.51, 1, "Answered"),
                Step(3.00, 2, "Hold"),
                Step(4.20, 2, "Answered"),
                Step(7.00, 2, "Disconnected"),
                Step(7.01, 1, "Disconnected"),
            ),
            records=(inbound_record("Accepted", reached("Accepted", 7.0), rang("Accepted", 0.1, 7.0)),),
        ),
    ),
)

INBOUND_MISSED = Scenario(
    name="inbound_missed",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="missed", agents=((AGENT, "missed"),)),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(5.00, 2, "Disconnected", "NoAnswer", missed=True),
                Step(5.02, 1, "Disconnected"),
            ),
            records=(inbound_record("Missed", reached("Missed", 5.0), rang("Stopped", 0.1, 5.0)),),
        ),
    ),
)

INBOUND_VOICEMAIL = Scenario(
    name="inbound_voicemail",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="voicemail", agents=((AGENT, "voicemail"),)),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(3.00, 2, "VoiceMail", missed=True),  # not the end: the caller speaks now
                Step(3.02, 1, "Answered"),
                Step(7.00, 1, "Disconnected"),
                Step(7.01, 2, "Disconnected", missed=True),
            ),
            records=(
                inbound_record(
                    "Voicemail",
                    reached("Voicemail", 7.0),
                    rang("Stopped", 0.1, 3.0),
                    message="VoiceMail",
                ),
            ),
        ),
    ),
)

INBOUND_ABANDONED = Scenario(
    name="inbound_abandoned",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="abandoned", agents=((AGENT, "missed"),)),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(2.50, 1, "Disconnected"),
                Step(2.53, 2, "Disconnected", "Cancelled", missed=True),
            ),
            records=(
                inbound_record(
                    "Hang Up",
                    reached("Hang Up", 2.5),
                    rang("Stopped", 0.1, 2.5),
                    reason="Hang Up",
                ),
            ),
        ),
    ),
)

INBOUND_REJECTED = Scenario(
    name="inbound_rejected",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="rejected", agents=((AGENT, "declined"),)),
            parties=(CALLER, CALLED),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(2.00, 2, "Disconnected", "Rejected"),
                Step(2.02, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Rejected",
                    reached("Rejected", 2.0),
                    rang("Rejected", 0.1, 2.0),
                    reason="Calls Not Accepted",
                ),
            ),
        ),
    ),
)

SCENARIOS = (
    INBOUND_IVR_ANSWERED,
    INBOUND_DIRECT_ANSWERED,
    INBOUND_MISSED,
    INBOUND_VOICEMAIL,
    INBOUND_ABANDONED,
    INBOUND_REJECTED,
)
