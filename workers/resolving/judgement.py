"""Judge one call by what the call log says of it: publish, wait, give up, or leave it be.

Everything decided about a call becomes commands of one atomic step: its event, its record in the ledger, and when it is
looked at again. The same judgement serves calls that were due, that changed, that no notification told of, and that
somebody asked about: a replay or a backfill. What was committed is counted and logged by `workers.resolving.telling`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from redis import Redis
from redis.exceptions import RedisError
from rq.timeouts import BaseTimeoutException

from runtime import bells, keys, ledger, links, outcome_log
from runtime.bells import Stage
from runtime.leases import Command
from runtime.ledger import Resolution, State
from runtime.lifetimes import Keeping
from runtime.logs import log
from runtime.metrics import FAILURES, Recorder
from runtime.settings import Settings
from telephony import events, looks
from telephony.endings import unfound
from telephony.events import CallData, CallEvent, Trigger
from telephony.outcomes import derive
from telephony.ringout_link import is_of_ringout
from telephony.sessions import Session
from telephony.settled import was_still_on
from telephony.times import moment_at
from workers.resolving import casebook, rereads
from workers.resolving.cases import Case, Judged, News
from workers.ringout_evidence import Evidence

GRACE_SECONDS: Final = 30.0
"""A call no notification told of is taken up this long after it must have been settled; till then they may be late."""

GRACE_COMPARISONS: Final = 3
"""Where the log is compared every few seconds, so many comparisons are grace enough."""

PUT_ASIDE_SECONDS: Final = 300.0

_VOICE: Final = "Voice"
"""What RingCentral calls a record that is of no fax: notifications tell of those calls."""


class Judge:
    """Judges the calls of one account."""

    def __init__(self, account: str, redis: Redis, settings: Settings, recorder: Recorder) -> None:
        self._account = account
        self._redis = redis
        self._settings = settings
        self._recorder = recorder
        self._evidence = Evidence(redis, account)
        self._keeping = Keeping(redis, settings.retention_seconds)

    def judged(self, case: Case, *, now: float) -> Judged:
        """Judge `case`.

        One call must not keep all others waiting, whatever is wrong with it. So what the judgement of a call raises,
        which it never should, is told, and the call is put aside for a while.
        """
        try:
            steps = tuple(self._steps(case, now))
            news = next((step for step in steps if isinstance(step, News)), None)
            commands = tuple(self._publish(step, case) if isinstance(step, News) else step for step in steps)
            return Judged(commands, self._lag(case, now), self._took(case, now), news)
        except (RedisError, BaseTimeoutException):
            raise
        except Exception as error:  # noqa: BLE001 - see above
            log.exception("call.put_aside", account=self._account, session=case.telephony_session_id)
            self._recorder.count(FAILURES, Stage.RESOLVE, type(error).__name__)
            return Judged(tuple(self._look_again(case, now + PUT_ASIDE_SECONDS)))

    def entered(self, cases: Iterable[Case], *, now: float) -> list[Command]:
        """Give the commands that enter the calls whose records are seen for the first time in the lists of calls."""
        unseen = (case for case in cases if case.records and (case.by is not None or not case.seen))
        new = [case for case in unseen if case.resolution.record_seen_at is None]
        began = {case.telephony_session_id: case.recorded_start() or now for case in new}
        ringouts = {case.telephony_session_id for case in new if is_of_ringout(case.session, case.records)}
        return [
            *ledger.listed(self._account, began),
            *ledger.known(self._account, began),
            *ledger.ringout_sessions(self._account, {one: began[one] for one in sorted(ringouts)}),
        ]

    def _publish(self, news: News, case: Case) -> Command:
        tracked = case.tracked if case.by is None and news.event.data.revision == 1 else None
        session, retention = tracked.session if tracked else None, self._settings.retention_seconds
        return outcome_log.published(
            self._account, news.event, retention=retention, deliver=news.deliver, session=session
        )

    def _steps(self, case: Case, now: float) -> Iterator[Command | News]:
        is_erased = case.tracked is not None and case.tracked.erased
        if is_erased or case.unreadable:
            if is_erased or case.by is None:  # whoever asks about what we cannot read puts nothing off
                yield from self._look_again(case, None if is_erased else now + PUT_ASIDE_SECONDS)
            return
        case = self._completed(case)
        retention = self._settings.retention_seconds
        yield from links.found(self._account, case.new_links, now=now, retention=retention)
        yield from case.ringout.commands(self._account, now=now, retention=retention)
        if case.records != case.seen:
            yield ledger.write_records(self._account, case.telephony_session_id, case.records)
        yield from self._decided(case, now)

    def _decided(self, case: Case, now: float) -> Iterator[Command | News]:
        is_settled = case.is_settled
        if case.session is None:  # due, and nothing is left of it: the log is asked anew, unless its retention is over
            yield from self._look_again(case, None if case.asked or case.began is None else self._soon(now))
        elif is_settled and not case.has_ended and self._is_on_elsewhere(case, case.session):
            yield from self._look_again(case, None)  # track ends it when it is over there, and sets it due
        elif is_settled and (case.has_ended or self._is_forgotten(case, now)):
            yield from self._resolved(case, case.session, now)
        elif is_settled and self._is_too_old(case, now):
            yield from self._look_again(case, None)
        elif is_settled:  # its notifications may be late: look again when they would not be
            yield from self._look_again(case, max(now, self._forgotten_at(case, now)))
        elif not case.has_ended:
            yield from self._goes_on(case, now)
        elif case.asked:
            yield from self._waiting(case, case.session, now)

    def _goes_on(self, case: Case, now: float) -> Iterator[Command]:
        """Judge a call that is not over; track sets it due when it ends, and upkeep looks it up when it is silent."""
        if case.tracked is None and case.resolution.state is State.ENDED:  # nobody but the call log told of it
            yield ("ZADD", keys.open_sessions(self._account), "NX", f"{now:.3f}", case.telephony_session_id)
        if case.due is not None:
            yield from self._look_again(case, None if case.asked else self._soon(now))

    def _completed(self, case: Case) -> Case:
        """Give the case with the RingOut it belongs to, which may add another session to its conversation."""
        if not case.may_be_of_ringout:
            return case
        return casebook.with_ringout(self._redis, self._account, case, self._evidence)

    def _is_on_elsewhere(self, case: Case, session: Session) -> bool:
        """Say whether everybody has left the session, and the call is on in another: see `workers.tracking.holding`."""
        return session.is_left and case.gathered.is_on(session)

    def _soon(self, now: float) -> float:
        return now + self._settings.fetch_interval_seconds

    def _is_too_old(self, case: Case, now: float) -> bool:
        """Say whether a call is older than anything we keep, and nobody asked about it."""
        end = case.recorded_end()
        return case.by is None and end is not None and self._keeping.is_over(end, now=now)

    def _is_forgotten(self, case: Case, now: float) -> bool:
        """Say whether a call that the notifications did not end was over so long ago that they will not."""
        is_over = case.recorded_end() is not None and self._forgotten_at(case, now) <= now
        return is_over and not self._is_too_old(case, now)

    def _forgotten_at(self, case: Case, now: float) -> float:
        end = case.recorded_end()
        grace = min(GRACE_SECONDS, GRACE_COMPARISONS * self._settings.reconcile_seconds)
        return (now if end is None else end) + self._settings.quiet_seconds + self._settings.settle_seconds + grace

    def _resolved(self, case: Case, session: Session, now: float) -> Iterator[Command | News]:
        trigger = case.by or (Trigger.WEBHOOK if case.has_ended else Trigger.RECONCILE)
        seen = case.resolution.record_seen_at or now
        event = self._event(case, session, trigger, confirmed=True, seen=seen, now=now)
        found_by = case.resolution.trigger or trigger.value
        resolution = Resolution(State.RESOLVED, case.resolution.revision, case.resolution.digest, seen, found_by)
        yield from self._look_again(case, None)
        yield from self._published(case, event, resolution, now)
        ended_at = self._ended_at(case, now)
        if not case.has_ended:
            yield ("ZREM", keys.open_sessions(self._account), case.telephony_session_id)
            yield ("ZREM", keys.quiet(self._account), case.telephony_session_id)
        if case.tracked is None and trigger is Trigger.RECONCILE and event.data.type == _VOICE:
            began = f"{case.recorded_start() or now:.3f}"
            yield ("ZADD", keys.unheard(self._account), began, case.telephony_session_id)
        if case.resolution.record_seen_at is None:
            since = max(ended_at, min(case.recorded_at() or ended_at, now))  # the record may have come late
            times = [since + seconds for seconds in self._settings.reread_seconds if since + seconds > now]
            yield from rereads.scheduled(self._account, case.recorded_start() or ended_at, times)
            yield from (bells.due_at(Stage.RESOLVE, self._account, when) for when in times[:1])

    def _waiting(self, case: Case, session: Session, now: float) -> Iterator[Command | News]:
        """Judge a call whose record is not there or not final: wait, or at the deadline say so."""
        ended_at = self._ended_at(case, now)
        deadline = self._settings.record_deadline_seconds
        if case.resolution.state is State.RESOLVED:  # a final record that has become less so, or is gone: we know it
            yield from self._look_again(case, None)
            return
        if not looks.is_too_late(ended_at, now=now, deadline=deadline):
            interval = self._settings.fetch_interval_seconds
            yield from self._look_again(case, looks.next_look(ended_at, now=now, interval=interval))
            return
        if case.resolution.state is not State.UNRESOLVED or case.ringout.doubt:  # which may take back what was told
            event = self._given_up(case, session, now)
            resolution = msgspec.structs.replace(case.resolution, state=State.UNRESOLVED)
            yield from self._published(case, event, resolution, now)
        yield from self._look_again(case, looks.next_of(looks.LATE_LOOKS, since=ended_at + deadline, now=now))

    def _lag(self, case: Case, now: float) -> float | None:
        """Say how long a record that is seen for the first time took, by RingCentral's word for when it wrote it.

        A recording is written into a record that was there before, nobody knows since when. Taken for the record's own
        time it would have all calls be looked for as late, and then it would always be there. So such a record is taken
        to have been there a little before it was to be looked for: first looks come ever earlier, until one is in vain.
        """
        if case.by is not None or not (case.has_ended and _is_new(case)):
            return None
        written = case.recorded_at() or now
        if case.due is not None and any(record.recording for record in case.records):
            written = min(written, case.due) - looks.LEAST_SPREAD
        return max(0.0, min(written, now) - self._ended_at(case, now))

    def _took(self, case: Case, now: float) -> float | None:
        """Say how long a call whose record is seen for the first time waited; nobody waits for history."""
        if case.by is not None or not (_is_new(case) and (case.has_ended or self._is_forgotten(case, now))):
            return None
        return now - self._ended_at(case, now)

    def _ended_at(self, case: Case, now: float) -> float:
        """Say when the call was over: when its last notification came, else what its records say. Seconds."""
        if case.has_ended and case.tracked is not None:
            return case.tracked.heard_at
        return case.recorded_end() or now

    def _given_up(self, case: Case, session: Session, now: float) -> CallEvent:
        seen = None if all(map(was_still_on, case.records)) else now
        return self._event(case, session, Trigger.WEBHOOK, confirmed=False, seen=seen, now=now)

    def _event(
        self, case: Case, session: Session, trigger: Trigger, *, confirmed: bool, seen: float | None, now: float
    ) -> CallEvent:
        """Make the next revision; `seen` is when a record was seen that was written after the call, None for never."""
        if seen is None:
            outcome = unfound(session)
        else:
            outcome = derive(case.records, origin=session.origin, is_second=case.ringout.is_second)
        outcome = case.ringout.told(outcome)
        if case.ringout.followed is not None:
            trigger = case.by or Trigger.RINGOUT
        return events.call_event(
            session,
            outcome,
            revision=case.resolution.revision + 1,
            confirmed=confirmed,
            trigger=trigger,
            record_seen=None if seen is None else moment_at(seen),
            place=case.gathered.place(session.id),
            now=moment_at(now),
        )

    def _published(self, case: Case, event: CallEvent, resolution: Resolution, now: float) -> Iterator[Command | News]:
        """Publish `event` if it says anything new, and write down what is known now."""
        digest = events.digest(event.data)
        is_news, before = digest != case.resolution.digest, None
        if case.resolution.revision and (is_news or case.ringout.doubt):
            before = self._published_before(case)
        taken_back = ("trigger",) if case.ringout.takes_back(before) else ()
        if not is_news and not taken_back:
            if resolution != case.resolution:
                yield self._write(case, resolution)
            return
        resolution = msgspec.structs.replace(resolution, revision=event.data.revision, digest=digest)
        if before is not None:
            if not (case.listed or set(before.record_ids) <= set(event.data.record_ids)):
                since = min(case.due or now, now)  # a feed showed some of its records only: it waits for all of them
                yield from self._look_again(msgspec.structs.replace(case, due=None), since)
                return
            event = events.with_changes(event, before, taken_back)
        yield self._write(case, resolution)
        yield News(event, before, case.records, case.deliver)

    def _published_before(self, case: Case) -> CallData | None:
        """Give what was published last; most often it was read with that of others."""
        if case.published is not None:
            return events.decode(case.published.document).data
        return outcome_log.newest(self._redis, self._account, case.telephony_session_id)

    def _look_again(self, case: Case, when: float | None) -> Iterator[Command]:
        """Set when the call is looked at next, None for never, unless track has set it due anew meanwhile."""
        due = keys.due(self._account)
        if case.due is not None:
            new = "" if when is None else f"{when:.3f}"
            yield ("MOVE", due, case.telephony_session_id, repr(case.due), new)
        elif when is not None:
            yield ("ZADD", due, "NX", f"{when:.3f}", case.telephony_session_id)
        if when is not None:
            yield bells.due_at(Stage.RESOLVE, self._account, when)

    def _write(self, case: Case, resolution: Resolution) -> Command:
        return ledger.write_resolution(
            self._account, case.telephony_session_id, resolution, retention=self._settings.retention_seconds
        )


def _is_new(case: Case) -> bool:
    """Say whether the call's record is final, and was not when it was seen before."""
    return case.resolution.record_seen_at is None and case.is_settled
