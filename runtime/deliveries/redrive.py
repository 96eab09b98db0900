"""Redrive: ask for events to be sent again. The request is written down; the deliver stage sees to it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys, operator_log, outcome_log, streams
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import attempts, destinations, waiting
from runtime.deliveries.attempts import DeadLetter
from runtime.leases import Lease
from runtime.outcome_log import Entry
from telephony.destinations import Destination, takes_back, wants, wants_operator
from telephony.times import moment_at
from telephony.trial import TrialEvent, trial

LEAST_PER_SECOND: Final = 0.01
MOST_PER_SECOND: Final = 1000.0

LATE_SECONDS: Final = 5.0
"""What is to be sent at a pace is late by so much where nobody sent it: a runner comes within less."""

_PAGE: Final = 500
_TRIAL: Final = "trial/"

_FURTHEST: Final = 1.01 / LEAST_PER_SECOND
"""How far apart (seconds) events are at most that were asked for together."""


class Redrive(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which events to send again: those published from `since` to `until` (seconds).

    Those that failed and were never taken later, of the given blames if there are any; with `everything`, whatever the
    destination wants, taken or not. At most `per_second` of them are sent in a second.
    """

    since: float | None = None
    until: float | None = None
    blame: tuple[str, ...] = ()
    everything: bool = False
    per_second: float = 50.0


class Candidate(msgspec.Struct, frozen=True):
    """An event that may be sent again, or a revision that is not `wanted`, after which no earlier one is either."""

    place: str
    call: str
    revision: int
    account: str = ""
    wanted: bool = True


def redrive(redis: Redis, destination_id: str, selection: Redrive, *, dry_run: bool) -> int:
    """Ask for the selected events to be sent again, and say how many they are. Raises UnknownDestination.

    Asking twice is asking once: there is one pending attempt of an event. One that waits for its next attempt is sent
    at once instead; a revision of which the destination took a later one is left out, and where each call is told of
    once, all but the last of those selected; that, too, where a later one is not wanted.
    """
    destination = destinations.known(redis, destination_id)
    pages = _pages(_candidates(redis, destination, selection))
    chosen = _last_words(destination, (one for page in pages for one in tellable(redis, destination, page)))
    if chosen and not dry_run:
        now, pace = redis_time(redis), min(max(selection.per_second, LEAST_PER_SECOND), MOST_PER_SECOND)
        with redis.pipeline(transaction=False) as pipeline:
            for number, one in enumerate(chosen):
                pipeline.zadd(keys.asked(destination_id), {one.place: now + number / pace}, lt=True)
            pipeline.execute()
        bells.ring_at(redis, Stage.DELIVER, destination_id, now)
    return len(chosen)


def keep_pace(redis: Redis, held: Lease, destination_id: str, *, now: float) -> bool:
    """Put off what was to be sent while nothing was, as while a destination was paused, and say whether any was.

    From now on it is due as far apart as it was. While some is taken up none is put off: a destination that is slow
    takes what it can. As there may be hundreds of thousands, they are put off a page at a time, the last first, so that
    a kill leaves them in their order, and Redis keeps nobody waiting. Raises LeaseLost.
    """
    taken_at = cast("bytes | None", redis.hget(keys.delivery_cursor(destination_id), "asked"))
    if abs(now - float(taken_at or 0)) < LATE_SECONDS:
        return False
    later = list(_paced(_asked_for(redis, held, destination_id), now))
    while later:
        redis.zadd(keys.asked(destination_id), dict(later[-_PAGE:]), xx=True)
        del later[-_PAGE:]
        held.keep()
    return True


def _asked_for(redis: Redis, held: Lease, destination_id: str) -> Iterator[tuple[str, float]]:
    """Give what was asked for of calls, and when it is due (seconds), the earliest first.

    Alerts and tests come in no order.
    """
    first = 0
    while rows := cast(
        "list[Any]", redis.zrange(keys.asked(destination_id), first, first + _PAGE - 1, withscores=True)
    ):
        held.keep()
        yield from ((place.decode(), due) for place, due in rows if is_of_log(place.decode()))
        first += _PAGE


