"""What a destination takes up: entries of the outcome log that it wants, and events that somebody asked for again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from redis import Redis

from runtime import operator_log
from runtime.deliveries import redrive
from runtime.deliveries.waiting import Waiting
from runtime.logs import log
from runtime.outcome_log import Entry, at_places
from telephony.create_only import ready_at
from telephony.destinations import Destination, takes_back, wants, wants_operator
from telephony.events import CallEvent, decode


class _Numbered(msgspec.Struct, frozen=True):
    """The part of an operator event's data that puts it in order."""

    revision: int


class _OperatorNews(msgspec.Struct, frozen=True):
    """What has to be known of an operator event to send it: of which kind it is, only a later version may know."""

    id: str
    subject: str
    data: _Numbered


class Arrival(msgspec.Struct, frozen=True):
    """An event that shall be sent, of a call. `entry` is None for a test.

    One that is not `wanted` only says that what is held of its call is outdated.
    """

    call: str
    item: Waiting
    entry: Entry | None
    wanted: bool = True


class Intake(msgspec.Struct, frozen=True):
    """What was taken up. `unread` are the places of events that only a later version can read."""

    arrivals: tuple[Arrival, ...]
    unread: tuple[str, ...]


def of_log(destination: Destination, entries: Sequence[Entry], *, deadline: float) -> Intake:
    """Give the entries that `destination` wants, as they shall wait, and what takes back what is held of a call."""
    arrivals, unread = [], []
    for entry in entries:
        event = _read(entry) if entry.deliver else None
        if event is None:
            unread += [entry.place] if entry.deliver else []
        elif wants(destination, entry.account, event):
            due = ready_at(event, deadline=deadline) if destination.create_only else 0.0
            arrivals.append(Arrival(event.subject, _waiting(entry, event, due), entry))
        elif takes_back(destination, event):
            arrivals.append(Arrival(event.subject, _waiting(entry, event, 0.0), entry, wanted=False))
    return Intake(tuple(arrivals), tuple(unread))


def of_asked(redis: Redis, destination: Destination, places: Sequence[str], *, deadline: float, now: float) -> Intake:
    """Give the events that somebody asked for, as far as the log still holds them; what may change is held still."""
    arrivals, unread = [], []
    for place in places:
        if redrive.is_test(place):
            test = redrive.test_event(destination.id, place)
            arrivals.append(Arrival(test.id, Waiting(place, test.id, "", 0, now), None))
    for entry in operator_log.at_places(redis, [place for place in places if operator_log.is_operator(place)]):
        news = _OPERATOR.decode(entry.document)
        if wants_operator(destination, entry.account):
            item = Waiting(entry.place, news.id, entry.account, news.data.revision, now)
            arrivals.append(Arrival(news.subject, item, entry))
    for entry in at_places(redis, [place for place in places if redrive.is_of_log(place)]):
        event = _read(entry)
        if event is None:
            unread.append(entry.place)
            continue
        due = max(now, ready_at(event, deadline=deadline)) if destination.create_only else now
        arrivals.append(Arrival(event.subject, _waiting(entry, event, due), entry))
    return Intake(tuple(arrivals), tuple(unread))


def tellable(destination: Destination, arrivals: Sequence[Arrival], told: Mapping[str, int]) -> Iterator[Arrival]:
    """Leave out what the destination must not be told any more, having been `told` revisions of calls."""
    for arrival in arrivals:
        once = redrive.is_told_once(destination, arrival.item.place)
        if redrive.may_be_told(arrival.item.revision, told.get(arrival.call), once=once):
            yield arrival


def _waiting(entry: Entry, event: CallEvent, due: float) -> Waiting:
    return Waiting(entry.place, event.id, entry.account, event.data.revision, due, held=due > 0)


def _read(entry: Entry) -> CallEvent | None:
    """Read an event; one that cannot be read must not keep all others waiting."""
    try:
        return decode(entry.document)
    except msgspec.MsgspecError:
        log.exception("deliver.unreadable", place=entry.place)
        return None


_OPERATOR: Final = msgspec.json.Decoder(_OperatorNews)
