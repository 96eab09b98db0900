"""The columns of the scenario tables: parties, steps, legs, records and the truth.

Times are seconds from the start of the call as it is written; a played call is stretched
or squeezed to the length drawn for it, so only their order and proportions matter.
"""

from msgspec import Struct

from scripts.simulator.world import Role


class Party(Struct, frozen=True):
    """One participant of a session: `owner` is the extension it belongs to, if any."""

    source: Role
    target: Role
    direction: str
    owner: Role | None = None
    queue_call: bool = False


class Step(Struct, frozen=True):
    """One notification: at this moment `party` (numbered from 1) gets this status.

    `peer` is the party of another of the call's sessions that a `Gone` party went to: of the one with index `peer_in`,
    or of the other one of two.
    """

    at: float
    party: int
    code: str
    reason: str | None = None
    missed: bool = False
    peer: int | None = None
    peer_in: int | None = None
    park_data: str | None = None


class Leg(Struct, frozen=True, kw_only=True):
    """One leg of a record. `{family}` in the type or action is replaced by the call's RingOut family."""

    leg_type: str
    direction: str
    action: str
    result: str
    source: Role
    target: Role
    start: float
    end: float
    extension: Role | None = None
    type: str = "Voice"
    transport: str = "PSTN"
    reason: str | None = None
    master: bool = False
    transfers_to: int | None = None  # index of the session a warm transfer went to


class Record(Struct, frozen=True, kw_only=True):
    """One call-log record in its final form."""

    direction: str
    action: str
    result: str
    source: Role
    target: Role
    start: float
    end: float
    legs: tuple[Leg, ...]
    extension: Role | None = None
    type: str = "Voice"
    transport: str = "PSTN"
    reason: str | None = None
    message: str | None = None  # "VoiceMail" or "Fax" where one is linked


class Live(Struct, frozen=True):
    """What a RingOut's status says from this moment on, in RingCentral's words."""

    at: float
    call: str
    caller: str
    callee: str


class Truth(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a correct product must say about a session. Written by hand, never computed.

    `caller_…` and `callee_…` are about RingOut calls and stay null for every other kind. `role` is the session's in
    its conversation, null where nothing is said of it; so are `agents`: what happened to whom who was rung.
    """

    direction: str
    outcome: str
    caller_status: str | None = None
    callee_status: str | None = None
    caller_outcome: str | None = None
    callee_outcome: str | None = None
    role: str | None = None
    agents: tuple[tuple[Role, str], ...] | None = None


class Session(Struct, frozen=True, kw_only=True):
    """One telephony session: its participants, its notifications in order, its records, its truth."""

    truth: Truth
    parties: tuple[Party, ...]
    steps: tuple[Step, ...]
    records: tuple[Record, ...]
    origin: str = "Call"
    session_id: str | None = None  # where it is not its own: every conference has "0"
    live: tuple[Live, ...] = ()  # of a RingOut, in the order of their times


class Scenario(Struct, frozen=True, kw_only=True):
    """A kind of call. Most have one session; transfers to a consulted colleague and park pick-ups have two."""

    name: str
    sessions: tuple[Session, ...]
    always_provisional: bool = False  # listed mid-call in the misleading shape queue calls have
    only_by_name: bool = False  # not dealt with the others, but played when it is asked for
    neighbours: bool = False  # the sessionIds of its sessions lie within a few thousand of each other

    @property
    def length(self) -> float:
        """Say how long the call is as written, from the first step to the last."""
        return max(session.steps[-1].at for session in self.sessions)