def _paced(asked: Iterable[tuple[str, float]], now: float) -> Iterator[tuple[str, float]]:
    """Give what is put off, and until when. What is further apart than any pace was asked for by somebody else."""
    due, before = now, -math.inf
    for place, at in asked:
        apart = at - before if at - before <= _FURTHEST else 0.0
        due, before = max(at, due + apart), at
        if due > at:
            yield place, round(due, 3)


def send_test(redis: Redis, destination_id: str) -> str:
    """Ask for a test event to be sent, and give its id. Raises UnknownDestination."""
    destinations.known(redis, destination_id)
    now = redis_time(redis)
    place = f"{_TRIAL}{int(now * 1000)}-0"
    redis.zadd(keys.asked(destination_id), {place: now})
    bells.ring_at(redis, Stage.DELIVER, destination_id, now)
    return test_event(destination_id, place).id


def is_test(place: str) -> bool:
    """Say whether a place is none of the outcome log but a test's."""
    return place.startswith(_TRIAL)


def is_of_log(place: str) -> bool:
    """Say whether a place is one of the outcome log."""
    return not (is_test(place) or operator_log.is_operator(place))


def entries(redis: Redis, places: Sequence[str]) -> list[Entry]:
    """Read the entries at these places, whichever log they are of; those that are held no more are absent."""
    of_operator = [place for place in places if operator_log.is_operator(place)]
    of_log = [place for place in places if is_of_log(place)]
    return [*outcome_log.at_places(redis, of_log), *operator_log.at_places(redis, of_operator)]


def is_wanted(destination: Destination, entry: Entry) -> bool:
    """Say whether a destination, as it is now, wants an event that it wanted once; one that cannot be read counts."""
    if operator_log.is_operator(entry.place):
        return wants_operator(destination, entry.account)
    event = outcome_log.event_of(entry.document)
    return event is None or wants(destination, entry.account, event)


def unwanted(redis: Redis, destination: Destination, places: Sequence[str]) -> frozenset[str]:
    """Give those of these places whose events a destination does not want any more: its filters were changed since."""
    return frozenset(one.place for one in entries(redis, places) if not is_wanted(destination, one))


def test_event(destination_id: str, place: str) -> TrialEvent:
    """Make the test event that was asked for, always the same for the same place."""
    milliseconds, _ = streams.order(place)
    return trial(destination_id, str(milliseconds), now=moment_at(milliseconds / 1000))


def tellable(redis: Redis, destination: Destination, page: Sequence[Candidate]) -> Iterator[Candidate]:
    """Leave out what the destination must not be told any more, see `may_be_told`, or will not: see `being_tried`."""
    calls = [(one.account, one.call) for one in page if one.account and is_told_once(destination, one.place)]
    last = outcome_log.last_revisions(redis, calls)  # what was sent in vain of a call may be later than what is chosen
    events = [(one.call, max(one.revision, last.get(one.call, 0) + 1), one.place) for one in page]
    told = last_told(redis, destination, events)
    for one in being_tried(redis, destination, [one.call for one in page]):
        told.setdefault(one.call, one.revision)
    for one in page:
        if may_be_told(one.revision, told.get(one.call), once=is_told_once(destination, one.place)):
            yield one


def is_told_once(destination: Destination, place: str) -> bool:
    """Say whether a destination is told but once of what is at this place: of calls, if it wants that; of no alert."""
    return destination.create_only and not (operator_log.is_operator(place) or is_test(place))


def may_be_told(revision: int, taken: int | None, *, once: bool) -> bool:
    """Say whether a destination that took the revision `taken` of a call last may still be told another one of it.

    Never an older one; and none but the same again, where a call is told of `once`.
    """
    return taken is None or revision == taken or (revision > taken and not once)


def last_told(redis: Redis, destination: Destination, events: Sequence[tuple[str, int, str]]) -> dict[str, int]:
    """Give the revisions the destination was told last of the calls of these events: call, revision and place of each.

    That is what it took; where each call is told of once and it took none, what was sent to it in vain to the end: it
    may have made something of that, and would make the same once more of a later revision, which has another id.
    """
    told = last_taken(redis, destination.id, sorted({call for call, _, _ in events}))
    once = [(call, last) for call, last, place in events if call not in told and is_told_once(destination, place)]
    for letter in given_up(redis, destination.id, once):
        told.setdefault(letter.call, letter.revision)
    return told


