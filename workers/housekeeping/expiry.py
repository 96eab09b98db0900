"""Expiry: what the retention takes away before a destination had it is counted and listed, never dropped in silence."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys, streams
from runtime.bells import Stage
from runtime.deliveries import attempts, destinations, redrive, waiting
from runtime.deliveries.attempts import DeadLetter
from runtime.deliveries.waiting import Waiting
from runtime.leases import Command, Lease, LeaseHeld, LeaseLost, lease
from runtime.logs import log
from runtime.metrics import DROPPED, Recorder
from runtime.outcome_log import entries_of
from telephony.destinations import Destination
from workers.delivering import intake
from workers.delivering.aftermath import letter
from workers.destinations.schedule import longest_wait

_PAGE: Final = 500
_PAGES: Final = 20
"""Pages of the log looked through in one go, and as much of what was given up; upkeep comes again in a minute."""


def trim(redis: Redis, recorder: Recorder, *, now: float, retention: float) -> None:
    """Trim the outcome log, what is kept for destinations, and what is told to whoever runs Legwork to the retention.

    The log is never trimmed past what a destination has yet to take up or to take, unless that was listed first.
    """
    before = int((now - retention) * 1000)
    safe = [_let_go(redis, one, recorder, before=before, now=now) for one in destinations.all(redis)]
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.xtrim(keys.OUTCOMES, minid=f"{min([before, *safe])}-0", approximate=False)
        for stream in (keys.ACTIONS, keys.OPERATOR):
            pipeline.xtrim(stream, minid=f"{before}-0", approximate=False)
        for one in destinations.all(redis):
            pipeline.xtrim(keys.attempts(one.id), minid=f"{before}-0", approximate=False)
            over = (each.event_id for each in _over(redis, one.id, before=before))
            while some := list(islice(over, _PAGE)):
                pipeline.hdel(keys.dead(one.id), *some)
        pipeline.execute()


def _over(redis: Redis, destination: str, *, before: int) -> Iterator[DeadLetter]:
    """Give the dead letters that are too old, and those of which nothing is sent: a later revision was taken since.

    A page at a time: an endpoint that refuses many for good has hundreds of thousands of them.
    """
    letters = attempts.dead_letters(redis, destination)
    while page := list(islice(letters, _PAGE)):
        taken = redrive.last_taken(redis, destination, sorted({one.call for one in page}))
        yield from (one for one in page if one.dead_at * 1000 < before or one.revision < taken.get(one.call, 0))


def _let_go(redis: Redis, destination: Destination, recorder: Recorder, *, before: int, now: float) -> int:
    """List what the destination did not get of the time before `before` (ms); say how far the log may be trimmed."""
    try:
        with lease(redis, destination.id, Stage.DELIVER) as held:
            # Should it be removed from here on, this lease goes with it.
            if destinations.get(redis, destination.id) is None:
                return before
            return _listed(redis, destination, held, recorder, before=before, now=now)
    except (LeaseHeld, LeaseLost):  # its runner is at it: next time
        place, _ = destinations.cursor(redis, destination.id)
        return min(streams.order(place)[0], _oldest_held(redis, destination.id))


def _listed(redis: Redis, destination: Destination, held: Lease, recorder: Recorder, *, before: int, now: float) -> int:
    commands: list[Command] = list(_of_queues(redis, destination, before=before, now=now))
    commands += _of_asked(redis, destination, before=before, now=now)
    lost = sum(command[0] == "HSET" and command[1] == keys.dead(destination.id) for command in commands)
    commands = [*islice(_of_letters(redis, destination, before=before), _PAGES * _PAGE), *commands]
    place, taken = cursor = destinations.cursor(redis, destination.id)
    for _ in range(_PAGES):
        rows = cast("list[Any]", redis.xrange(keys.OUTCOMES, min=f"({place}", max=f"{before - 1}", count=_PAGE))
        if not rows:
            break
        letters = list(_of_log(destination, rows, now=now))
        commands += [attempts.buried(destination.id, one) for one in letters]
        lost += len(letters)
        place, taken = rows[-1][0].decode(), taken + len(rows)
    if commands or (place, taken) != cursor:
        moved = ("HSET", keys.delivery_cursor(destination.id), "place", place, "taken", str(taken))
        held.commit([*commands, moved])
    if lost:
        recorder.count(DROPPED, destination.id, by=lost)
        log.warning("destination.retention_over", destination=destination.id, events=lost)
    return before if len(rows) < _PAGE else streams.order(place)[0]


def _of_queues(redis: Redis, destination: Destination, *, before: int, now: float) -> Iterator[Command]:
    """Give the commands that list what waits and is too old, and those that have the rest sent in time.

    What is too old and not wanted any more is not lost with that.
    """
    queues = iter(waiting.everything(redis, destination.id).items())
    while some := dict(islice(queues, _PAGE)):
        old = {one.place for queue in some.values() for one in queue if one.published_at * 1000 < before}
        lost = old - redrive.unwanted(redis, destination, sorted(old))
        for call, queue in some.items():
            kept = tuple(_in_time(one, now=now) for one in queue if one.place not in old)
            if kept != queue:
                dead = (letter(call, one, "retention", now=now) for one in queue if one.place in lost)
                yield from (attempts.buried(destination.id, one) for one in dead)
                yield from waiting.write(destination.id, call, kept)
                yield bells.due_at(Stage.DELIVER, destination.id, now)


def _of_asked(redis: Redis, destination: Destination, *, before: int, now: float) -> Iterator[Command]:
    """Give the commands that list what somebody asked for and is too old, as after a long pause: it is sent no more.

    What the destination had taken before, or is listed already, is not lost with that.
    """
    old = (place for place in _asked(redis, destination.id) if streams.order(place)[0] < before)
    while some := list(islice(old, _PAGE)):
        arrivals = intake.of_asked(redis, destination, some, deadline=0, now=now).arrivals
        calls = sorted({one.call for one in arrivals})
        taken = redrive.last_taken(redis, destination.id, calls)
        listed = {one.event_id for queue in waiting.load(redis, destination.id, calls).values() for one in queue}
        known = attempts.letters(redis, destination.id, [one.item.event_id for one in arrivals])
        listed |= {one.event_id for one in known}
        for one in arrivals:
            is_news = one.item.event_id not in listed and one.item.revision > taken.get(one.call, -1)
            if is_news and one.entry is not None and redrive.is_wanted(destination, one.entry):
                yield attempts.buried(destination.id, letter(one.call, one.item, "retention", now=now))
        yield ("ZREM", keys.asked(destination.id), *some)


def _of_letters(redis: Redis, destination: Destination, *, before: int) -> Iterator[Command]:
    """Give the commands by which what was given up cannot be sent again, once the log need not hold it any more.

    What is forgotten in a moment is left as it is.
    """
    for one in attempts.dead_letters(redis, destination.id):
        if one.because != "retention" and one.published_at * 1000 < before <= one.dead_at * 1000:
            yield attempts.buried(destination.id, msgspec.structs.replace(one, because="retention"))


def _in_time(item: Waiting, *, now: float) -> Waiting:
    """Have what would wait for longer than anything does be sent now: that was set before the clock was put back."""
    longest = _LONGEST_HELD if item.held else longest_wait(item.attempts)
    return msgspec.structs.replace(item, due=now) if item.due > now + longest else item


def _of_log(destination: Destination, rows: Sequence[Any], *, now: float) -> Iterator[DeadLetter]:
    for one in intake.of_log(destination, entries_of(rows), deadline=0).arrivals:
        if one.wanted:
            yield letter(one.call, one.item, "retention", now=now)


def _oldest_held(redis: Redis, destination: str) -> int:
    """Say when the oldest event of the log was published that waits, or that somebody asked for. Milliseconds."""
    queues, asked = waiting.everything(redis, destination), _asked(redis, destination)
    places = [*(one.place for queue in queues.values() for one in queue), *filter(redrive.is_of_log, asked)]
    return min((streams.order(place)[0] for place in places), default=_NEVER)


def _asked(redis: Redis, destination: str) -> list[str]:
    return [place.decode() for place in cast("list[bytes]", redis.zrange(keys.asked(destination), 0, -1))]


_NEVER: Final = 1 << 62

_LONGEST_HELD: Final = 7 * 86400.0
"""No RECORD_DEADLINE_SECONDS is longer."""
