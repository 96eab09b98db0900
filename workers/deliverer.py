"""One destination's runner: take up what is new, send what is due, and commit what came of it with the cursor.

What is on its way when the cursor passes it is stored as waiting, so that whoever comes after a kill sends it again,
under the same id and with the same bytes.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from typing import Final, cast

import msgspec

from runtime import attempts, bells, keys, outcome_log, redrive, waiting
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.leases import Command, Lease
from runtime.logs import log
from runtime.metrics import DELIVERIES, DELIVERY_LAG_SECONDS
from runtime.outcome_log import Entry
from runtime.waiting import Queue, Waiting
from telephony import trial
from telephony.destinations import Destination, body_for
from telephony.events import decode
from workers import intake
from workers.aftermath import aftermath, letter, replacement
from workers.charge import Charge
from workers.delivery_view import View, view
from workers.dependencies import Dependencies
from workers.destinations.sender import Answer, Blame, Verdict
from workers.intake import Arrival

BATCH: Final = 64
"""Events on their way, or about to be, at the same time."""

GATHER_SECONDS: Final = 0.25
"""How long a step waits for answers before it commits those that are there."""


class Tally(msgspec.Struct, frozen=True):
    """What one step did: whether there was work, whether nothing may be sent now, whether other bells wait."""

    busy: bool
    shut: bool
    others_wait: bool


class Flight(msgspec.Struct, frozen=True):
    """An event on its way, for a call."""

    call: str
    item: Waiting


class Deliverer:
    """Reads, decides, sends and commits, one step at a time."""

    def __init__(self, destination: str, held: Lease, dependencies: Dependencies, senders: Executor) -> None:
        self._id = destination
        self._lease = held
        self._redis = dependencies.redis
        self._settings = dependencies.settings
        self._recorder = dependencies.recorder
        self._sender = dependencies.sender
        self._senders = senders
        self._charge = Charge(destination, self._redis, self._recorder)
        place = cast("bytes | None", self._redis.hget(keys.delivery_cursor(destination), "place"))
        self._cursor = (place or b"0-0").decode()
        self._flights: dict[Future[Answer], Flight] = {}
        self._queues: dict[str, Queue] = {}  # those this step changes, and those something is on its way for
        self._stored: set[str] = set()  # which of them Redis has
        self._changed: set[str] = set()

    def step(self) -> Tally:
        """Do what can be done now, and commit it."""
        now = self._view(self._room())
        if now.destination is None or not now.is_active:
            self._land(now)
            return Tally(busy=False, shut=True, others_wait=now.others_wait)
        arrivals = self._arrivals(now.destination, now)
        self._load({*now.due, *(one.call for one in arrivals)})
        commands = self._queue_up(now.destination, arrivals, now.now)
        commands += self._launch(now.destination, now, arrivals)
        busy = bool(now.entries or now.asked or self._flights)
        self._commit([*commands, *self._taken(now), *self._answered(now, GATHER_SECONDS)], now)
        return Tally(busy=busy, shut=not self._charge.may_send(now.later()), others_wait=now.others_wait)

    def rest(self) -> bool:
        """End the shift with nothing left to do now; False: there is news after all."""
        return self._rest(look_at_log=True)

    def leave(self) -> None:
        """End the shift with work left, which is gone on with at once."""
        self._recall()
        self._land(self._view(0))
        self._rest(look_at_log=False)
        bells.ring_at(self._redis, Stage.DELIVER, self._id, self._open_at(redis_time(self._redis)))

    def _rest(self, *, look_at_log: bool) -> bool:
        now = self._view(0)
        opens = self._open_at(now.now)
        log_name = keys.OUTCOMES if look_at_log and now.is_active and opens <= now.now else ""
        due = keys.retries(self._id) if now.is_active else ""
        over = bells.rest(
            self._redis, Stage.DELIVER, self._id, due=due, not_before=opens, log=log_name, cursor=self._cursor
        )
        if not over:
            return False
        asked = self._redis.zrange(keys.asked(self._id), 0, 0, withscores=True)
        times = [max(opens, float(score)) for _, score in cast("list[tuple[bytes, float]]", asked)]
        if now.is_active and opens > now.now:
            times.append(opens)
        if self._view(0).is_active:  # or else its bell is rung by whoever makes it so
            for when in times if now.is_active else [now.now]:
                bells.ring_at(self._redis, Stage.DELIVER, self._id, when)
        return True

    def _open_at(self, now: float) -> float:
        """Say when something may be sent again; `now` if it may be."""
        return self._charge.shut_until(now) or now

    def _room(self) -> int:
        """Say how many more events may be on their way; one, while it is tried whether the destination is back."""
        now = redis_time(self._redis)
        if not self._charge.may_send(now):
            return 0
        return max(0, (1 if self._charge.is_probing(now) else BATCH) - len(self._flights))

    def _view(self, room: int) -> View:
        return view(
            self._redis,
            self._id,
            self._cursor,
            room,
            flying=len(self._flights),
            keys_of_secrets=self._settings.secrets_keys,
        )

    def _arrivals(self, destination: Destination, now: View) -> list[Arrival]:
        """Give what is new for this destination, and what somebody asked for."""
        new = list(intake.of_log(destination, now.entries, deadline=self._settings.record_deadline_seconds))
        asked = list(intake.of_asked(self._redis, destination, now.asked, now=now.now))
        doubtful = [*asked, *(new if destination.create_only else ())]
        if not doubtful:
            return new
        taken = redrive.superseded(self._redis, self._id, sorted({one.call for one in doubtful}))
        if destination.create_only:
            new = list(intake.news(new, taken, create_only=True))
        return [*new, *intake.news(asked, taken, create_only=destination.create_only)]

    def _load(self, calls: Iterable[str]) -> None:
        missing = [call for call in calls if call not in self._queues]
        found = waiting.load(self._redis, self._id, missing)
        self._queues.update({call: found.get(call, ()) for call in missing})
        self._stored.update(found)

    def _queue_up(self, destination: Destination, arrivals: Sequence[Arrival], now: float) -> list[Command]:
        """Put what arrived into its call's queue; give the commands that note what lost its place."""
        commands: list[Command] = []
        flying = {flight.call for flight in self._flights.values()}
        for one in arrivals:
            joined = waiting.joined(
                self._queues[one.call],
                one.item,
                create_only=destination.create_only,
                in_flight=one.call in flying,
            )
            self._set(one.call, joined.queue)
            commands += self._replaced(one.call, joined.replaced, now)
        return commands

    def _launch(self, destination: Destination, now: View, arrivals: Sequence[Arrival]) -> list[Command]:
        """Send the first event of every call that is due, as far as there is room; bury what the log lost."""
        flying = {flight.call for flight in self._flights.values()}
        calls = dict.fromkeys([*now.due, *(one.call for one in arrivals)])
        due = [
            call for call in calls if call not in flying and self._queues[call] and self._queues[call][0].due <= now.now
        ]
        due = due[: max(0, (1 if self._charge.is_probing(now.now) else BATCH) - len(flying))]
        entries = self._entries([self._queues[call][0] for call in due], arrivals)
        commands: list[Command] = []
        for call in due:
            item = self._queues[call][0]
            body = self._body(destination, item, entries)
            if body is None:
                commands.append(attempts.buried(self._id, letter(call, item, "retention", now=now.now)))
                self._set(call, self._queues[call][1:])
                continue
            sent = self._senders.submit(self._send, destination.url, item.event_id, body, now)
            self._flights[sent] = Flight(call, item)
        return commands

    def _entries(self, items: Sequence[Waiting], arrivals: Sequence[Arrival]) -> Mapping[str, Entry]:
        known = {one.entry.place: one.entry for one in arrivals if one.entry is not None}
        missing = [one.place for one in items if one.place not in known and not redrive.is_test(one.place)]
        return known | {entry.place: entry for entry in outcome_log.at_places(self._redis, missing)}

    def _body(self, destination: Destination, item: Waiting, entries: Mapping[str, Entry]) -> bytes | None:
        if redrive.is_test(item.place):
            return trial.encode(redrive.test_event(self._id, item.place))
        entry = entries.get(item.place)
        if entry is None:
            return None
        shaped = destination.fields or destination.mask
        return body_for(destination, decode(entry.document)) if shaped else entry.document

    def _send(self, url: str, event_id: str, body: bytes, now: View) -> Answer:
        """Run in a thread of its own. A fault in our own sending is ours, and must not stop the shift."""
        try:
            return self._sender.send(url, event_id, body, now.secrets, now=now.later())
        except Exception as error:  # noqa: BLE001 - see above
            log.exception("deliver.send_failed", destination=self._id)
            return Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0, error=type(error).__name__)

    def _answered(self, now: View, seconds: float) -> list[Command]:
        """Wait a moment for answers, and give the commands that follow from those that came."""
        if not self._flights:
            return []
        done, _ = wait(self._flights, timeout=seconds)
        commands: list[Command] = []
        later = now.later()
        for future in done:
            flight = self._flights.pop(future)
            commands += self._judged(flight, future.result(), later)
        commands += self._charge.commands(later)
        if not self._charge.may_send(later):
            self._recall()
        return commands

    def _recall(self) -> None:
        """Take back what is not on its way yet; it waits."""
        for future in [future for future in self._flights if future.cancel()]:
            del self._flights[future]

    def _judged(self, flight: Flight, answer: Answer, now: float) -> list[Command]:
        """Give the commands that follow from one answer."""
        call, item = flight.call, flight.item
        after = aftermath(self._id, call, self._queues[call], answer, now=now, random=random.random)
        self._set(call, after.queue)
        self._recorder.count(DELIVERIES, self._id, answer.verdict)
        kept = self._settings.retention_seconds
        commands = [
            *attempts.written(item.account, after.attempt, retention=kept),
            *self._replaced(call, after.replaced, now),
        ]
        if after.letter is not None:
            commands.append(attempts.buried(self._id, after.letter))
        if redrive.is_test(item.place):
            return commands
        self._charge.add(answer, now)
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

    def _set(self, call: str, queue: Queue) -> None:
        self._queues[call] = queue
        self._changed.add(call)

    def _land(self, now: View) -> None:
        """Wait for what is on its way, sending nothing new."""
        while self._flights:
            self._commit(self._answered(now, GATHER_SECONDS), now)

    def _commit(self, commands: Sequence[Command], now: View) -> None:
        """Store everything that changed, with `commands`, in one step; nothing for a destination that is gone."""
        if now.destination is None:
            return
        written = list(commands)
        for call in sorted(self._changed):
            if self._queues[call] or call in self._stored:
                written += waiting.write(self._id, call, self._queues[call])
        self._lease.commit([*written, *bells.keep(Stage.DELIVER, self._id, now.later())])
        self._charge.carry_out()
        self._forget()

    def _taken(self, now: View) -> list[Command]:
        """Give the commands that move on past what was taken up."""
        commands: list[Command] = []
        if now.entries:
            self._cursor = now.entries[-1].place
            commands.append(("HSET", keys.delivery_cursor(self._id), "place", self._cursor))
            commands.append(("HINCRBY", keys.delivery_cursor(self._id), "taken", str(len(now.entries))))
        if now.asked:
            commands.append(("ZREM", keys.asked(self._id), *now.asked))
        return commands

    def _forget(self) -> None:
        """Keep in memory only the queues of calls that something is on its way for."""
        flying = {flight.call for flight in self._flights.values()}
        self._stored |= {call for call in self._changed if self._queues[call]}
        self._queues = {call: queue for call, queue in self._queues.items() if call in flying}
        self._stored &= flying
        self._changed.clear()
