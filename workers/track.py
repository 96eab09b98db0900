"""Track: fold what arrived in the inbox into sessions, see which calls are over, and say so.

One runner per account. A bell begins a shift; the runner stays as long as its account has news, so that a busy minute
costs a few jobs and not one per notification, and leaves as soon as it is quiet or another bell waits.
"""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import msgspec

from runtime import audience, bells, faults, keys, ledger, links, outcome_log
from runtime.bells import Stage
from runtime.clocks import as_seconds, stopwatch
from runtime.inbox import Entry
from runtime.leases import Command, Lease, lease
from runtime.ledger import Loaded, Tracked
from runtime.logs import log
from runtime.metrics import FAILURES
from telephony import events, linking, sessions
from telephony.linking import Link
from telephony.times import moment_at
from workers.dependencies import Dependencies, current
from workers.tracking import conversations, holding
from workers.tracking.changing import changes, leaving
from workers.tracking.conversations import Gathered
from workers.tracking.folding import (
    MOMENT_SECONDS,
    Arrival,
    fold,
    is_telephony,
    kept_aside,
    quarantined,
    reminded,
    taken,
)
from workers.turns import turn

BATCH: Final = 500
"""Bodies taken in one step."""

PAUSE_SECONDS: Final = 0.75
LINGER_SECONDS: Final = 1.0
"""How long a runner waits for more before it leaves; also how far ahead it waits for a call to end."""

SHIFT_SECONDS: Final = 20.0

MOST_REMEMBERED: Final = 2000
"""Open sessions that a runner keeps in mind between its steps."""

PUT_ASIDE_SECONDS: Final = 300.0
"""How long the end of a call waits that a later version of Legwork has written down."""


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    with turn(dependencies, Stage.TRACK, account):
        with tracking(dependencies.account(account).name, dependencies) as tracker:
            _shift(tracker, dependencies)
            faults.point("track.rested")
            is_over = tracker.rest()
        if not is_over:  # only now that the lease is free: whoever is rung finds it so
            bells.ring(dependencies.redis, Stage.TRACK, account)


@contextmanager
def tracking(account: str, dependencies: Dependencies) -> Iterator["Tracker"]:
    """Be the account's runner while the block runs. Raises LeaseHeld when somebody else is."""
    with lease(dependencies.redis, account, Stage.TRACK, reads=keys.inbox_cursor(account)) as held:
        yield Tracker(account, held, dependencies)


class News(msgspec.Struct):
    """What a step finds to do, and what it must know for that.

    `quiet` are the sessions that wait to end, with when; `over` those that were silent for so long that RingCentral was
    asked, and is done with them; `wait` is how long after its end a call is first looked for in the call log.
    """

    now: float
    entries: list[Entry]
    quiet: list[tuple[str, float]]
    others_wait: bool
    wait: float
    over: set[str]
    has_audience: bool


class Tally(msgspec.Struct):
    """What one step did: bodies read, and whether there are more, calls wait to end soon, and other bells wait."""

    read: int
    has_more: bool
    ends_soon: bool
    others_wait: bool


def _shift(tracker: "Tracker", dependencies: Dependencies) -> None:
    """Step until it is quiet, but no longer than a shift; nor past one step when others wait, or this process stops."""
    began = last_news = stopwatch()
    while True:
        tally = tracker.step()
        now = stopwatch()
        last_news = now if tally.read or tally.ends_soon else last_news
        if dependencies.stopping.is_set() or tally.others_wait or now - began > SHIFT_SECONDS:
            return
        if now - last_news > LINGER_SECONDS:
            return
        if not tally.has_more:
            dependencies.stopping.wait(PAUSE_SECONDS)


