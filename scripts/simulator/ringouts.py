"""RingOuts placed through the API: what is played for each, under which id, and what its status says until when."""

import base64
import math
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct, convert
from msgspec.structs import replace

from scripts.simulator.calls import Dealer
from scripts.simulator.chance import digits
from scripts.simulator.clock import Clock
from scripts.simulator.player import Player
from scripts.simulator.problems import PROBLEMS, ApiError
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.scenarios.ringout import cancelled_at
from scripts.simulator.scripting import Live
from scripts.simulator.take import Take
from scripts.simulator.world import AGENTS, MAIN_NUMBER, OWNER, Cast, Endpoint, Role

CONNECTED = "Success"

# What is played for whom is called, unless a plan names a scenario: by the last digits of the number.
SCENARIO_BY_ENDING: Mapping[str, str] = MappingProxyType(
    {
        "0151": "ringout_caller_busy",
        "0152": "ringout_callee_busy",
        "0153": "ringout_callee_no_answer",
        "0154": "ringout_rejected",
        "0155": "ringout_invalid_number",
        "0156": "ringout_no_credit",
        "0157": "ringout_status_disagrees",
        "0158": "ringout_two_sessions",
    }
)

# Whoever has this number lets it ring for so long (seconds) that there is time to cancel the RingOut by hand.
PATIENT, PATIENT_LENGTH = "0159", 120.0

# Ids of forwarding numbers -> the number.
FORWARDING: Mapping[str, str] = MappingProxyType({f"70000001{n:02}": one.phone_number for n, one in enumerate(AGENTS)})


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """How RingOuts go that are placed from now on. Times are seconds at speed 1.

    `gone` is when the status is answered 404: so long after the end, `at_once`, `during` the call, or `never`.
    `ids` is the form of a RingOut's id: `session` is the telephonySessionId (`s-…`), `base64` too, in the older form;
    `other` looks like one and is not, `integer` neither. `says` are three words the status says once it changes.
    `withheld` has the notifications come so long after the end (negative: never). `refuse` names a problem.
    """

    scenario: str | None = None
    gone: float | Literal["at_once", "during", "never"] = 10.0
    ids: Literal["session", "base64", "other", "integer"] = "session"
    says: tuple[str, str, str] | None = None
    withheld: float | None = None
    refuse: str | None = None
    length: float | None = None
    speed: float = 1.0


def plan_of(fields: Any) -> Plan:
    """Read a plan; raise KeyError for a scenario or problem that is not there, ValueError for a wrong field."""
    plan = convert(fields, Plan)
    if plan.scenario is not None:
        _ = SCENARIOS[plan.scenario].sessions[0].live[0]
    if plan.refuse is not None:
        _ = PROBLEMS[plan.refuse]
    return plan


class Placed(Struct, eq=False):
    """One RingOut: its id, the sessions it is played in, and how it was planned."""

    id: str | int
    takes: list[Take]
    plan: Plan
    placed_at: float
    cancelled: bool = False

    def live(self, now: float) -> Live | None:
        """Say what its status is; None when it is gone."""
        return None if now >= self._gone_at(self.takes[0]) else self.said(now)

    def said(self, now: float) -> Live:
        """Say how far it is, whether or not the status is gone."""
        take = self.takes[0]
        rows = [row for row in take.session.live if take.when(row.at) <= now]
        latest = rows[-1] if rows else take.session.live[0]
        if self.plan.says is not None and len(rows) > 1:
            return Live(latest.at, *self.plan.says)
        return latest

    def is_over(self, now: float) -> bool:
        """Say whether the call has ended."""
        return now >= self.takes[0].ends_at

    def _gone_at(self, take: Take) -> float:
        match self.plan.gone:
            case "never":
                return math.inf
            case "at_once":
                return self.placed_at
            case "during":
                return take.when(take.session.steps[-1].at / 2)
            case seconds:
                return take.ends_at + seconds / self.plan.speed


