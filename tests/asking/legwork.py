"""Legwork in this process: its stages run when their bells are due, and nobody sleeps."""

from datetime import datetime
from typing import Final, cast

from redis import Redis

from runtime import bells, keys, ledger, outcome_log
from runtime.bells import Stage
from runtime.budget import Group, Share
from runtime.ledger import State
from runtime.metrics import Recorder
from runtime.settings import Settings
from scripts.simulator.take import Take
from telephony.events import CallEvent, decode
from tests.asking.clock import Clock, RedisWithClock
from workers import dependencies, resolve
from workers.dependencies import Dependencies
from workers.ringcentral.transport import Bounds
from workers.track import tracking

_TICK: Final = 0.001  # a bell is never served before its time, which is rounded to milliseconds
_BOUNDS: Final = Bounds(connect=1.0, read=1.0, total=2.0)


class Legwork:
    """All stages of all accounts, run by one clock."""

    def __init__(self, settings: Settings, redis: RedisWithClock, clock: Clock) -> None:
        self.settings = settings
        self.redis = redis
        self.clock = clock
        self._made: list[Dependencies] = []
        self.dependencies = self.a_process()
        self.runs = 0
        dependencies.install(self.dependencies)
        for account in settings.accounts:
            bells.ring_at(redis, Stage.RESOLVE, account.name, clock())

    def a_process(self) -> Dependencies:
        """Make what another worker process would have: nothing is shared but Redis. It waits for answers less long."""
        made = Dependencies(self.settings, self.redis, Recorder(self.redis))
        for account in self.settings.accounts:
            made.ringcentral(account)._exchange._transport._bounds = _BOUNDS
        self._made.append(made)
        return made

    def restart(self, settings: Settings) -> None:
        """Have the workers start anew with other settings, while the clock runs on."""
        self.settings = settings
        self.dependencies = self.a_process()
        dependencies.install(self.dependencies)

    def close(self) -> None:
        """Close the connections."""
        for made in self._made:
            made._session.close()

    def hear(self, account: str, bodies: list[bytes]) -> None:
        """Take notifications in, as `web` does, and track them."""
        with self.redis.pipeline(transaction=False) as pipeline:
            for body in bodies:
                pipeline.xadd(keys.inbox(account), {"body": body}, id=f"{int(self.clock() * 1000)}-*")
            pipeline.execute()
        self.track(account)

    def track(self, account: str) -> None:
        """Track what there is."""
        with tracking(account, self.dependencies) as tracker:
            tracker.step()
            assert tracker.rest()

    def resolve(self, account: str) -> None:
        """Serve the bell of resolve, whether it is due or not."""
        self.runs += 1
        resolve.serve(account)

    def spend(self, account: str, *, leaving: int) -> None:
        """Leave so many whole requests of the Heavy group, as other users of the budget may."""
        budget = self.dependencies.budget(account)
        while budget.left(Group.HEAVY).tokens >= leaving + 1:
            budget.take(Group.HEAVY, Share.INTERACTIVE)

    def be_away(self, seconds: float) -> None:
        """Let time pass in which no process runs: what happens, happens unnoticed."""
        until = self.clock() + seconds
        while (moment := self.clock.next_moment()) <= until:
            self._set_clock(max(moment, self.clock()))
            self.clock.happen()
        self._set_clock(until)

    def pass_time(self, seconds: float) -> None:
        """Let time pass: whatever happens, happens; whatever bell is due is served."""
        until = self.clock() + seconds
        while True:
            bell, *whose = self._next_bell()
            if min(bell, self.clock.next_moment()) > until:
                break
            moment = max(min(bell, self.clock.next_moment()), self.clock())
            if self.clock.next_moment() <= moment:
                self._set_clock(moment)
                self.clock.happen()
            else:
                self._set_clock(moment + _TICK)
                self._serve(*whose)
        self._set_clock(until)

    def _set_clock(self, now: float) -> None:
        if now != self.clock.now:
            self.clock.now = now
            self.redis.note_time(self.clock)

    def _next_bell(self) -> tuple[float, str, str]:
        rows = cast("list[tuple[bytes, float]]", self.redis.zrange(keys.BELLS, 0, 0, withscores=True))
        if not rows:
            return float("inf"), "", ""
        stage, _, account = rows[0][0].decode().partition("|")
        return rows[0][1], stage, account

    def _serve(self, stage: str, account: str) -> None:
        if stage == Stage.TRACK:
            self.track(account)
        else:
            self.resolve(account)


def events_of(redis: Redis, take: Take, account: str = "acme") -> list[CallEvent]:
    """Read what was published of a call, oldest first."""
    return [decode(text) for text in outcome_log.revisions(redis, account, take.ids.telephony_session_id)]


def published_at(redis: Redis, take: Take, *, account: str = "acme") -> float:
    """Say when the first outcome of a call was published. Seconds."""
    first = next(event for event in events_of(redis, take, account) if event.data.revision)
    return datetime.fromisoformat(first.data.timing.published_at).timestamp()


def state_of(redis: Redis, take: Take) -> State | None:
    """Say how far a call has come."""
    one = take.ids.telephony_session_id
    found = ledger.resolutions(redis, "acme", [one]).get(one)
    return found.state if found else None


def is_right(redis: Redis, *takes: Take, account: str = "acme") -> bool:
    """Say whether the last word on each call is the right one, confirmed, after one revision 0 to 1, 2, 3, in order."""
    return all(_is_right(events_of(redis, take, account), take) for take in takes)


def wrong(redis: Redis, *takes: Take, account: str = "acme") -> list[tuple[str, float, list[str]]]:
    """List the calls that `is_right` would not hold for: the scenario, the start, and what was published."""
    pairs = [(take, events_of(redis, take, account)) for take in takes]
    return [
        (take.call.scenario.name, take.started_at, [f"{event.data.revision} {event.data.outcome}" for event in events])
        for take, events in pairs
        if not _is_right(events, take)
    ]


def _is_right(events: list[CallEvent], take: Take) -> bool:
    revisions = [event.data.revision for event in events]
    in_order = revisions == sorted(set(revisions)) and revisions[-1:] > [0]
    return in_order and events[-1].data.confirmed and events[-1].data.outcome == take.session.truth.outcome
