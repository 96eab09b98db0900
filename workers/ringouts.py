"""Ringout: place RingOuts, follow their live status as long as there is one, and find the sessions they were played in.

One runner per account, which stays while something is live. How a RingOut ended is not decided here: once there is
nothing more to see live, resolve is asked to look at the call log. What RingCentral may have heard of is never asked
for twice: see `workers.ringout_steps`.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, cast

import msgspec

from runtime import bells, faults, keys, ledger, outcome_log, ringouts
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.leases import RENEW_SECONDS, Command, Lease, lease
from runtime.logs import log
from runtime.metrics import RINGOUTS, UNKNOWN_WORDS
from runtime.ringouts import Placing, RingOut
from telephony import ringout_status
from telephony.live_events import LiveRingOut
from telephony.ringout_link import Linking
from telephony.ringout_status import Live
from telephony.ringout_words import live_event
from telephony.times import moment_at
from workers.dependencies import Dependencies, current
from workers.resolving import rereads
from workers.ringcentral.ringout import RingOuts
from workers.ringout_evidence import Evidence
from workers.ringout_steps import Step, Steps, begun, next_time
from workers.turns import turn

MOST: Final = 50
"""RingOuts looked after in one step."""

MOST_FOLLOWED: Final = 500
"""RingOuts that are counted when the requests there are for looking are shared out."""

REQUESTS: Final = 8
"""Requests of one runner that are on their way at the same time, so that a slow one keeps no other waiting."""

LINGER_SECONDS: Final = 1.5
SHIFT_SECONDS: Final = 20.0
_LEAST_PAUSE: Final = 0.05


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    redis, name = dependencies.redis, dependencies.account(account).name
    with turn(dependencies, Stage.RINGOUT, account), lease(redis, name, Stage.RINGOUT) as held:
        Follower(account, held, dependencies).shift()
        bells.rest(redis, Stage.RINGOUT, account, due=keys.ringouts_due(account), held=held)


class Follower:
    """One account's runner."""

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder = dependencies.recorder
        self._stopping = dependencies.stopping
        self._evidence = Evidence(self._redis, account)
        self._steps = Steps(RingOuts(dependencies.ringcentral(dependencies.account(account))))

    def shift(self) -> None:
        """Step until nothing is due soon, but no longer than a shift."""
        began = stopwatch()
        while True:
            self.step()
            pause = self._due_in()
            if self._stopping.is_set() or pause > LINGER_SECONDS or stopwatch() - began > SHIFT_SECONDS:
                return
            self._stopping.wait(max(pause, _LEAST_PAUSE))

    def step(self) -> None:
        """Look after all that is due: mark what is about to be placed, ask RingCentral, commit what it said."""
        now = redis_time(self._redis)
        due = self._due(now)
        if not due:
            return
        wanted_cancelled = self._wanted_cancelled(due)
        before = {one.id: begun(one, now=now, cancel=one.id in wanted_cancelled) for one in due.values()}
        self._commit([self._write(one) for one in before.values() if one != due[one.id]], now)
        self._note_placing(due, before)
        faults.point("ringout.placing")
        followed = self._followed()
        asked = self._ask(before, wanted_cancelled)
        faults.point("ringout.asked")
        now = redis_time(self._redis)
        linkings = self._evidence.linkings(after.ringout for after in asked.values())
        commands: list[Command] = []
        for one, step in asked.items():
            after = msgspec.structs.replace(step.ringout, linking=linkings.get(one, Linking()))
            if after != before[one]:  # which is what is stored, also of one that could not be placed yet
                commands.append(self._write(after))
            commands += self._changes(due[one], after, step, now=now, followed=followed)
            if one in wanted_cancelled and step.again is None:  # the wish is answered
                commands.append(("DEL", keys.ringout_cancel(self._account, one)))
        self._commit(commands, now)
        faults.point("ringout.committed")
        for one, step in asked.items():
            self._tell(due[one], step)

    def _due(self, now: float) -> dict[str, RingOut]:
        """Load what is due. A RingOut whose retention is over is struck off."""
        key = keys.ringouts_due(self._account)
        members = cast("list[bytes]", self._redis.zrange(key, "-inf", now, byscore=True, offset=0, num=MOST))
        ids = [member.decode() for member in members]
        found = ringouts.load(self._redis, self._account, ids)
        if gone := [one for one in ids if one not in found]:
            self._commit([("ZREM", key, *gone)], now)
        return found

    def _followed(self) -> int:
        """Count the RingOuts that are live: they share the requests there are."""
        members = cast("list[bytes]", self._redis.zrange(keys.ringouts_due(self._account), 0, MOST_FOLLOWED - 1))
        found = ringouts.load(self._redis, self._account, [member.decode() for member in members])
        return sum(not one.is_over for one in found.values())

    def _wanted_cancelled(self, due: Mapping[str, RingOut]) -> set[str]:
        notes = self._redis.mget([keys.ringout_cancel(self._account, one) for one in due])
        return {one for one, note in zip(due, cast("list[bytes | None]", notes), strict=True) if note is not None}

    def _note_placing(self, due: Mapping[str, RingOut], before: Mapping[str, RingOut]) -> None:
        for one, ringout in before.items():
            if ringout.placing is Placing.UNCERTAIN and due[one].placing is not Placing.UNCERTAIN:
                log.warning("ringout.uncertain", account=self._account, ringout=one)

    def _ask(self, before: Mapping[str, RingOut], wanted_cancelled: set[str]) -> dict[str, Step]:
        """Ask RingCentral about all of them at the same time, keeping the lease for as long as that takes."""
        over = {one: Step(each) for one, each in before.items() if each.is_over and one not in wanted_cancelled}
        if len(over) == len(before):
            return over
        with ThreadPoolExecutor(REQUESTS, thread_name_prefix="ringout") as threads:
            asked: dict[str, Future[Step]] = {
                one: threads.submit(
                    self._steps.taken,
                    ringout,
                    now=redis_time(self._redis),
                    cancel=one in wanted_cancelled,
                    has_ended=self._has_ended(ringout),
                    longest=self._settings.silence_seconds,
                )
                for one, ringout in before.items()
                if one not in over
            }
            while wait(asked.values(), timeout=RENEW_SECONDS).not_done:
                self._commit([], redis_time(self._redis))
        return over | {one: answer.result() for one, answer in asked.items()}

    def _has_ended(self, ringout: RingOut) -> bool:
        """Say whether the notifications, or the call log, told of the end of its call."""
        if ringout.is_over or not ringout.session_ids:
            return False
        first = ringout.session_ids[0]
        tracked = ledger.tracked(self._redis, self._account, [first]).get(first)
        return tracked is not None and tracked.ended_at is not None

    def _changes(self, before: RingOut, after: RingOut, step: Step, *, now: float, followed: int) -> list[Command]:
        """Tell who watches what was found, and set when to look again; hand what is over to resolve."""
        commands: list[Command] = []
        if after.ring_out_id is not None and before.ring_out_id is None:
            commands.append(ringouts.remember_id(after, retention=self._settings.retention_seconds))
        if after.live != before.live or after.is_over != before.is_over:
            commands.append(self._live(after, now))
        if after.over_at != before.over_at:
            commands += self._handed_over(after, now)
        if after.linking.named != before.linking.named:
            commands += self._judged_anew({*after.linking.named, *before.linking.named}, now)
        when = next_time(after, step, now=now, followed=followed, deadline=self._settings.record_deadline_seconds)
        due = keys.ringouts_due(self._account)
        commands.append(("ZREM", due, after.id) if when is None else ("ZADD", due, f"{when:.3f}", after.id))
        return commands

    def _live(self, ringout: RingOut, now: float) -> Command:
        first = next(iter(ringout.session_ids), None)
        tracked = ledger.tracked(self._redis, self._account, [first]).get(first) if first else None
        words = msgspec.structs.asdict(ringout.live or Live())
        event = live_event(
            LiveRingOut(id=ringout.id, ring_out_id=ringout.ring_out_id, **words, over=ringout.over),
            number=len(ringout.seen) + ringout.is_over,
            telephony_session_id=first,
            session=tracked.session if tracked else None,
            now=moment_at(now),
        )
        return outcome_log.live(self._account, event)

    def _handed_over(self, ringout: RingOut, now: float) -> list[Command]:
        """Have the call log asked for the calls that began when this one did, whether notifications come or not."""
        times = [now + self._settings.settle_seconds, now + 4 * self._settings.settle_seconds]
        minutes = {
            command
            for began in (ringout.began_at, ringout.began_at + rereads.STARTS_SECONDS / 2)
            for command in rereads.scheduled(self._account, began, times)
        }
        return [*minutes, bells.due_at(Stage.RESOLVE, self._account, times[0])]

    def _judged_anew(self, sessions: set[str], now: float) -> list[Command]:
        """Have sessions judged again that were, before it was known whose they are."""
        known = ledger.resolutions(self._redis, self._account, sorted(sessions))
        published = [one for one, resolution in known.items() if resolution.revision]
        if not published:
            return []
        return [
            *(("ZADD", keys.due(self._account), "LT", f"{now:.3f}", one) for one in published),
            bells.due_at(Stage.RESOLVE, self._account, now),
        ]

    def _write(self, ringout: RingOut) -> Command:
        return ringouts.write(ringout, retention=self._settings.retention_seconds)

    def _commit(self, commands: list[Command], now: float) -> None:
        self._lease.commit([*commands, *bells.keep(Stage.RINGOUT, self._account, now)])

    def _due_in(self) -> float:
        """Say in how many seconds the next one is due."""
        first = cast(
            "list[tuple[bytes, float]]",
            self._redis.zrange(keys.ringouts_due(self._account), 0, 0, withscores=True),
        )
        return first[0][1] - redis_time(self._redis) if first else float("inf")

    def _tell(self, before: RingOut, step: Step) -> None:
        """Count and log what was committed."""
        after = step.ringout
        if after.placing is not before.placing:
            self._recorder.count(RINGOUTS, self._account, after.placing)
            log.info("ringout.placing", account=self._account, ringout=after.id, placing=after.placing)
        if after.live is not None and after.live != before.live:
            for word in ringout_status.unknown_words(after.live):
                self._recorder.count(UNKNOWN_WORDS, "ringoutStatus", word)
        if after.is_over and not before.is_over:
            log.info("ringout.over", account=self._account, ringout=after.id, why=after.over)