class RingOuts:
    """The RingOuts of one account."""

    def __init__(self, dealer: Dealer, player: Player, clock: Clock) -> None:
        self._dealer = dealer
        self._player = player
        self._clock = clock
        self._lock = threading.Lock()
        self._placed: dict[str, Placed] = {}
        self.plan = Plan()
        self.asked = 0

    def place(self, source: str, target: str) -> Placed:
        """Begin a RingOut from `source`, who is rung first, to `target`. Raise ApiError where the plan refuses."""
        with self._lock:
            self.asked += 1
            plan = self.plan
            if plan.refuse is not None:
                detail = target if "{}" in PROBLEMS[plan.refuse].message else ""
                raise ApiError(plan.refuse, detail)
            scenario = SCENARIOS[plan.scenario or SCENARIO_BY_ENDING.get(target[-4:], "ringout_answered")]
            call = self._dealer.deal_one(scenario, _parts(source, target))
            call = replace(call, sessions=tuple(_named(ids, plan) for ids in call.sessions))
            length = PATIENT_LENGTH if target.endswith(PATIENT) else plan.length
            if length is not None:
                call = replace(call, stretch=length / scenario.length)
            takes = self._player.place(call, speed=plan.speed, withheld=_withheld(plan))
            placed = Placed(_ringout_id(takes[0], plan), takes, plan, self._clock())
            self._placed[str(placed.id)] = placed
            return placed

    def find(self, ringout_id: str) -> Placed:
        """Give a RingOut whose status is still known; raise the documented 404 otherwise."""
        placed = self._placed.get(ringout_id)
        if placed is None or placed.cancelled or placed.live(self._clock()) is None:
            raise ApiError("not_found", "ringOutId")
        return placed

    def cancel(self, ringout_id: str) -> None:
        """End a RingOut that is not connected, its status gone or not; one that is, or has ended, is not found."""
        with self._lock:
            placed, now = self._placed.get(ringout_id), self._clock()
            if placed is None or placed.cancelled or placed.is_over(now) or placed.said(now).call == CONNECTED:
                raise ApiError("not_found", "ringOutId")
            placed.cancelled = True
            first = placed.takes[0]
            answered = first.posted > 1
            at = max(first.offset(now), 1.71 if answered else 0.01)
            scenario = cancelled_at(at, caller_answered=answered, two_sessions=len(placed.takes) > 1)
            for take in placed.takes:
                self._player.go_on_as(take, replace(take.call, scenario=scenario))

    def document(self) -> dict[str, Any]:
        """Tell what was placed."""
        return {
            "asked": self.asked,
            "placed": [
                {
                    "id": placed.id,
                    "telephonySessionIds": [take.ids.telephony_session_id for take in placed.takes],
                    "cancelled": placed.cancelled,
                }
                for placed in self._placed.values()
            ],
        }


def _parts(source: str, target: str) -> Cast:
    """Give the parts of a RingOut: whoever has the number, else its owner with another number."""
    known = {one.phone_number: one for one in AGENTS}
    ours = known.get(source, replace(OWNER, phone_number=source)) if source != MAIN_NUMBER else OWNER
    return {Role.AGENT: ours, Role.OUTSIDER: known.get(target, Endpoint(phone_number=target))}


def _named(ids: Any, plan: Plan) -> Any:
    """Name a session in the form of 2018 where the plan says so."""
    if plan.ids != "base64":
        return ids
    core = f"cs{digits(18, ids.seed, 'core')}@10.62.29.33"
    return replace(ids, telephony_session_id=base64.urlsafe_b64encode(core.encode()).decode().rstrip("="))


def _ringout_id(take: Take, plan: Plan) -> str | int:
    match plan.ids:
        case "integer":
            return int(digits(9, take.ids.seed, "ringout"))
        case "other":
            return f"s-{digits(18, take.ids.seed, 'ringout')}z0"
        case _:
            return take.ids.telephony_session_id


def _withheld(plan: Plan) -> float | None:
    if plan.withheld is None:
        return None
    return math.inf if plan.withheld < 0 else plan.withheld / plan.speed
