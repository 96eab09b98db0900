"""Play calls: post each notification and change the call log when its time comes."""

import math
import threading
from collections.abc import Iterable, Iterator
from functools import partial

from scripts.simulator.agenda import Action, Agenda
from scripts.simulator.call_log import CallLog
from scripts.simulator.calls import Call, Dealer
from scripts.simulator.clock import Clock
from scripts.simulator.deliveries import Deliveries
from scripts.simulator.faults import Faults
from scripts.simulator.records import RecordWriter, is_recordable
from scripts.simulator.scripting import Scenario
from scripts.simulator.take import Take

REMEMBERED = 20_000  # sessions, where calls are played endlessly


class Player:
    """Play calls on an agenda. A call is as many takes as it has sessions."""

    def __init__(
        self,
        dealer: Dealer,
        agenda: Agenda,
        deliveries: Deliveries,
        call_log: CallLog,
        writer: RecordWriter,
        faults: Faults,
        clock: Clock,
    ) -> None:
        self._dealer = dealer
        self._agenda = agenda
        self._deliveries = deliveries
        self._call_log = call_log
        self._writer = writer
        self._faults = faults
        self._clock = clock
        self._dealing = threading.Lock()
        self._takes: dict[str, Take] = {}

    def play(self, count: int, *, rate: float, scenario: Scenario | None, speed: float) -> list[Take]:
        """Start playing `count` sessions, `rate` a second, and give them all at once."""
        with self._dealing:
            calls = list(self._dealer.deal(count, scenario))
            performances = list(self._stage(calls, rate, speed))
        takes = [take for performance in performances for take in performance]
        self._takes.update((take.ids.telephony_session_id, take) for take in takes)
        self._raise_curtain(iter(performances))
        return takes

    def play_endlessly(self, *, rate: float, scenario: Scenario | None, speed: float) -> None:
        """Play calls, `rate` a second, until the agenda is closed; the oldest are forgotten on the way."""
        self._raise_curtain(self._forgetting(self._stage(self._dealer.deal_endlessly(scenario), rate, speed)))

    def place(self, call: Call, *, speed: float, withheld: float | None = None) -> list[Take]:
        """Begin one call now that somebody has placed; its notifications may be `withheld`."""
        now = self._clock()
        takes = [
            Take(call=call, place=place, started_at=now, speed=speed, extra_lag=self._faults.lag(), withheld=withheld)
            for place in range(len(call.sessions))
        ]
        self._begin(takes, iter(()))
        return takes

    def go_on_as(self, take: Take, call: Call) -> None:
        """Let a session that is on go on as `call` has it: what was sent stays, the rest is played anew."""
        take.edition += 1
        before = len(take.session.steps)
        take.call = call
        steps = take.session.steps
        self._deliveries.expect(take, len(steps) - before)
        if take.posted < len(steps):
            self._agenda.at(take.when(steps[take.posted].at), self._next_step(take, take.posted))
        self._agenda.at(take.record_at, self._in_edition(take, partial(self._list_final, take)))

    def takes(self) -> list[Take]:
        """List the sessions played, being played, and planned."""
        return list(self._takes.values())

    def find(self, telephony_session_id: str) -> Take | None:
        """Give a session by its id."""
        return self._takes.get(telephony_session_id)

    def _stage(self, calls: Iterable[Call], rate: float, speed: float) -> Iterator[list[Take]]:
        """Give every call its start, so that sessions come `rate` a second."""
        start = self._clock()
        for call in calls:
            yield [
                Take(call=call, place=place, started_at=start, speed=speed, extra_lag=self._faults.lag())
                for place in range(len(call.sessions))
            ]
            start += len(call.sessions) / rate

    def _forgetting(self, performances: Iterator[list[Take]]) -> Iterator[list[Take]]:
        """Pass the calls on, and forget one for each beyond those remembered."""
        for performance in performances:
            while len(self._takes) > REMEMBERED:
                oldest = self._takes.pop(next(iter(self._takes)))
                self._call_log.forget(oldest.ids.record_ids)
            yield performance

    def _raise_curtain(self, performances: Iterator[list[Take]]) -> None:
        """Enter the next call into the agenda; each brings in the one after it."""
        performance = next(performances, None)
        if performance is not None:
            self._agenda.at(performance[0].started_at, partial(self._begin, performance, performances))

    def _begin(self, performance: list[Take], performances: Iterator[list[Take]]) -> None:
        for take in performance:
            self._takes[take.ids.telephony_session_id] = take
            self._agenda.at(take.begins_at, self._next_step(take, 0))
            if take.listed_mid_call_at is not None:
                self._agenda.at(take.listed_mid_call_at, self._in_edition(take, partial(self._list_provisional, take)))
            self._agenda.at(take.record_at, self._in_edition(take, partial(self._list_final, take)))
            if take.recording_at is not None and any(is_recordable(record) for record in take.session.records):
                self._agenda.at(take.recording_at, self._in_edition(take, partial(self._list_recorded, take)))
        self._raise_curtain(performances)

    def _in_edition(self, take: Take, action: Action) -> Action:
        """Do something with a session, unless it goes on otherwise by then."""
        edition = take.edition

        def act() -> None:
            if take.edition == edition:
                action()

        return act

    def _next_step(self, take: Take, number: int) -> Action:
        return self._in_edition(take, partial(self._post, take, number))

    def _post(self, take: Take, number: int) -> None:
        take.posted = number + 1
        if take.withheld is None:
            self._deliveries.publish(take, number)
        elif take.withheld == math.inf:
            self._deliveries.expect(take, -1)
        else:
            self._agenda.at(take.ends_at + take.withheld, partial(self._deliveries.publish, take, number))
        steps = take.session.steps
        if number + 1 < len(steps):
            self._agenda.at(take.when(steps[number + 1].at), self._next_step(take, number + 1))

    def _list_provisional(self, take: Take) -> None:
        now = self._clock()
        for document in self._writer.provisional(take, now=now):
            self._call_log.put(document, now=now)

    def _list_final(self, take: Take) -> None:
        self._list(take, recorded=False)
        take.record_visible = True

    def _list_recorded(self, take: Take) -> None:
        self._list(take, recorded=True)
        take.recorded = True

    def _list(self, take: Take, *, recorded: bool) -> None:
        now = self._clock()
        for document in self._writer.final(take, recorded=recorded, now=now):
            self._call_log.put(document, now=now)