def given_up(redis: Redis, destination_id: str, events: Iterable[tuple[str, int]]) -> list[DeadLetter]:
    """Give what was sent in vain to the end, and may have arrived, of these calls, before the revision beside each."""
    earlier = dict.fromkeys(f"{call}/{number}" for call, last in events for number in range(1, last))
    return [one for one in attempts.letters(redis, destination_id, [*earlier]) if one.may_have_arrived]


def being_tried(redis: Redis, destination: Destination, calls: Sequence[str]) -> Iterator[Candidate]:
    """Give what was sent in vain of these calls and is tried again, where it stays the one event of its call."""
    queues = waiting.load(redis, destination.id, calls) if destination.create_only else {}
    for call, (first, *_) in queues.items():
        if (first.attempts or first.going) and is_told_once(destination, first.place):
            yield Candidate(first.place, call, first.revision, first.account)


def last_taken(redis: Redis, destination_id: str, calls: Sequence[str]) -> dict[str, int]:
    """Give the highest revision the destination took of each of these calls; those it never took one of are absent."""
    if not calls:
        return {}
    found = cast("list[bytes | None]", redis.mget([keys.delivered(destination_id, call) for call in calls]))
    return {call: int(revision) for call, revision in zip(calls, found, strict=True) if revision is not None}


def _candidates(redis: Redis, destination: Destination, selection: Redrive) -> Iterator[Candidate]:
    if selection.everything:
        found = _published(redis, destination, selection)
    else:
        found = _wanted_still(redis, destination, _failed(redis, destination, selection))
    first, last = selection.since or 0.0, selection.until or float("inf")
    return (one for one in found if first <= streams.added_at(one.place) <= last)


def _last_words(destination: Destination, candidates: Iterator[Candidate]) -> list[Candidate]:
    """Leave out all but the last of those of a call that is told of once, and all that were wanted no more."""
    found, last, unwanted = list(candidates), dict[str, Candidate](), dict[tuple[str, str], int]()
    for one in found:
        if not one.wanted:
            unwanted[one.call, one.account] = max(one.revision, unwanted.get((one.call, one.account), 0))
    for one in found:
        if not one.wanted or one.revision < unwanted.get((one.call, one.account), 0):
            continue
        what = one.call if is_told_once(destination, one.place) else one.place
        if what not in last or one.revision > last[what].revision:
            last[what] = one
    return list(last.values())


def _failed(redis: Redis, destination: Destination, selection: Redrive) -> Iterator[Candidate]:
    """Give the dead letters that can be sent again, in the order of publication, and what waits after failures."""
    letters = attempts.dead_letters(redis, destination.id)
    can = [
        one for one in letters if one.because != "retention" and (not selection.blame or one.blame in selection.blame)
    ]
    for one in sorted(can, key=lambda letter: streams.order(letter.place)):
        yield Candidate(one.place, one.call, one.revision, one.account)
    if not selection.blame:
        for call, queue in waiting.everything(redis, destination.id).items():
            yield from (Candidate(one.place, call, one.revision) for one in queue[:1] if one.attempts)


def _wanted_still(redis: Redis, destination: Destination, candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    """Leave out what the destination does not want any more, because its filters were changed since."""
    for page in _pages(candidates):
        left_out = unwanted(redis, destination, [one.place for one in page])
        yield from (one for one in page if one.place not in left_out)


def _published(redis: Redis, destination: Destination, selection: Redrive) -> Iterator[Candidate]:
    last = "+" if selection.until is None else _place(selection.until)
    for entry in outcome_log.between(redis, _place(selection.since or 0.0), last):
        event = outcome_log.event_of(entry.document) if entry.deliver else None
        is_wanted = event is not None and wants(destination, entry.account, event)
        if event is not None and (is_wanted or takes_back(destination, event)):
            yield Candidate(entry.place, event.subject, event.data.revision, entry.account, is_wanted)


def _place(moment: float) -> str:
    """Give where the log is at a moment (seconds): it knows of none before 1970."""
    return str(max(0, int(moment * 1000)))


def _pages(candidates: Iterator[Candidate]) -> Iterator[list[Candidate]]:
    while page := list(islice(candidates, _PAGE)):
        yield page
