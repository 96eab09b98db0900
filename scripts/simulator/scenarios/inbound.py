"""Calls from outside: answered in three ways, missed, to voicemail, given up, turned away."""

from scripts.simulator.scripting import Leg, Party, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, COMPANY, IVR, QUEUE = Role.OUTSIDER, Role.COMPANY, Role.IVR, Role.QUEUE
AGENT, COLLEAGUE = Role.AGENT, Role.COLLEAGUE

_CALLER_TO_COMPANY = Party(OUTSIDER, COMPANY, "Outbound")
_CALLER_TO_AGENT = Party(OUTSIDER, AGENT, "Outbound")
_AGENT = Party(OUTSIDER, AGENT, "Inbound", owner=AGENT)


def _accept(result: str, end: float, *, target: Role = AGENT, extension: Role | None = AGENT) -> Leg:
    """Write the leg of the call as it reached the company."""
    return Leg(
        leg_type="Accept",
        direction="Inbound",
        action="Phone Call",
        result=result,
        source=OUTSIDER,
        target=target,
        start=0.0,
        end=end,
        extension=extension,
        master=True,
    )


def _ring(result: str, start: float, end: float, *, who: Role = AGENT, reason: str | None = None) -> Leg:
    """Write the leg to somebody's phone."""
    return Leg(
        leg_type="PstnToSip",
        direction="Outbound",
        action="VoIP Call",
        result=result,
        source=OUTSIDER,
        target=who,
        start=start,
        end=end,
        extension=who,
        transport="VoIP",
        reason=reason,
    )


def _record(result: str, end: float, *legs: Leg, reason: str | None = None, message: str | None = None) -> Record:
    """Write the record of a call from outside; its ends are those of its first leg."""
    return Record(
        direction="Inbound",
        action="Phone Call",
        result=result,
        source=OUTSIDER,
        target=legs[0].target,
        start=0.0,
        end=end,
        legs=legs,
        extension=legs[0].extension,
        reason=reason,
        message=message,
    )


INBOUND_IVR_ANSWERED = Scenario(
    name="inbound_ivr_answered",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered"),
            parties=(_CALLER_TO_COMPANY, Party(OUTSIDER, IVR, "Inbound", owner=IVR), _AGENT),
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
                _record(
                    "Accepted",
                    8.0,
                    _accept("Accepted", 8.0, target=COMPANY, extension=None),
                    _ring("Call connected", 2.0, 8.0),
                ),
            ),
        ),
    ),
)

INBOUND_DIRECT_ANSWERED = Scenario(
    name="inbound_direct_answered",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="answered"),
            parties=(_CALLER_TO_AGENT, _AGENT),
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
            records=(_record("Accepted", 7.0, _accept("Accepted", 7.0), _ring("Accepted", 0.1, 7.0)),),
        ),
    ),
)

INBOUND_MISSED = Scenario(
    name="inbound_missed",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="missed"),
            parties=(_CALLER_TO_AGENT, _AGENT),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(5.00, 2, "Disconnected", "NoAnswer", missed=True),
                Step(5.02, 1, "Disconnected"),
            ),
            records=(_record("Missed", 5.0, _accept("Missed", 5.0), _ring("Stopped", 0.1, 5.0)),),
        ),
    ),
)

INBOUND_VOICEMAIL = Scenario(
    name="inbound_voicemail",
    sessions=(
        Session(
            truth=Truth(direction="Inbound", outcome="voicemail"),
            parties=(_CALLER_TO_AGENT, _AGENT),
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
                _record(
                    "Voicemail",
                    7.0,
                    _accept("Voicemail", 7.0),
                    _ring("Stopped", 0.1, 3.0),
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
            truth=Truth(direction="Inbound", outcome="abandoned"),
            parties=(_CALLER_TO_AGENT, _AGENT),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(2.50, 1, "Disconnected"),
                Step(2.53, 2, "Disconnected", "Cancelled", missed=True),
            ),
            records=(
                _record(
                    "Hang Up",
                    2.5,
                    _accept("Hang Up", 2.5),
                    _ring("Stopped", 0.1, 2.5),
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
            truth=Truth(direction="Inbound", outcome="rejected"),
            parties=(_CALLER_TO_AGENT, _AGENT),
            steps=(
                Step(0.00, 1, "Setup"),
                Step(0.02, 2, "Setup"),
                Step(0.10, 2, "Proceeding"),
                Step(2.00, 2, "Disconnected", "Rejected"),
                Step(2.02, 1, "Disconnected"),
            ),
            records=(
                _record(
                    "Rejected",
                    2.0,
                    _accept("Rejected", 2.0),
                    _ring("Rejected", 0.1, 2.0),
                    reason="Calls Not Accepted",
                ),
            ),
        ),
    ),
)

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
                _record(
                    "Accepted",
                    8.0,
                    _accept("Accepted", 8.0, target=QUEUE, extension=QUEUE),
                    _ring("Stopped", 1.5, 3.5, who=COLLEAGUE, reason="Stopped"),
                    _ring("Call connected", 1.5, 8.0),
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
                _record(
                    "Abandoned",
                    4.0,
                    _accept("Abandoned", 4.0, target=QUEUE, extension=QUEUE),
                    _ring("Stopped", 1.5, 4.0, reason="Stopped"),
                    _ring("IP Phone Offline", 1.5, 1.5, who=COLLEAGUE, reason="No Digital Line"),
                    reason="Hang Up",
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
    QUEUE_ANSWERED,
    QUEUE_ABANDONED,
)
