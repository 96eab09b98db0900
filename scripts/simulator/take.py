"""A call being played: a scenario bound to the clock, and what has been sent of it."""

from msgspec import Struct, field

from scripts.simulator.calls import Call, SessionIds
from scripts.simulator.moments import written
from scripts.simulator.scripting import Session

FIRST_SEQUENCE = 2  # as in every complete sequence seen from the real platform
_PROVISIONAL_MOMENT = 0.6  # of the session: when a provisional record is listed


class Take(Struct, eq=False, kw_only=True):
    """One session of a call, played from `started_at` on at `speed`.

    The moving parts are the count of notifications still to be sent, the steps that somebody has taken, and the records
    made final and given their recordings, which only ever approach their end; and a RingOut may be cancelled.
    """

    call: Call
    place: int  # which of the call's sessions
    started_at: float
    speed: float
    extra_lag: float = 0.0
    withheld: float | None = None  # seconds after the end at which all notifications come; infinity: never
    posted: int = 0  # steps whose time has come
    unsent: int = 0
    heard: set[int] = field(default_factory=set)  # steps whose notification was answered with 200
    record_visible: bool = False
    recorded: bool = False
    edition: int = 0  # rises when the call goes on otherwise than it was written

    def __post_init__(self) -> None:
        """Expect one sending per written step."""
        self.unsent = len(self.session.steps)

    @property
    def session(self) -> Session:
        """Give the table being played."""
        return self.call.scenario.sessions[self.place]

    @property
    def ids(self) -> SessionIds:
        """Give the names of this session."""
        return self.call.sessions[self.place]

    def offset(self, moment: float) -> float:
        """Say at which written offset the session is at this moment."""
        return (moment - self.started_at) * self.speed / self.call.stretch

    def when(self, offset: float) -> float:
        """Say when, on the clock, something written at `offset` happens."""
        return self.started_at + offset * self.call.stretch / self.speed

    @property
    def begins_at(self) -> float:
        """Say when the first step happens."""
        return self.when(self.session.steps[0].at)

    @property
    def ends_at(self) -> float:
        """Say when the last step happens."""
        return self.when(self.session.steps[-1].at)

    @property
    def listed_mid_call_at(self) -> float | None:
        """Say when a provisional record shows up, if one does."""
        if not self.call.provisional:
            return None
        return self.begins_at + (self.ends_at - self.begins_at) * _PROVISIONAL_MOMENT

    @property
    def record_at(self) -> float:
        """Say when the final record becomes visible."""
        return self.ends_at + self.call.lag / self.speed + self.extra_lag

    @property
    def recording_at(self) -> float | None:
        """Say when a recording is added to the record, if one is."""
        delay = self.call.recording_delay
        return None if delay is None else self.record_at + delay / self.speed

    def truth(self, now: float) -> dict[str, object]:
        """Tell what a correct product must say about this session, and how far it has been played."""
        truth = self.session.truth
        alone = len(self.call.sessions) == 1
        others = (ids.telephony_session_id for place, ids in enumerate(self.call.sessions) if place != self.place)
        return {
            "telephonySessionId": self.ids.telephony_session_id,
            "scenario": self.call.scenario.name,
            "direction": truth.direction,
            "outcome": truth.outcome,
            "callerStatus": truth.caller_status,
            "calleeStatus": truth.callee_status,
            "callerOutcome": truth.caller_outcome,
            "calleeOutcome": truth.callee_outcome,
            "linkedSessions": sorted(others),
            "conversation": {"id": self._eldest(), "role": truth.role or ("only" if alone else None)},
            "agents": self._agents(),
            "played": self.unsent == 0,
            "heard": len(self.heard) == len(self.session.steps),
            "acknowledged": [FIRST_SEQUENCE + number for number in sorted(self.heard)],
            "endedAt": written(self.ends_at) if self.ends_at <= now else None,
            "recorded": self.recorded,
            "recordVisibleAt": written(self.record_at) if self.record_visible else None,
        }

    def _eldest(self) -> str:
        """Name the session that began first: it gives the conversation its id."""
        sessions = zip(self.call.scenario.sessions, self.call.sessions, strict=True)
        return min((session.steps[0].at, ids.telephony_session_id) for session, ids in sessions)[1]

    def _agents(self) -> dict[str, str] | None:
        """Say by extension what happened to whom who was rung; None where the table leaves it open."""
        agents = self.session.truth.agents
        if agents is None:
            return None
        return {str(self.call.cast[role].extension_id): status for role, status in agents}
