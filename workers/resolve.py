"""Resolve: ask the call log about the calls that are due, derive their outcomes, and publish what is new.

One runner per account, one sweep a shift. A sweep brings more than it was sent for: records of calls that are not due
yet, that have changed since, or that no notification ever told of. All of them are judged by the same rules.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from runtime import bells, faults, keys, ledger, links
from runtime.asking import Asking, write
from runtime.bells import Stage
from runtime.budget import Group, Share
from runtime.clocks import redis_time
from runtime.leases import Lease, lease
from runtime.ledger import Loaded, Resolution, Tracked
from runtime.metrics import MALFORMED_RECORDS
from runtime.settings import Scope
from telephony.fetch_plan import Lane, Request, Wanted, Window, plan
from telephony.records import newest_of_each
from telephony.times import moment_at
from workers.dependencies import Dependencies, current
from workers.resolving import agenda, reconcile, rereads, unanswered, unheard
from workers.resolving.agenda import Agenda
from workers.resolving.casebook import is_listed, session_of, with_what_they_need
from workers.resolving.cases import TOGETHER, Case
from workers.resolving.comparing import Comparing
from workers.resolving.judgement import Judge
from workers.resolving.older_ids import OlderIds, joins
from workers.resolving.pacing import Pace
from workers.resolving.patience import take_patiently
from workers.resolving.relinking import relink
from workers.resolving.sweep import Sweep, Sweeper
from workers.resolving.telling import tell
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.feeds import CallLogFeed
from workers.turns import turn

MOST_DUE: Final = 2000
"""Calls looked after in one sweep."""

MOST_REQUESTS: Final = 4
"""Requests planned for one sweep; the budget may stop it earlier."""


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    redis, name = dependencies.redis, dependencies.account(account).name
    with turn(dependencies, Stage.RESOLVE, account), lease(redis, name, Stage.RESOLVE) as held:
        resolver = Resolver(account, held, dependencies)
        resolver.run()
        resolver.rest()


class Resolver:
    """One account's runner: asks once, judges what came, and sets the next time."""

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder, self._stopping = dependencies.recorder, dependencies.stopping
        self._judge = Judge(account, self._redis, dependencies.settings, dependencies.recorder)
        self._company = dependencies.account(account).scope is Scope.ACCOUNT
        self._may_ask = dependencies.account(account).credentials is not None
        client = dependencies.ringcentral(dependencies.account(account))
        self._call_log, self._feed = CallLog(client), CallLogFeed(client)
        self._budget = dependencies.budget(account)
        self._pace = Pace(account, self._redis, self._settings, self._budget, self._recorder)
        self._asking, self._began, self._not_before = Asking(), 0.0, 0.0

    def run(self) -> None:
        """Make one sweep, unless the last one was too short a time ago."""
        waiting = agenda.read(self._redis, self._account)
        now = self._began = waiting.now
        if waiting.relinks:
            retention = self._settings.retention_seconds
            relink(self._redis, self._account, self._lease, self._recorder, now=now, retention=retention)
        self._asking = self._position(waiting.asking, now)
        self._not_before = self._pace.not_before(self._asking, now)
        if now >= self._not_before:
            self._asking, self._not_before = self._sweep(self._asking, waiting)

    def rest(self) -> None:
        """End the shift, give the lease back and set the next bell in one step, so that no kill leaves it too late.

        Whatever came up just before had its bell put off by that; so the bell is set once more.
        """
        redis, account, latest = self._redis, self._account, self._next_time()
        due, not_before = keys.due(account), self._not_before
        bells.rest(redis, Stage.RESOLVE, account, due=due, not_before=not_before, at_latest=latest, held=self._lease)
        if (again := self._next_time()) < latest:
            bells.ring_at(redis, Stage.RESOLVE, account, again)

    def _next_time(self) -> float:
        """Say when there is something to do, but for calls that wait."""
        waiting = agenda.read(self._redis, self._account)
        asking, now = self._asking, self._began
        past_from = max(now, asking.past_from)
        compare = reconcile.next_time(asking, self._settings, now=now)
        times = [
            max(compare, past_from) if self._compares_windows(asking, now) else compare,
            waiting.reread_at,
            past_from if waiting.comparison else None,
        ]
        other = max(self._not_before, min(time for time in times if time is not None))
        return other if waiting.relinked_at is None else min(other, waiting.relinked_at + links.PAUSE_SECONDS)

    def _compares_windows(self, asking: Asking, now: float) -> bool:
        """Say whether the log is compared by windows of the list: a feed does it by itself, but for a gap before it."""
        return asking.lane(company=self._company, now=now) is Lane.LIST or asking.has_gap

    def _position(self, asking: Asking, now: float) -> Asking:
        """Say how far was asked; the very first time, store where that begins before anything can go wrong."""
        begun = reconcile.begun(asking.as_of(now), self._settings, now=now)
        if begun is not asking:
            self._lease.commit(write(self._account, begun, settle=self._settings.settle_seconds))
        return begun

    def _sweep(self, asking: Asking, waiting: Agenda) -> tuple[Asking, float]:
        """Ask and judge, if there is a reason to; give the new position and the earliest time of the next sweep."""
        now = waiting.now
        due, tracked = self._due(now)
        if not due and (first := self._pace.due_soon(now)) is not None:
            return asking, first  # what else there is can wait for that sweep, which would have to wait for this one
        again = rereads.due(self._redis, self._account, now) if waiting.rereads else {}
        wanted = (
            _wanted(tracked, due, now)
            | unheard.silent(self._redis, self._account, tracked, due, now=now)
            | unheard.whole(self._redis, self._account, tracked, due, now=now)
        )
        comparing = Comparing(self._account, waiting.comparison)
        requests, compared = self._plan(asking, [*wanted.values(), *rereads.wanted(again.values())], comparing, now)
        if not requests:
            found = Sweep(asking)
            self._judge_all(due, tracked, wanted, found, comparing)
            if found.asking != asking:
                self._lease.commit(write(self._account, found.asking, settle=self._settings.settle_seconds))
            return found.asking, now
        found = self._ask(requests, unheard.had_its_turn(asking, requests, wanted, now), tracked, now)
        self._judge_all(due, tracked, wanted, found, comparing)
        before, asking = asking, reconcile.after(found, compared) if compared else found.asking
        asking = asking.swept(now, is_answered=found.is_answered) if self._may_ask else asking
        not_before = self._pace.after(found, now)
        later = unanswered.put_off(self._account, due, wanted, found, self._settings, now=now)
        position = write(self._account, asking, settle=self._settings.settle_seconds)
        moved = comparing.moved(found, compared, reconcile.again(before, asking, self._settings, now=now), now)
        self._lease.commit([*position, *moved, *later, *rereads.done(self._account, again, found, now)])
        faults.point("resolve.swept")
        return asking, not_before

    def _due(self, now: float) -> tuple[dict[str, float], Loaded[Tracked]]:
        """Load what is due, and what the notifications told of it."""
        due = self._places(now)
        tracked = ledger.tracked(self._redis, self._account, list(due))
        untold = [one for one in due if one not in tracked]
        if commands := joins(self._redis, self._account, untold, now=now):
            self._lease.commit(commands)
            due = self._places(now)
            tracked = ledger.tracked(self._redis, self._account, list(due))
        return due, tracked

    def _places(self, now: float) -> dict[str, float]:
        rows = self._redis.zrange(
            keys.due(self._account), "-inf", now, byscore=True, offset=0, num=MOST_DUE, withscores=True
        )
        return {member.decode(): float(score) for member, score in cast("list[tuple[bytes, float]]", rows)}

    def _plan(
        self, asking: Asking, wanted: Sequence[Wanted], comparing: Comparing, now: float
    ) -> tuple[list[tuple[Request, Share]], Window | None]:
        """Decide what to ask: about calls that are due, those to look at again, and what nobody told us of.

        The past comes first, because it takes only what the budget has to spare, or its turn after a while; and of the
        past what nobody has compared yet, for a long comparison would leave it no turn.
        """
        rests, by_windows = now < asking.past_from, self._compares_windows(asking, now)
        compare = reconcile.is_due(asking, self._settings, now=now) and not (rests and by_windows)
        asked = None if rests else comparing.window(asking, now=now)
        past = [(asked, comparing.share)] if asked is not None else []
        if not (wanted or compare):
            return [*past], None
        in_turn_with_feed = asking.gives_turns(now=now) and any(not one.again for one in wanted)
        lane = Lane.LIST if in_turn_with_feed else asking.lane(company=self._company, now=now)
        most = max(1, min(MOST_REQUESTS, int(self._budget.left(Group.HEAVY).tokens)))
        shown_since = asking.shown_since if lane is asking.token_lane else None
        in_turn = unheard.is_in_turn(asking, now)
        density = asking.density_for(Share.LIVE, now=now)
        planned = plan(wanted, lane=lane, most=most, density=density, shown_since=shown_since, in_turn=in_turn)
        live = [(request, Share.LIVE) for request in planned]
        if not (compare and by_windows):
            return [*past, *live], None
        window = reconcile.window(asking, self._settings, now=now)
        return [(window, Share.BACKFILL), *past, *live], window

    def _ask(
        self, requests: Sequence[tuple[Request, Share]], asking: Asking, tracked: Mapping[str, Tracked], now: float
    ) -> Sweep:
        older_ids = OlderIds(self._redis, self._account, tracked)
        sweeper = Sweeper(self._call_log, self._feed, asking, older_ids.session_of)
        since = reconcile.since(asking, self._settings, now=now)
        self._lease.commit(bells.keep(Stage.RESOLVE, self._account, now))
        faults.point("resolve.asking")
        take_patiently(sweeper.carry_out(requests, since=since, now=now), self._keep, self._stopping)
        if remember := older_ids.remember(retention=self._settings.retention_seconds):
            self._lease.commit(remember)
        if sweeper.found.malformed:
            self._recorder.count(MALFORMED_RECORDS, self._account, by=sweeper.found.malformed)
        faults.point("resolve.asked")
        return sweeper.found

    def _keep(self) -> None:
        self._lease.commit(bells.keep(Stage.RESOLVE, self._account, redis_time(self._redis)))

    def _judge_all(
        self,
        due: Mapping[str, float],
        tracked: Loaded[Tracked],
        wanted: Mapping[str, Wanted],
        found: Sweep,
        comparing: Comparing,
    ) -> None:
        """Judge every call that was due or that a record was found of, some at a time in one atomic step.

        What is known of them is read just before, for track goes on meanwhile, and a large sweep takes seconds; but for
        the sessions of those that were due, which were read to plan what to ask.
        """
        ids = [*due, *(one for one in found.records if one not in due)]
        lags: list[float] = []
        for start in range(0, len(ids), TOGETHER):
            together = self._cases(ids[start : start + TOGETHER], due, tracked, wanted, found)
            now = redis_time(self._redis)
            judged = [self._judge.judged(case, now=now) for case in together]
            commands = dict.fromkeys(command for one in judged for command in one.commands)
            entered = [*self._judge.entered(together, now=now), *comparing.tallied(together, judged)]
            faults.point("resolve.judged")
            self._lease.commit([*commands, *entered, *bells.keep(Stage.RESOLVE, self._account, now)])
            faults.point("resolve.published")
            tell(self._account, judged, self._recorder)
            lags += [one.lag for one in judged if one.lag is not None]
        if lags:
            found.asking = found.asking.with_lags(tuple(lags))

    def _cases(
        self,
        ids: Sequence[str],
        due: Mapping[str, float],
        tracked: Loaded[Tracked],
        wanted: Mapping[str, Wanted],
        found: Sweep,
    ) -> list[Case]:
        """Put together all that is known of these calls."""
        others = [one for one in ids if one not in due]
        more, resolutions, seen = ledger.all_of(self._redis, self._account, ids, told=others)
        known = {**{one: tracked[one] for one in ids if one in tracked}, **more}
        records = {one: newest_of_each((*seen.get(one, ()), *found.records.get(one, ()))) for one in ids}
        unreadable = tracked.unreadable | more.unreadable | resolutions.unreadable | seen.unreadable
        starts = {one: wanted[one].started_at for one in ids if one in wanted}
        scores = self._redis.zmscore(keys.due(self._account), others) if others else []
        places: dict[str, float | None] = dict(zip(others, scores, strict=True))
        cases = [
            Case(
                telephony_session_id=one,
                due=due.get(one, places.get(one)),
                tracked=known.get(one),
                session=session_of(one, known.get(one), records[one]),
                records=records[one],
                seen=seen.get(one, ()),
                resolution=resolutions.get(one, Resolution()),
                asked=one in wanted and self._was_asked(wanted[one], found),
                began=wanted[one].started_at.timestamp() if one in wanted else None,
                listed=is_listed(found, one, known.get(one), records[one], began=starts.get(one)),
                unreadable=one in unreadable,
            )
            for one in ids
        ]
        return with_what_they_need(self._redis, self._account, cases)

    def _was_asked(self, call: Wanted, found: Sweep) -> bool:
        return found.has_asked_about(call) or unanswered.is_over(call, found, self._settings)


def _wanted(tracked: Mapping[str, Tracked], due: Mapping[str, float], now: float) -> dict[str, Wanted]:
    """Say what is wanted of the calls that are due and over."""
    return {
        one: Wanted(
            one,
            moment_at(record.began_at),
            ended_at=moment_at(record.heard_at),
            waiting=max(0.0, now - record.heard_at),
            due_for=max(0.0, now - due[one]),
        )
        for one, record in tracked.items()
        if record.ended_at is not None
    }
