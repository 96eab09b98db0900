"""One destination's runner: take up what is new, send what is due, and commit what came of it with the cursor.

What is on its way when the cursor passes it is stored as waiting, so that whoever comes after a kill sends it again,
under the same id and with the same bytes.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final

import msgspec

from runtime import bells, faults, keys, operator_log
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import attempts, destinations, redrive, waiting
from runtime.deliveries.waiting import Joined, Queue, Waiting
from runtime.leases import Command, Lease
from runtime.logs import log
from runtime.metrics import DELIVERIES, DELIVERY_LAG_SECONDS
from runtime.outcome_log import Entry
from telephony.destinations import Destination, body_for
from telephony.events import decode, encode
from workers.delivering import crowding, intake, rests
from workers.delivering.aftermath import aftermath, letter, replacement
from workers.delivering.charge import Charge
from workers.delivering.delivery_view import View, view
from workers.delivering.flights import MOST, Flight, Flights
from workers.delivering.intake import Arrival
from workers.delivering.working_queues import WorkingQueues
from workers.dependencies import Dependencies
from workers.destinations.verdicts import Answer, Verdict

GATHER_SECONDS: Final = 0.25
"""How long a step waits for answers before it commits those that are there."""

UNREAD_SECONDS: Final = 300.0
"""How long what only a later version can read is left to a later `deliver` process, before it is looked at again."""


class Tally(msgspec.Struct, frozen=True):
    """What one step did: whether there was work, whether nothing may be sent now, whether other bells wait."""

    busy: bool
    shut: bool
    others_wait: bool


class Deliverer:
    """Reads, decides, sends and commits, one step at a time."""

    def __init__(self, destination: str, held: Lease, dependencies: Dependencies, senders: Executor) -> None:
        self._id = destination
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder = dependencies.recorder
        self._flights = Flights(dependencies.sender, senders, held)
        self._queues = WorkingQueues(self._redis, destination)
        self._charge = Charge(destination, self._redis, self._recorder)
        self._seen = b""
        self._unread: tuple[str, ...] = ()
        self._cursor, _ = destinations.cursor(self._redis, destination)

    def step(self) -> Tally:
        """Do what can be done now, and commit it."""
        now = self._look(self._room(redis_time(self._redis)))
        if now.destination is None or not now.is_active:
            self._land(now)
            return Tally(busy=False, shut=True, others_wait=now.others_wait)
        arrivals = self._arrivals(now.destination, now)
        self._queues.load({*now.due, *(one.call for one in arrivals)})
        commands = self._queued(now.destination, arrivals, now.now)
        if now.is_crowded and self._charge.may_send(now.now):
            flying = self._flights.calls()
            commands += crowding.given_up(self._redis, now.destination, self._queues, flying=flying, now=now.now)
        commands += self._launched(now.destination, arrivals, now)
        faults.point("deliver.queued")
        busy = bool(now.entries or now.asked or now.due or self._flights)
        self._commit(now.destination, [*commands, *self._taken(now), *self._answered(now.destination, now)], now)
        return Tally(busy=busy, shut=not self._charge.may_send(now.later()), others_wait=now.others_wait)

    def rest(self) -> bool:
        """End the shift with nothing left to do now; False: there is news after all."""
        now = self._look(0)
        return rests.rest(self._redis, self._id, now, opens=self._opens(now), cursor=self._cursor)

    def leave(self) -> None:
        """End the shift with work left, which is gone on with at once."""
        self._flights.recall()
        now = self._look(0)
        self._land(now)
        bells.ring_at(self._redis, Stage.DELIVER, self._id, self._opens(now))
        self._redis.delete(keys.rung(self._id, Stage.DELIVER))

    def _opens(self, now: View) -> float:
        """Say when something may be sent again: now, but for a breaker that is open."""
        return self._charge.shut_until(now.now) or now.now

    def _room(self, now: float) -> int:
        """Say how many more events may be on their way; one, while it is tried whether the destination is back."""
        if not self._charge.may_send(now):
            return 0
        return max(0, (1 if self._charge.is_probing(now) else MOST) - len(self._flights))

    def _look(self, room: int) -> View:
        """See what there is to do. If the destination was changed, take back what only waits for a thread."""
        now = self._view(room)
        is_late = room and now.is_active and now.asked_late > redrive.LATE_SECONDS
        if is_late and redrive.keep_pace(self._redis, self._lease, self._id, now=now.now):
            now = self._view(room)
        if now.stored != self._seen:
            self._seen = now.stored
            self._flights.recall()
            self._charge.reload()
        return now

    def _view(self, room: int) -> View:
        opening = self._settings.secrets_keys
        return view(self._redis, self._id, self._cursor, room, flying=len(self._flights), keys_of_secrets=opening)

    def _arrivals(self, destination: Destination, now: View) -> list[Arrival]:
        """Give what is new for this destination, and what somebody asked for."""
        deadline = self._settings.record_deadline_seconds
        of_log = intake.of_log(destination, now.entries, deadline=deadline)
        of_asked = intake.of_asked(self._redis, destination, now.asked, deadline=deadline, now=now.now)
        self._unread = (*of_log.unread, *of_asked.unread)
        new, asked = of_log.arrivals, of_asked.arrivals
        doubtful = [*asked, *(new if destination.create_only else ())]
        if not doubtful:
            return [*new]
        events = [(one.call, one.item.revision, one.item.place) for one in doubtful]
        told = redrive.last_told(self._redis, destination, events)
        if destination.create_only:
            new = tuple(intake.tellable(destination, new, told))
        return [*new, *intake.tellable(destination, asked, told)]

    def _queued(self, destination: Destination, arrivals: Sequence[Arrival], now: float) -> list[Command]:
        """Put what arrived into its call's queue; give the commands that note what lost its place."""
        commands: list[Command] = []
        flying = self._flights.calls()
        for one in arrivals:
            queue, in_flight = self._queues[one.call], one.call in flying
            if one.wanted:
                once = redrive.is_told_once(destination, one.item.place)
                after = waiting.joined(queue, one.item, create_only=once, in_flight=in_flight)
            else:
                after = waiting.outdated(queue, one.item, in_flight=in_flight)
            if after.queue != queue:
                self._queues[one.call] = after.queue
            commands += self._replaced(one.call, after.replaced, now)
        return commands

    def _launched(self, destination: Destination, arrivals: Sequence[Arrival], now: View) -> list[Command]:
        """Send the first event of every call that is due, as far as there is room; bury what the log lost.

        What is not wanted any more, for a filter was changed while it waited, is neither sent nor given up.

        Where a call is told of once, that its event is going to be sent is stored a step before: whoever comes after a
        kill must send that one again, and no later one in its place.
        """
        due = self._due(now, arrivals)
        entries = self._entries([self._queues[call][0] for call in due], arrivals)
        told, judged = self._told(destination, due), {entry.place for entry in now.entries}
        commands: list[Command] = []
        for call in due:
            queue = self._queues[call]
            item, *others = queue
            try:
                body, entry = self._body(destination, item, entries), entries.get(item.place)
            except msgspec.MsgspecError:  # a later version has queued it, and only such a one can shape it
                log.exception("deliver.unreadable", place=item.place)
                self._queues[call] = (msgspec.structs.replace(item, due=now.now + UNREAD_SECONDS), *others)
                continue
            once = redrive.is_told_once(destination, item.place) and not item.going
            alone = waiting.told_once(queue, told=told.get(call)) if once else Joined(queue)
            if entry is not None and entry.place not in judged and not redrive.is_wanted(destination, entry):
                self._queues[call] = tuple(others)
            elif alone.queue != queue:  # each call is told of once only since it waits
                self._queues[call] = alone.queue
                commands += self._replaced(call, alone.replaced, now.now)
            elif body is None:
                self._queues[call] = tuple(others)
                commands.append(attempts.buried(self._id, letter(call, item, "retention", now=now.now)))
            elif once:
                self._queues[call] = (msgspec.structs.replace(item, going=True), *others)
            else:
                self._flights.launch(Flight(call, item, destination.url), body, now)
        return commands

    def _told(self, destination: Destination, calls: Sequence[str]) -> Mapping[str, int]:
        """Say what the destination was told last of those calls of which it is told once, and nothing is going yet."""
        waits = ((call, self._queues[call]) for call in calls)
        untold = [(call, queue[-1].revision, queue[0].place) for call, queue in waits if not queue[0].going]
        events = [one for one in untold if redrive.is_told_once(destination, one[2])]
        return redrive.last_told(self._redis, destination, events)

    def _due(self, now: View, arrivals: Sequence[Arrival]) -> list[str]:
        """Give the calls whose first event is to be sent now; those that waited longest come first."""
        calls: Iterable[str] = dict.fromkeys([*now.due, *(one.call for one in arrivals)])
        flying = self._flights.calls()
        due = [
            call for call in calls if call not in flying and any(one.due <= now.now for one in self._queues[call][:1])
        ]
        return due[: self._room(now.now)]

    def _entries(self, items: Sequence[Waiting], arrivals: Sequence[Arrival]) -> Mapping[str, Entry]:
        known = {one.entry.place: one.entry for one in arrivals if one.entry is not None}
        missing = [one.place for one in items if one.place not in known]
        return known | {entry.place: entry for entry in redrive.entries(self._redis, missing)}

    def _body(self, destination: Destination, item: Waiting, entries: Mapping[str, Entry]) -> bytes | None:
        if redrive.is_test(item.place):
            return encode(redrive.test_event(self._id, item.place))
        entry = entries.get(item.place)
        if entry is None:
            return None
        shaped = (destination.fields or destination.mask) and not operator_log.is_operator(item.place)
        return body_for(destination, decode(entry.document)) if shaped else entry.document

    def _answered(self, destination: Destination, now: View) -> list[Command]:
        """Wait a moment for answers, and give the commands that follow from those that came."""
        landed = self._flights.landed(GATHER_SECONDS)
        if landed:
            faults.point("deliver.sent")
        later = now.later()
        commands: list[Command] = []
        for flight, answer in landed:
            commands += self._judged(flight, answer, later)
            if flight.url == destination.url and not redrive.is_test(flight.item.place):
                self._charge.add(answer, later)
        commands += self._charge.commands(later, seen=now.stored) if landed else []
        if not self._charge.may_send(later):
            self._flights.recall()
        return commands

    def _judged(self, flight: Flight, answer: Answer, now: float) -> list[Command]:
        """Give the commands that follow from one answer."""
        call, item, kept = flight.call, flight.item, self._settings.retention_seconds
        after = aftermath(self._id, call, self._queues[call], answer, now=now, random=random.random)
        self._queues[call] = after.queue
        self._recorder.count(DELIVERIES, self._id, answer.verdict)
        commands = [*attempts.written(item.account, after.attempt, retention=kept)]
        commands += self._replaced(call, after.replaced, now)
        if after.letter is not None:
            commands.append(attempts.buried(self._id, attempts.with_earlier(self._redis, self._id, after.letter)))
        if redrive.is_test(item.place):
            return commands
        if answer.verdict is Verdict.DELIVERED:
            self._recorder.observe(DELIVERY_LAG_SECONDS, now - item.published_at, self._id)
            commands.append(("SET", keys.delivered(self._id, call), str(item.revision), "EX", str(int(kept))))
            commands.append(attempts.raised(self._id, item.event_id))
        return commands

    def _replaced(self, call: str, items: Queue, now: float) -> list[Command]:
        commands: list[Command] = []
        for item in items:
            self._recorder.count(DELIVERIES, self._id, "replaced")
            noted = replacement(self._id, call, item, now=now)
            commands += attempts.written(item.account, noted, retention=self._settings.retention_seconds)
        return commands

    def _land(self, now: View) -> None:
        """Wait for what is on its way, sending nothing new; where the destination is gone, no answer counts."""
        while now.destination is not None and self._flights:
            self._commit(now.destination, self._answered(now.destination, now), now)

    def _taken(self, now: View) -> list[Command]:
        """Give the commands that move on past what was taken up, and have what could not be read asked for again."""
        commands: list[Command] = []
        if now.asked:
            commands.append(("ZREM", keys.asked(self._id), *now.asked))
        if any(map(redrive.is_of_log, now.asked)):
            commands.append(("HSET", keys.delivery_cursor(self._id), "asked", f"{now.now:.3f}"))
        if now.entries:
            self._cursor = now.entries[-1].place
            commands.append(("HSET", keys.delivery_cursor(self._id), "place", self._cursor))
            commands.append(("HINCRBY", keys.delivery_cursor(self._id), "taken", str(len(now.entries))))
        if self._unread:
            again = f"{now.now + UNREAD_SECONDS:.3f}"
            commands.append(("ZADD", keys.asked(self._id), *(word for one in self._unread for word in (again, one))))
        return commands

    def _commit(self, destination: Destination, commands: Sequence[Command], now: View) -> None:
        """Store everything that changed, with `commands`, in one step. Raises LeaseLost, also when it was removed."""
        kept = bells.keep(Stage.DELIVER, self._id, now.later())
        self._lease.commit([*commands, *self._queues.changes(), *kept])
        faults.point("deliver.committed")
        self._charge.carry_out(destination)
        self._queues.forget_but(self._flights.calls())