class Tracker:
    """One account's runner. Reads, decides and commits, one batch at a time.

    While it has the lease, which came with how far the inbox is tracked, nobody else writes sessions: so the open ones
    it has seen are remembered, not read again.
    """

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._quiet = timedelta(seconds=self._settings.quiet_seconds)
        self._gaps_tell = self._settings.gaps_tell(account)
        self._recorder = dependencies.recorder
        self._cursor = held.read or b"0-0"
        self._most = BATCH
        self._remembered: dict[str, Tracked] = {}

    def rest(self) -> bool:
        """Give the lease back and have the clock ring when the next call may end, or say False: the inbox has news."""
        return bells.rest(
            self._redis,
            Stage.TRACK,
            self._account,
            due=keys.quiet(self._account),
            read_to=(keys.inbox(self._account), self._cursor.decode()),
            held=self._lease,
        )

    def step(self) -> Tally:
        """Take the next batch all the way: read, fold, decide, commit."""
        news = self._read()
        now, (entries, arrivals) = news.now, taken(news.entries)
        has_more = len(news.entries) == self._most or len(entries) < len(news.entries)
        self._most = BATCH if len(entries) == len(news.entries) else min(BATCH, 2 * len(entries))
        # With more to read, nothing is known yet of the time after what was read: a call may have gone on in it.
        heard_to = min(entries[-1].arrived_at, now) if has_more else now
        ending = {session_id for session_id, due in news.quiet if due <= heard_to}
        touched = {item.telephony_session_id for _, item in arrivals if is_telephony(item)} | ending | news.over
        before, linked = self._known(sorted(filter(None, touched)), sorted(ending | news.over))
        if before.unreadable:
            arrivals = [(entry, kept_aside(item, before.unreadable)) for entry, item in arrivals]
        after = fold(self._account, before, arrivals, self._recorder, now=now)
        self._lease.keep()
        changed = [record for session_id, record in after.items() if record is not before.get(session_id)]
        commands = changes(self._account, before, changed, self._settings, now=now, has_audience=news.has_audience)
        new = self._links(arrivals)
        commands += links.found(self._account, new, now=now, retention=self._settings.retention_seconds)
        later = f"{now + PUT_ASIDE_SECONDS:.3f}"
        commands += [("ZADD", keys.quiet(self._account), later, one) for one in ending & before.unreadable]
        ours = sorted(ending - news.over - before.unreadable)
        over = [session_id for session_id in ours if self._has_ended(after.get(session_id), heard_to)]
        over += sorted(news.over - before.unreadable)
        gathered = self._gathered(after, over, new, linked)
        ended, told = self._endings(after, over, gathered, now, news.wait)
        commands += told
        if news.over:
            commands.append(("ZREM", keys.over(self._account), *sorted(news.over)))
        commands += reminded(self._account, arrivals, now)
        commands += quarantined(self._account, arrivals)
        if entries:
            self._cursor = entries[-1].id.encode()
            commands.append(("SET", keys.inbox_cursor(self._account), self._cursor))
        faults.point("track.folded")
        self._lease.commit([*commands, *bells.keep(Stage.TRACK, self._account, now)])
        self._remember([*changed, *ended])
        faults.point("track.committed")
        ends_soon = any(due - now < LINGER_SECONDS for _, due in news.quiet)
        return Tally(len(entries), has_more, ends_soon, news.others_wait)

    def _read(self) -> News:
        """Read what there is to do, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.xrange(keys.inbox(self._account), min=b"(" + self._cursor, max="+", count=self._most)
            pipeline.zrange(keys.quiet(self._account), 0, BATCH, withscores=True)
            pipeline.llen(bells.queue_key(Stage.TRACK))
            pipeline.get(keys.first_wait(self._account))
            pipeline.zrange(keys.over(self._account), 0, BATCH)
            audience.ask(pipeline)
            time, entries, quiet, others, wait, over, has_audience = pipeline.execute()
        return News(
            now=as_seconds(*time),
            entries=[Entry(entry_id.decode(), fields.get(b"body", b"")) for entry_id, fields in entries],
            quiet=[(member.decode(), float(score)) for member, score in quiet],
            others_wait=others > 0,
            wait=float(wait or self._settings.settle_seconds),
            over={member.decode() for member in over},
            has_audience=bool(has_audience),
        )

    def _known(self, ids: Sequence[str], ending: Sequence[str]) -> tuple[Loaded[Tracked], dict[str, frozenset[Link]]]:
        """Give what is known of these sessions, and the links of those that may end; in one round trip, if any."""
        asked = [one for one in ids if one not in self._remembered]
        names = [keys.session(self._account, one) for one in asked]
        blobs = ledger.fetched(self._redis, [*names, *(keys.links(self._account, one) for one in ending)])
        loaded = ledger.tracked_of(self._account, asked, blobs[: len(asked)])
        loaded |= {one: self._remembered[one] for one in ids if one in self._remembered}
        return loaded, links.read(ending, blobs[len(asked) :])

    def _remember(self, written: Iterable[Tracked]) -> None:
        """Keep in mind what was committed of the sessions that are open: of the others little more will be heard."""
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.clear()
        for record in written:
            if record.ended_at is None:
                self._remembered[record.session.id] = record
            else:
                self._remembered.pop(record.session.id, None)

    def _links(self, arrivals: Sequence[Arrival]) -> frozenset[Link]:
        """Find the links that were told of."""
        return frozenset(one for _, item in arrivals if is_telephony(item) for one in linking.of_notification(item))

    def _gathered(
        self,
        after: Mapping[str, Tracked],
        over: Sequence[str],
        new: frozenset[Link],
        linked: Mapping[str, frozenset[Link]],
    ) -> Gathered:
        """Gather the conversations of the calls that may be over: most have none."""
        known = [one for session_id in over for one in linked.get(session_id, ())]
        if any(one.first in over or one.then in over for one in new):
            known += new
        at_hand = ChainMap(dict(after), self._remembered)
        return conversations.gather(self._redis, self._account, known, loaded=over, tracked=at_hand)

    def _endings(
        self, after: Mapping[str, Tracked], over: Sequence[str], gathered: Gathered, now: float, wait: float
    ) -> tuple[list[Tracked], list[Command]]:
        """End the sessions whose quiet pause is over: publish that, and have the call log asked `wait` after them."""
        held, at_end, looks = holding.held(after, over, gathered), [], {}
        commands = holding.wait(self._account, held, now=now)
        gone = [session_id for session_id in over if session_id not in held]
        for session_id in gone:
            self._lease.keep()
            record = after.get(session_id)
            if record is None or record.ended_at is not None:
                continue
            heard_at = min(gathered.heard_at(record, now=now), now)
            ended = msgspec.structs.replace(record, heard_at=heard_at, ended_at=now)
            at_end.append(ended)
            looks[session_id] = max(now, heard_at + wait)
            commands += [
                ledger.write_tracked(self._account, ended, retention=self._settings.retention_seconds),
                *self._told(ended, gathered, now),
            ]
            log.info("call.ended", account=self._account, session=session_id)
        commands += leaving(self._account, gone, looks)
        ids = [one.session.id for one in at_end]
        return at_end, [*commands, *holding.ended(self._account, ids, gathered, self._settings, now=now)]

    def _told(self, ended: Tracked, gathered: Gathered, now: float) -> list[Command]:
        """Publish the end of a call; one of which that cannot be told, which should not be, keeps no other waiting."""
        try:
            event = events.ended(ended.session, place=gathered.place(ended.session.id), now=moment_at(now))
        except Exception as error:  # noqa: BLE001 - see above
            log.exception("call.end_not_told", account=self._account, session=ended.session.id)
            self._recorder.count(FAILURES, Stage.TRACK, type(error).__name__)
            return []
        retention = self._settings.retention_seconds
        return [outcome_log.published(self._account, event, retention=retention, session=ended.session)]

    def _has_ended(self, record: Tracked | None, now: float) -> bool:
        if record is None:  # its retention is over
            return True
        is_later = record.heard_at > now + MOMENT_SECONDS  # than now: before Redis's clock was put back
        return sessions.has_ended(
            record.session,
            heard_at=moment_at(0.0 if is_later else record.heard_at),
            now=moment_at(now),
            quiet=self._quiet,
            gaps_tell=self._gaps_tell,
        )
