"""The parties, steps, legs and records that several tables share."""

from scripts.simulator.scripting import Leg, Party, Record, Step
from scripts.simulator.world import Role

OUTSIDER, AGENT = Role.OUTSIDER, Role.AGENT

# A call from outside to the agent.
CALLER = Party(OUTSIDER, AGENT, "Outbound")
CALLED = Party(OUTSIDER, AGENT, "Inbound", owner=AGENT)
RING_AND_ANSWER = (
    Step(0.00, 1, "Setup"),
    Step(0.02, 2, "Setup"),
    Step(0.10, 2, "Proceeding"),
    Step(1.50, 2, "Answered"),
    Step(1.51, 1, "Answered"),
)

# A call of the agent's to somebody outside.
OURS = Party(AGENT, OUTSIDER, "Outbound", owner=AGENT)
FAR_SIDE = Party(AGENT, OUTSIDER, "Inbound")


def reached(
    result: str, end: float, *, start: float = 0.0, target: Role = AGENT, extension: Role | None = AGENT
) -> Leg:
    """Write the leg of the call as it reached the company: the master of its record."""
    return Leg(
        leg_type="Accept",
        direction="Inbound",
        action="Phone Call",
        result=result,
        source=OUTSIDER,
        target=target,
        start=start,
        end=end,
        extension=extension,
        master=True,
    )


def rang(result: str, start: float, end: float, *, who: Role = AGENT, reason: str | None = None) -> Leg:
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


def inbound_record(result: str, *legs: Leg, reason: str | None = None, message: str | None = None) -> Record:
    """Write the record of a call from outside; its ends and times are those of its first leg."""
    master = legs[0]
    return Record(
        direction="Inbound",
        action="Phone Call",
        result=result,
        source=OUTSIDER,
        target=master.target,
        start=master.start,
        end=master.end,
        legs=legs,
        extension=master.extension,
        reason=reason,
        message=message,
    )


def dialled(result: str, end: float, reason: str | None = None) -> Record:
    """Write the record of a call of the agent's to an outside number, with its one leg."""
    return of_one_leg(
        Leg(
            leg_type="SipToPstnUnmetered",
            direction="Outbound",
            action="VoIP Call",
            result=result,
            source=AGENT,
            target=OUTSIDER,
            start=0.0,
            end=end,
            extension=AGENT,
            reason=reason,
            master=True,
        )
    )


def internal(leg_type: str, action: str, source: Role, target: Role, start: float, end: float) -> Record:
    """Write the record of a call between two of our extensions, with its one leg."""
    return of_one_leg(
        Leg(
            leg_type=leg_type,
            direction="Outbound",
            action=action,
            result="Call connected",
            source=source,
            target=target,
            start=start,
            end=end,
            extension=source,
            transport="VoIP",
            master=True,
        )
    )


def of_one_leg(leg: Leg, *, message: str | None = None) -> Record:
    """Write the record of a call that has one leg, and says what that says."""
    return Record(
        direction=leg.direction,
        action=leg.action,
        result=leg.result,
        source=leg.source,
        target=leg.target,
        start=leg.start,
        end=leg.end,
        legs=(leg,),
        extension=leg.extension,
        type=leg.type,
        transport=leg.transport,
        reason=leg.reason,
        message=message,
    )
