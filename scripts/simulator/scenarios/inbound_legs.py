"""The legs and records of calls from outside, which several tables share."""

from scripts.simulator.scripting import Leg, Record
from scripts.simulator.world import Role


def reached(
    result: str, end: float, *, start: float = 0.0, target: Role = Role.AGENT, extension: Role | None = Role.AGENT
) -> Leg:
    """Write the leg of the call as it reached the company: the master of its record."""
    return Leg(
        leg_type="Accept",
        direction="Inbound",
        action="Phone Call",
        result=result,
        source=Role.OUTSIDER,
        target=target,
        start=start,
        end=end,
        extension=extension,
        master=True,
    )


def rang(result: str, start: float, end: float, *, who: Role = Role.AGENT, reason: str | None = None) -> Leg:
    """Write the leg to somebody's phone."""
    return Leg(
        leg_type="PstnToSip",
        direction="Outbound",
        action="VoIP Call",
        result=result,
        source=Role.OUTSIDER,
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
        source=Role.OUTSIDER,
        target=master.target,
        start=master.start,
        end=master.end,
        legs=legs,
        extension=master.extension,
        reason=reason,
        message=message,
    )
