"""Calls to a queue: phones ring, one answers or nobody does, or another queue has the call, be it in a new session."""

from scripts.simulator.scenarios.parts import inbound_record, rang, reached
from scripts.simulator.scripting import Party, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, QUEUE, AGENT, COLLEAGUE = Role.OUTSIDER, Role.QUEUE, Role.AGENT, Role.COLLEAGUE
OTHER_QUEUE, THIRD, FOURTH, FIFTH = Role.OTHER_QUEUE, Role.THIRD, Role.FOURTH, Role.FIFTH

_QUEUE = Party(OUTSIDER, QUEUE, "Inbound", owner=QUEUE)
_WINNER = Party(OUTSIDER, QUEUE, "Inbound", owner=AGENT, queue_call=True)
_LOSER = Party(OUTSIDER, QUEUE, "Inbound", owner=COLLEAGUE, queue_call=True)

QUEUE_ANSWERED = Scenario(
    name="queue_answered",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                agents=((AGENT, "answered"), (COLLEAGUE, "answered_elsewhere")),
            ),
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
            truth=Truth(
                direction="Inbound",
                outcome="abandoned",
                agents=((AGENT, "missed"), (COLLEAGUE, "unreachable")),  # the record says why it did not ring
            ),
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


def _rung(who: Role, queue: Role = QUEUE) -> Party:
    return Party(OUTSIDER, queue, "Inbound", owner=who, queue_call=True)


QUEUE_OF_FIVE = Scenario(
    name="queue_of_five",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                agents=(
                    (AGENT, "answered_elsewhere"),
                    (COLLEAGUE, "answered_elsewhere"),
                    (THIRD, "answered"),
                    (FOURTH, "answered_elsewhere"),
                    (FIFTH, "answered_elsewhere"),
                ),
            ),
            parties=(
                Party(OUTSIDER, QUEUE, "Outbound"),
                _QUEUE,
                *(_rung(who) for who in (AGENT, COLLEAGUE, THIRD, FOURTH, FIFTH)),
            ),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 1, "Answered"),
                *(Step(1.50 + number / 100, number, "Proceeding") for number in range(3, 8)),
                Step(3.50, 5, "Answered"),
                Step(3.52, 3, "Disconnected", "AgentAnswered"),
                Step(3.52, 4, "Disconnected", "AgentAnswered", missed=True),
                Step(3.53, 6, "Disconnected", missed=True),  # no reason, and marked as missed: it was not
                Step(3.53, 7, "Disconnected", missed=True),
                Step(3.54, 2, "Disconnected"),
                Step(8.00, 5, "Disconnected"),
                Step(8.02, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0, target=QUEUE, extension=QUEUE),
                    *(rang("Stopped", 1.5, 3.5, who=who, reason="Stopped") for who in (AGENT, COLLEAGUE)),
                    rang("Call connected", 1.5, 8.0, who=THIRD),
                    *(rang("Stopped", 1.5, 3.5, who=who, reason="Stopped") for who in (FOURTH, FIFTH)),
                ),
            ),
        ),
    ),
)

_NOBODY_ANSWERS = (
    Step(0.00, 1, "Setup"),
    Step(0.02, 2, "Setup"),
    Step(0.10, 1, "Answered"),
    Step(0.50, 3, "Proceeding"),
    Step(0.51, 4, "Proceeding"),
    Step(2.00, 3, "Disconnected", "NoAnswer", missed=True),
    Step(2.01, 4, "Disconnected", "NoAnswer", missed=True),
)

_RUNG_FIRST = (
    rang("Stopped", 0.5, 2.0, reason="Stopped"),
    rang("Stopped", 0.5, 2.0, who=COLLEAGUE, reason="Stopped"),
)

_RUNG_THEN = (
    rang("Call connected", 4.5, 8.0, who=THIRD),
    rang("Stopped", 4.5, 5.0, who=FOURTH, reason="Stopped"),
)

QUEUE_HAND_OVER = Scenario(
    name="queue_hand_over",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                agents=(
                    (AGENT, "missed"),
                    (COLLEAGUE, "missed"),
                    (THIRD, "answered"),
                    (FOURTH, "answered_elsewhere"),
                ),
            ),
            parties=(
                Party(OUTSIDER, QUEUE, "Outbound"),
                _QUEUE,
                _WINNER,
                _LOSER,
                Party(OUTSIDER, OTHER_QUEUE, "Inbound", owner=OTHER_QUEUE),
                _rung(THIRD, OTHER_QUEUE),
                _rung(FOURTH, OTHER_QUEUE),
            ),
            steps=(
                *_NOBODY_ANSWERS,
                Step(2.02, 2, "Disconnected"),  # the first queue leaves, the second takes over
                Step(2.04, 5, "Setup"),
                Step(4.50, 6, "Proceeding"),
                Step(4.51, 7, "Proceeding"),
                Step(5.00, 6, "Answered"),
                Step(5.02, 7, "Disconnected", "AgentAnswered"),
                Step(5.03, 5, "Disconnected"),
                Step(8.00, 6, "Disconnected"),
                Step(8.02, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0, target=QUEUE, extension=QUEUE),
                    *_RUNG_FIRST,
                    *_RUNG_THEN,
                ),
            ),
        ),
    ),
)

QUEUE_HAND_OVER_IN_TWO = Scenario(
    name="queue_hand_over_in_two",
    always_provisional=True,
    sessions=(
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="missed",
                role="original",
                agents=((AGENT, "missed"), (COLLEAGUE, "missed")),
            ),
            parties=(Party(OUTSIDER, QUEUE, "Outbound"), _QUEUE, _WINNER, _LOSER),
            steps=(
                *_NOBODY_ANSWERS,
                Step(2.02, 2, "Disconnected"),
                Step(2.06, 1, "Gone", "BlindTransfer", peer=1),  # the caller goes on in the other session
            ),
            records=(
                inbound_record(
                    "Missed",
                    reached("Missed", 2.06, target=QUEUE, extension=QUEUE),
                    *_RUNG_FIRST,
                ),
            ),
        ),
        Session(
            truth=Truth(
                direction="Inbound",
                outcome="answered",
                role="transferred",
                agents=((THIRD, "answered"), (FOURTH, "answered_elsewhere")),
            ),
            parties=(
                Party(OUTSIDER, OTHER_QUEUE, "Outbound"),
                Party(OUTSIDER, OTHER_QUEUE, "Inbound", owner=OTHER_QUEUE),
                _rung(THIRD, OTHER_QUEUE),
                _rung(FOURTH, OTHER_QUEUE),
            ),
            steps=(
                Step(2.04, 1, "Setup"),
                Step(2.08, 1, "Answered"),
                Step(2.10, 2, "Setup"),
                Step(4.50, 3, "Proceeding"),
                Step(4.51, 4, "Proceeding"),
                Step(5.00, 3, "Answered"),
                Step(5.02, 4, "Disconnected", "AgentAnswered"),
                Step(5.03, 2, "Disconnected"),
                Step(8.00, 3, "Disconnected"),
                Step(8.02, 1, "Disconnected"),
            ),
            records=(
                inbound_record(
                    "Accepted",
                    reached("Accepted", 8.0, start=2.1, target=OTHER_QUEUE, extension=OTHER_QUEUE),
                    *_RUNG_THEN,
                ),
            ),
        ),
    ),
)

SCENARIOS = (QUEUE_ANSWERED, QUEUE_ABANDONED, QUEUE_OF_FIVE, QUEUE_HAND_OVER, QUEUE_HAND_OVER_IN_TWO)
