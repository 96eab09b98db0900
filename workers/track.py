"""Track: fold what arrived in the inbox into sessions, see which calls are over, and say so.

One runner per account. A bell begins a shift; the runner stays as long as its account has news, so that a busy minute
costs a few jobs and not one per notification, and leaves as soon as it is quiet or another bell waits.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import msgspec

from runtime import bells, call_index, faults, keys, ledger, links, outcome_log
from runtime.bells import Stage
from runtime.clocks import as_seconds, stopwatch
from runtime.inbox import Entry
from runtime.leases import Command, Lease, LeaseHeld, LeaseLost, lease
from runtime.ledger import Loaded, Tracked
from runtime.logs import log
from runtime.metrics import TAKEN_OVER
from telephony import endings, events, linking, sessions
from telephony.linking import Link
from telephony.live_events import updated
from telephony.notifications import read
from workers import conversations, holding
from workers.conversations import Gathered
from workers.dependencies import Dependencies, current
from workers.folding import Arrival, fold, is_telephony, kept_aside, quarantined, reminded

BATCH: Final = 500
"""Notifications folded in one step."""

PAUSE_SECONDS: Final = 0.75
LINGER_SECONDS: Final = 1.0
"""How long a runner waits for more before it leaves; also how far ahead it waits for a call to end."""

NOTED_SECONDS: Final = 30
"""How exactly the list of open sessions says when each was last heard of."""

SHIFT_SECONDS: Final = 20.0

MOST_REMEMBERED: Final = 2000
"""Open sessions that a runner keeps in mind between its steps."""

PUT_ASIDE_SECONDS: Final = 300.0
"""How long the end of a call waits that a later version of Legwork has written down."""


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    try:
        with lease(dependencies.redis, dependencies.account(account).name, Stage.TRACK) as held:
            tracker = Tracker(account, held, dependencies)
            _shift(tracker, dependencies)
            faults.point("track.rested")
    except LeaseHeld:
        return
    except LeaseLost:
        log.warning("track.overtaken", account=account)
        dependencies.recorder.count(TAKEN_OVER, Stage.TRACK)
        return
    if not tracker.rest():  # only now that the lease is free: whoever is rung finds it so
        bells.ring(dependencies.redis, Stage.TRACK, account)


class Tally(msgspec.Struct):
    """What one step did: entries read, whether calls wait to end soon, whether other bells wait."""

    read: int
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
        if tally.read < BATCH:
            dependencies.stopping.wait(PAUSE_SECONDS)


class Tracker:
    """One account's runner. Reads, decides and commits, one batch at a time.

    While it has the lease nobody else writes sessions, so the open ones it has seen are remembered, not read again.
    """

    def __init__(self, account: str, held: Lease, dependencies: Dependencies) -> None:
        self._account = account
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder = dependencies.recorder
        self._cursor = cast("bytes | None", self._redis.get(keys.inbox_cursor(account))) or b"0-0"
        self._remembered: dict[str, Tracked] = {}
        self._written: dict[str, Tracked] = {}

    def rest(self) -> bool:
        """Have the clock ring when the next call may end, or say False because the inbox has news."""
        return bells.rest(
            self._redis,
            Stage.TRACK,
            self._account,
            due=keys.quiet(self._account),
            log=keys.inbox(self._account),
            cursor=self._cursor.decode(),
        )

    def step(self) -> Tally:
        """Take the next batch all the way: read, fold, decide, commit."""
        now, entries, quiet, others, wait, found_over = self._read()
        arrivals = [(entry, item) for entry in entries for item in read(entry.body)]
        # With more to read, nothing is known yet of the time after what was read: a call may have gone on in it.
        heard_to = now if len(entries) < BATCH else entries[-1].arrived_at
        ending = {session_id for session_id, due in quiet if due <= heard_to}
        touched = {item.telephony_session_id for _, item in arrivals if is_telephony(item)} | ending | found_over
        before = self._known(sorted(filter(None, touched)))
        if before.unreadable:
            arrivals = [(entry, kept_aside(item, before.unreadable)) for entry, item in arrivals]
        after = fold(self._account, before, arrivals, self._recorder)
        commands = self._changes(before, after, now)
        new = self._links(arrivals)
        commands += links.found(self._account, new, now=now, retention=self._settings.retention_seconds)
        later = f"{now + PUT_ASIDE_SECONDS:.3f}"
        commands += [("ZADD", keys.quiet(self._account), later, one) for one in ending & before.unreadable]
        ours = sorted(ending - found_over - before.unreadable)
        over = [session_id for session_id in ours if self._has_ended(after.get(session_id), heard_to)]
        over += sorted(found_over - before.unreadable)
        commands += self._endings(after, over, self._gathered(after, over, new), now, wait)
        if found_over:
            commands.append(("ZREM", keys.over(self._account), *sorted(found_over)))
        commands += reminded(self._account, arrivals, now)
        commands += quarantined(self._account, arrivals)
        if entries:
            self._cursor = entries[-1].id.encode()
            commands.append(("SET", keys.inbox_cursor(self._account), self._cursor))
        faults.point("track.folded")
        self._lease.commit([*commands, *bells.keep(Stage.TRACK, self._account, now)])
        self._remember()
        faults.point("track.committed")
        return Tally(len(entries), any(due - now < LINGER_SECONDS for _, due in quiet), others > 0)

    def _read(self) -> tuple[float, list[Entry], list[tuple[str, float]], int, float, set[str]]:
        """Read in one round trip.

        Gives the time, the next entries, what waits to end, the other bells, the first wait, and the sessions that were
        silent for so long that RingCentral was asked, and is done with them.
        """
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.xrange(keys.inbox(self._account), min=b"(" + self._cursor, max="+", count=BATCH)
            pipeline.zrange(keys.quiet(self._account), 0, BATCH, withscores=True)
            pipeline.llen(f"rq:queue:{bells.queue_name(Stage.TRACK)}")
            pipeline.get(keys.first_wait(self._account))
            pipeline.zrange(keys.over(self._account), 0, BATCH)
            time, entries, quiet, others, wait, over = pipeline.execute()
        return (
            as_seconds(*time),
            [Entry(entry_id.decode(), fields.get(b"body", b"")) for entry_id, fields in entries],
            [(member.decode(), float(score)) for member, score in quiet],
            others,
            float(wait or self._settings.settle_seconds),
            {member.decode() for member in over},
        )

    def _known(self, ids: Sequence[str]) -> Loaded[Tracked]:
        """Give what is known of these sessions."""
        loaded = ledger.tracked(self._redis, self._account, [one for one in ids if one not in self._remembered])
        loaded |= {one: self._remembered[one] for one in ids if one in self._remembered}
        return loaded

    def _remember(self) -> None:
        """Keep in mind what was committed of the sessions that are open: of the others little more will be heard."""
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.clear()
        for session_id, record in self._written.items():
            if record.ended_at is None:
                self._remembered[session_id] = record
            else:
                self._remembered.pop(session_id, None)
        self._written.clear()

    def _changes(self, before: Mapping[str, Tracked], after: Mapping[str, Tracked], now: float) -> list[Command]:
        """Store what changed, tell who watches, and set when it may be taken as ended."""
        commands: list[Command] = []
        for session_id, record in after.items():
            if record is before.get(session_id):
                continue
            commands.append(self._write(record))
            commands.append(outcome_log.live(self._account, updated(record.session, now=_time(now))))
            known = before.get(session_id)
            commands += self._indexed(record, known)
            if known and known.ended_at is not None and known.session.started_at != record.session.started_at:
                commands += links.changed(self._account, session_id, now=now)
            pause = self._pause(record)
            if record.ended_at is None and not _is_noted_open(known, record):
                commands.append(("ZADD", keys.open_sessions(self._account), f"{record.heard_at:.3f}", session_id))
            if pause is None and known is not None and self._pause(known) is not None:
                commands.append(("ZREM", keys.quiet(self._account), session_id))
            elif pause is not None and record.ended_at is None:
                due = record.heard_at + pause.total_seconds()
                commands.append(("ZADD", keys.quiet(self._account), f"{due:.3f}", session_id))
        return commands

    def _links(self, arrivals: Sequence[Arrival]) -> frozenset[Link]:
        """Find the links that were told of."""
        telling = (item for _, item in arrivals if is_telephony(item) and any(party.peer for party in item.parties))
        return frozenset(one for item in telling for one in linking.of_notification(item))

    def _gathered(self, after: Mapping[str, Tracked], over: Sequence[str], new: frozenset[Link]) -> Gathered:
        """Gather the conversations of the calls that may be over: most have none."""
        linked = links.load(self._redis, self._account, over)
        known = [one for session_id in over for one in linked.get(session_id, ())]
        if any(one.first in over or one.then in over for one in new):
            known += new
        return conversations.gather(self._redis, self._account, known, loaded=over, tracked=after)

    def _endings(
        self, after: Mapping[str, Tracked], over: Sequence[str], gathered: Gathered, now: float, wait: float
    ) -> list[Command]:
        """End the sessions whose quiet pause is over: publish that, and have the call log asked `wait` after them."""
        held, quiet = holding.held(after, over, gathered), timedelta(seconds=self._settings.quiet_seconds)
        commands = holding.wait(self._account, held, now=now)
        for session_id in over:
            if session_id in held:
                continue
            record = after.get(session_id)
            commands.append(("ZREM", keys.quiet(self._account), session_id))
            commands.append(("ZREM", keys.open_sessions(self._account), session_id))
            if record is None or record.ended_at is not None:
                continue
            # What went on elsewhere was heard of till now, and its record may be written only now.
            heard_at = now if gathered.goes_on_in(record.session) else record.heard_at
            ended = msgspec.structs.replace(record, heard_at=heard_at, ended_at=now)
            look = max(now, heard_at + wait)
            commands += [
                self._write(ended),
                ("ZADD", keys.due(self._account), f"{look:.3f}", session_id),
                bells.due_at(Stage.RESOLVE, self._account, look),
                outcome_log.published(
                    self._account,
                    events.ended(ended.session, place=gathered.place(session_id), now=_time(now)),
                    retention=self._settings.retention_seconds,
                    session=ended.session,
                ),
                *holding.ended(self._account, session_id, gathered, quiet=quiet, now=now),
            ]
            log.info("call.ended", account=self._account, session=session_id)
        return commands

    def _indexed(self, record: Tracked, known: Tracked | None) -> list[Command]:
        """Have the call found by what is new of it."""
        before, retention = known.session if known else None, self._settings.retention_seconds
        step = call_index.seen(self._account, record.session, before, heard_at=record.heard_at, retention=retention)
        is_new_ringout = endings.is_ringout(record.session) and not (before and endings.is_ringout(before))
        began = {record.session.id: _began(record)} if is_new_ringout else {}
        return [*([step] if step else []), *ledger.ringout_sessions(self._account, began)]

    def _pause(self, record: Tracked) -> timedelta | None:
        return sessions.ends_after(record.session, timedelta(seconds=self._settings.quiet_seconds))

    def _has_ended(self, record: Tracked | None, now: float) -> bool:
        if record is None:  # its retention is over
            return True
        quiet = timedelta(seconds=self._settings.quiet_seconds)
        return sessions.has_ended(record.session, heard_at=_time(record.heard_at), now=_time(now), quiet=quiet)

    def _write(self, record: Tracked) -> Command:
        self._written[record.session.id] = record
        return ledger.write_tracked(self._account, record, retention=self._settings.retention_seconds)


def _is_noted_open(known: Tracked | None, record: Tracked) -> bool:
    """Say whether the list of open sessions need not be touched: it is exact to `NOTED_SECONDS`."""
    if known is None or known.ended_at is not None:
        return False
    return known.heard_at // NOTED_SECONDS == record.heard_at // NOTED_SECONDS


def _began(record: Tracked) -> float:
    """Say when a call began as far as its notifications tell. Seconds."""
    return record.session.started_at.timestamp() if record.session.started_at else record.heard_at


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
