"""Send the stored events of calls again: each call's newest, to every destination that wants it, or to one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

import msgspec

from runtime import bells, keys, outcome_log, replays
from runtime.bells import Stage
from runtime.deliveries import destinations, redrive
from runtime.deliveries.redrive import Candidate
from runtime.leases import Command
from runtime.outcome_log import Entry, event_of
from runtime.replays import Finding
from telephony.destinations import Destination, DestinationState, wants
from telephony.events import CallEvent
from workers.replaying.replay_errand import Errand, Step
from workers.resolving.cases import TOGETHER

PER_SECOND: Final = 50.0
"""Events a destination is asked to be sent in a second."""


class _Newest(msgspec.Struct, frozen=True):
    """The last that was published of a call: where, and what."""

    entry: Entry
    event: CallEvent


class Redelivery:
    """Asks the deliver stage for the events; it has one pending attempt of an event, however often it is asked."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        wanted = errand.replay.asked.selection.destination
        self._destinations = [one for one in destinations.all(errand.redis) if wanted in {None, one.id}]

    def step(self, now: float) -> Step:
        """Ask for the events of some calls, and come back when they should have been sent."""
        errand, replay = self._errand, self._errand.replay
        name = keys.replay_calls(errand.account, replay.id)
        calls = [one.decode() for one in cast("list[bytes]", errand.redis.zrange(name, 0, TOGETHER - 1))]
        newest = outcome_log.newest_of(errand.redis, errand.account, calls).items()
        known = {one: _Newest(entry, event) for one, entry in newest if (event := event_of(entry.document))}
        told: dict[str, dict[str, int]] = {one: {} for one in known}
        commands: list[Command] = []
        for destination in self._destinations:
            commands += self._asked(destination, known, told, now)
        commands += [
            replays.found(replay, Finding(one, max(to.values()), destinations=tuple(to)))
            for one, to in told.items()
            if to
        ]
        commands += [replays.missed(replay, one) for one in calls if one not in known]
        commands += replays.looked_at(replay, calls)
        pause = 0.0 if replay.asked.dry_run else len(calls) / PER_SECOND
        return Step(replay.progress, tuple(commands), again_at=now + (pause if replay.left > len(calls) else 0.0))

    def _asked(
        self, destination: Destination, known: Mapping[str, _Newest], told: dict[str, dict[str, int]], now: float
    ) -> Iterator[Command]:
        wanted = [
            Candidate(one.entry.place, call, one.event.data.revision)
            for call, one in known.items()
            if wants(destination, one.entry.account, one.event)
        ]
        every = {one.place: one for one in [*wanted, *self._in_vain(destination, wanted)]}
        again = list(redrive.tellable(self._errand.redis, destination, [*every.values()]))
        for number, one in enumerate(again):
            told[one.call][destination.id] = one.revision
            if not self._errand.replay.asked.dry_run:
                yield ("ZADD", keys.asked(destination.id), "LT", f"{now + number / PER_SECOND:.3f}", one.place)
        if again and destination.state is DestinationState.ACTIVE and not self._errand.replay.asked.dry_run:
            yield bells.due_at(Stage.DELIVER, destination.id, now)

    def _in_vain(self, destination: Destination, newest: Sequence[Candidate]) -> Iterator[Candidate]:
        """Give what was sent in vain of calls that are told of once, to the end or not: no later revision is sent."""
        if not destination.create_only:
            return
        redis = self._errand.redis
        yield from redrive.being_tried(redis, destination, [one.call for one in newest])
        for letter in redrive.given_up(redis, destination.id, [(one.call, one.revision) for one in newest]):
            yield Candidate(letter.place, letter.call, letter.revision)
