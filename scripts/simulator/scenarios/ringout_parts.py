"""The parts RingOut scenarios are made of: legs to both sides, the record around them, the second session."""

from msgspec.structs import replace

from scripts.simulator.scripting import Leg, Live, Party, Record, Scenario, Session, Step, Truth
from scripts.simulator.world import Role

OUTSIDER, COMPANY, AGENT = Role.OUTSIDER, Role.COMPANY, Role.AGENT

# RingCentral names legs and actions after where the RingOut was started: leg type family -> action.
FAMILIES = {"Web": "RingOut Web", "Client": "RingOut PC", "Device": "RingOut Mobile"}

_TO_CALLER = "RingOut{family}ToCaller"
CALLEE_IS_CALLED = 1.7
_SECOND_BEGINS = 0.1  # of two sessions: so long after the first
_CALLER = Party(COMPANY, AGENT, "Inbound", owner=AGENT)
_CALLEE = Party(COMPANY, OUTSIDER, "Inbound")


def caller_leg(result: str, end: float, reason: str | None = None) -> Leg:
    """Write the leg to our agent; its ends are the call's own."""
    return Leg(
        leg_type=_TO_CALLER,
        direction="Outbound",
        action="{action}",
        result=result,
        source=AGENT,
        target=OUTSIDER,
        start=0.0,
        end=end,
        extension=AGENT,
        reason=reason,
        master=True,
    )


def callee_leg(result: str, end: float, reason: str | None = None) -> Leg:
    """Write the leg to the outside number; its ends are the call's own reversed, as RingCentral has it."""
    return Leg(
        leg_type="RingOut{family}ToSubscriber",
        direction="Outbound",
        action="{action}",
        result=result,
        source=OUTSIDER,
        target=AGENT,
        start=CALLEE_IS_CALLED,
        end=end,
        extension=AGENT,
        reason=reason,
    )


def ringout(
    name: str,
    truth: Truth,
    steps: tuple[Step, ...],
    legs: tuple[Leg, ...],
    live: tuple[Live, ...],
    result: str,
    reason: str | None = None,
    *,
    only_by_name: bool = False,
) -> Scenario:
    """Write a RingOut of one session and one record."""
    record = Record(
        direction="Outbound",
        action="{action}",
        result=result,
        source=AGENT,
        target=OUTSIDER,
        start=0.0,
        end=steps[-1].at,
        legs=legs,
        extension=AGENT,
        reason=reason,
    )
    called = max(step.party for step in steps)
    session = Session(
        truth=truth, parties=(_CALLER, _CALLEE)[:called], steps=steps, records=(record,), origin="RingOut", live=live
    )
    return Scenario(name=name, sessions=(session,), only_by_name=only_by_name)


def swapped(scenario: Scenario, *, truth: Truth) -> Scenario:
    """Add the session of the caller's own phone: from and to are swapped, and it has a record of its own.

    It is told of what the caller's party is told of in the first, which it begins a moment after.
    """
    (first,) = scenario.sessions
    steps = tuple(replace(step, at=max(step.at, _SECOND_BEGINS)) for step in first.steps if step.party == 1)
    ends = {"source": OUTSIDER, "target": AGENT, "start": steps[0].at, "end": steps[-1].at}
    leg = replace(next(leg for leg in first.records[0].legs if leg.leg_type == _TO_CALLER), **ends)
    second = Session(
        truth=truth,
        parties=(Party(OUTSIDER, AGENT, "Inbound", owner=AGENT),),
        steps=steps,
        records=(replace(first.records[0], legs=(leg,), result=leg.result, reason=leg.reason, **ends),),
        origin="RingOut",
    )
    return replace(scenario, sessions=(first, second), neighbours=True)
