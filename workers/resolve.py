"""Resolve: ask the call log about the calls that are due, derive their outcomes, and publish what is new.

One runner per account, one sweep a shift. A sweep brings more than it was sent for: records of calls that are not due
yet, that have changed since, or that no notification ever told of. All of them are judged by the same rules.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from runtime import bells, keys, ledger
from runtime.bells import Stage
from runtime.budget import Share
from runtime.clocks import redis_time
from runtime.leases import Command, Lease, LeaseHeld, LeaseLost, lease
from runtime.ledger import Resolution, Tracked
from runtime.logs import log
from runtime.metrics import FAILURES, MALFORMED_RECORDS
from telephony.fetch_plan import Request, Wanted, Window, plan
from telephony.records import CallLogRecord
from telephony.sessions import Session
from workers import reconcile
from workers.dependencies import Dependencies, current
from workers.judgement import Case, Judge
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import RateLimited, RingCentralError
from workers.sweep import Sweep, sweep

MOST_DUE: Final = 2000
"""Calls looked after in one sweep."""

MOST_REQUESTS: Final = 4
"""Requests planned for one sweep; the budget may stop it earlier."""

TOGETHER: Final = 200
"""Calls judged in one atomic step."""

_PARKED_SECONDS: Final = 60.0
_ACCOUNT_IN_URI: Final = re.compile(r"/account/(\d+)/")


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    try:
        with lease(dependencies.redis, dependencies.account(account).name, Stage.RESOLVE) as held:
            Resolver(account, held, dependencies).run()
    except LeaseHeld:
        return
    except LeaseLost:
        log.warning("resolve.overtaken", account=account)


class Resolver:
    """One account's runner: asks once, judges what came, and sets the next time."""

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder = dependencies.recorder
        self._judge = Judge(account, self._redis, dependencies.settings, dependencies.recorder)
        self._call_log = CallLog(dependencies.ringcentral(dependencies.account(account)))

    def run(self) -> None:
        """Make one sweep, unless the last one was too short a time ago, and have the clock ring for the next."""
        now = redis_time(self._redis)
        swept = float(cast("bytes | None", self._redis.get(keys.swept(self._account))) or 0)
        not_before = swept + self._settings.fetch_interval_seconds
        if now >= not_before:
            not_before = self._sweep(now)
        next_reconcile = reconcile.next_time(self._redis, self._account, self._settings)
        bells.rest(self._redis, Stage.RESOLVE, self._account, due=keys.due(self._account), not_before=not_before)
        bells.ring_at(self._redis, Stage.RESOLVE, self._account, max(not_before, next_reconcile))

    def _sweep(self, now: float) -> float:
        """Ask and judge; give the earliest time of the next sweep."""
        due = self._due(now)
        tracked = ledger.tracked(self._redis, self._account, list(due))
        wanted = [_wanted(one, record) for one, record in tracked.items() if record.ended_at is not None]
        window = reconcile.window(self._redis, self._account, self._settings, now=now)
        requests: list[tuple[Request, Share]] = [(one, Share.LIVE) for one in plan(wanted, most=MOST_REQUESTS)]
        if window is not None:
            requests.append((window, Share.BACKFILL))
        self._lease.commit(bells.keep(Stage.RESOLVE, self._account, now))
        if not requests:
            self._lease.commit(list(self._judged(self._cases(due, tracked, Sweep()), now)))
            return now
        found = self._ask(requests, tracked)
        self._commit(self._cases(due, tracked, found), window if window in found.answered else None)
        return self._after(found, now)

    def _due(self, now: float) -> dict[str, float]:
        rows = self._redis.zrange(
            keys.due(self._account), "-inf", now, byscore=True, offset=0, num=MOST_DUE, withscores=True
        )
        return {member.decode(): float(score) for member, score in cast("list[tuple[bytes, float]]", rows)}

    def _ask(self, requests: Sequence[tuple[Request, Share]], tracked: Mapping[str, Tracked]) -> Sweep:
        by_session_id = {r.session.session_id: one for one, r in tracked.items() if r.session.session_id}
        found = Sweep()
        for _ in sweep(self._call_log, requests, sessions=by_session_id, into=found):
            self._lease.commit(bells.keep(Stage.RESOLVE, self._account, redis_time(self._redis)))
        if found.malformed:
            self._recorder.count(MALFORMED_RECORDS, self._account, by=found.malformed)
        return found

    def _cases(self, due: Mapping[str, float], tracked: Mapping[str, Tracked], found: Sweep) -> list[Case]:
        """Put together all that is known of every call that was due or that a record was found of."""
        others = [one for one in found.records if one not in due]
        known = {**tracked, **ledger.tracked(self._redis, self._account, others)}
        resolutions = ledger.resolutions(self._redis, self._account, [*due, *others])
        return [
            Case(
                telephony_session_id=one,
                due=due.get(one),
                tracked=known.get(one),
                session=_session(one, known.get(one), found.records.get(one, ())),
                records=tuple(found.records.get(one, ())),
                resolution=resolutions.get(one, Resolution()),
                asked=one in known and found.has_asked_about(one, _started_at(known[one])),
            )
            for one in [*due, *others]
        ]

    def _commit(self, cases: Sequence[Case], reconciled: Window | None) -> None:
        for start in range(0, len(cases), TOGETHER):
            now = redis_time(self._redis)
            commands = list(self._judged(cases[start : start + TOGETHER], now))
            self._lease.commit([*commands, *bells.keep(Stage.RESOLVE, self._account, now)])
        if reconciled is not None:
            self._lease.commit([reconcile.done(self._account, reconciled)])

    def _judged(self, cases: Sequence[Case], now: float) -> Iterator[Command]:
        for case in cases:
            yield from self._judge.judged(case, now=now)

    def _after(self, found: Sweep, began: float) -> float:
        """Note when this sweep was, and say when the next may be."""
        self._redis.set(keys.swept(self._account), f"{began:.3f}")
        error = found.stopped_by
        if error is None:
            return began + self._settings.fetch_interval_seconds
        if not isinstance(error, RateLimited):
            self._recorder.count(FAILURES, Stage.RESOLVE, type(error).__name__)
            log.warning("call_log.not_asked", account=self._account, error=type(error).__name__, codes=error.codes)
        return redis_time(self._redis) + _pause(error)


def _pause(error: RingCentralError) -> float:
    return float(getattr(error, "retry_after", None) or _PARKED_SECONDS)


def _wanted(telephony_session_id: str, record: Tracked) -> Wanted:
    return Wanted(telephony_session_id, _started_at(record))


def _started_at(record: Tracked) -> datetime:
    return record.session.started_at or datetime.fromtimestamp(record.heard_at, UTC)


def _session(one: str, tracked: Tracked | None, records: Sequence[CallLogRecord]) -> Session | None:
    """Give the session the notifications told of, else what can be said of it from its records."""
    if tracked is not None or not records:
        return tracked.session if tracked is not None else None
    uris = (_ACCOUNT_IN_URI.search(record.uri or "") for record in records)
    return Session(
        id=one,
        account_id=next((found.group(1) for found in uris if found), None),
        session_id=next((record.session_id for record in records if record.session_id), None),
    )
