"""Calls to a queue: two phones ring, one answers or nobody does."""

from scripts.simulator.scenarios.inbound_legs import inbound_record, rang, reached
from scripts.simulator.scripting import Party, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, QUEUE, AGENT, COLLEAGUE = Role.OUTSIDER, Role.QUEUE, Role.AGENT, Role.COLLEAGUE

_QUEUE = Party(OUTSIDER, QUEUE, "Inbound", owner=QUEUE)
_WINNER = Party(OUTSIDER, QUEUE, "Inbound", owner=AGENT, queue_call=True)
_LOSER = Party(OUTSIDER, QUEUE, "Inbound", owner=COLLEAGUE, queue_call=True)

QUEUE_ANSWERED = Scenario(
    name="queue_answered",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered"),
            parties=(Party(OUTSIDER, QUEUE, "Outbound"), _QUEUE, _WINNER, _LOSER),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 1, "Answered"),  # the queue's greeting
                Step(1.50, 3, "Proceeding"),
                Step(1.51, 4, "Proceeding"),
                Step(3.50, 3, "Answered"),
                Step(3.52, 4, "Disconnected", "AgentAnswered"),  # the other phone stops ringing
                Step(3.53, 2, "Disconnected"),
                Step(8.00, 3, "Disconnected"),
                Step(8.02, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0, target=QUEUE, extension=QUEUE),
                    rang("Stopped", 1.5, 3.5, who=COLLEAGUE, reason="Stopped"),
                    rang("Call connected", 1.5, 8.0),
                ),
            ),
        ),
    ),
)

QUEUE_ABANDONED = Scenario(
    name="queue_abandoned",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="abandoned"),
            parties=(Party(OUTSIDER, QUEUE, "Outbound"), _QUEUE, _WINNER, _LOSER),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 1, "Answered"),
                Step(1.50, 3, "Proceeding"),
                Step(1.51, 4, "Proceeding"),
                Step(4.00, 1, "Disconnected"),
                Step(4.01, 3, "Disconnected", "Cancelled", missed=True),
                Step(4.01, 4, "Disconnected", "Cancelled", missed=True),
                Step(4.02, 2, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Abandoned",
                    reached("Abandoned", 4.0, target=QUEUE, extension=QUEUE),
                    rang("Stopped", 1.5, 4.0, reason="Stopped"),
                    rang("IP Phone Offline", 1.5, 1.5, who=COLLEAGUE, reason="No Digital Line"),
                    reason="Hang Up",
                ),
            ),
        ),
    ),
)

SCENARIOS = (QUEUE_ANSWERED, QUEUE_ABANDONED)
