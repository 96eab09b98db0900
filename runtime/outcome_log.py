"""The outcome log: what we told the world, each fact once, in a stream for machines and on channels for dashboards.

The stream `legwork:outcomes` and the Pub/Sub channels carry the same JSON documents (CloudEvents). Publishing is a step
of the commit that decided it, so an event is in the log exactly when the ledger says that it was published.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import call_index, keys, streams
from runtime.clocks import redis_time
from runtime.leases import Command
from telephony.events import CallData, CallEvent, decode, encode
from telephony.live_events import LiveEvent
from telephony.sessions import Session
from telephony.times import iso_ms_at

_PAGE: Final = 500
_TO_THE_MINUTE: Final = len("2026-11-26T06:05")


class Entry(msgspec.Struct, frozen=True):
    """One entry of the log: its place in it, the account's name, the event's JSON document; is it for destinations."""

    place: str
    account: str
    document: bytes
    deliver: bool = True


class _Typed(msgspec.Struct):
    """The part of an event that says what it is."""

    type: str


def published(
    account: str, event: CallEvent, *, retention: float, deliver: bool = True, session: Session | None = None
) -> Command:
    """Give the step that publishes an event, once, and indexes its call; `runtime.leases.COMMIT` carries it out.

    History that nobody waits for is written down with `deliver` false: it is in the log, and sent to no destination.
    `session` is the call as track has indexed it already.
    """
    revisions = keys.revisions(account, event.subject)
    text, revision = encode(event), str(event.data.revision)
    stream = (keys.OUTCOMES, text, event.type, event.subject, account)
    words = (revisions, revision, str(int(retention)), *stream, _tally(event) if deliver else "", event.data.outcome)
    channels = _channels(account, event) if deliver else ()
    index = call_index.told(account, event, session)
    return ("PUBLISHED" if deliver else "KEPT", *words, str(len(channels)), *channels, *index)


def _tally(event: CallEvent) -> str:
    """Name the minute a call is counted in: by its first outcome, and once."""
    minute = event.data.timing.published_at[:_TO_THE_MINUTE]
    return keys.tally(minute) if event.data.revision == 1 else ""


class Tallies:
    """Counts the calls whose first outcome was published in each of the last minutes, by outcome.

    Minutes that have passed are read again only when the next begins: seldom is a call counted later in them.
    """

    def __init__(self, redis: Redis, *, minutes: int) -> None:
        self._redis = redis
        self._minutes = minutes
        self._counted: dict[str, Mapping[str, int]] = {}

    def now(self) -> tuple[Mapping[str, int], ...]:
        """Give the minutes' counts, the oldest first. Raises RedisError."""
        now = redis_time(self._redis)
        names = [keys.tally(iso_ms_at(now - 60 * ago)[:_TO_THE_MINUTE]) for ago in reversed(range(self._minutes))]
        asked = names[-2:] if names == list(self._counted) else names
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in asked:
                pipeline.hgetall(name)
            counts = [{word.decode(): int(count) for word, count in one.items()} for one in pipeline.execute()]
        known = {**self._counted, **dict(zip(asked, counts, strict=True))}
        self._counted = {name: known[name] for name in names}
        return tuple(self._counted.values())


def live(account: str, event: LiveEvent) -> Command:
    """Give the step that tells only those who are watching just now."""
    return ("TOLD", encode(event), *_channels(account, event))


def _channels(account: str, event: CallEvent | LiveEvent) -> tuple[str, ...]:
    return (keys.LIVE, keys.live(account), *(keys.live(account, extension) for extension in event.data.extensions))


def after(redis: Redis, place: str, *, most: int, wait_ms: int | None = None) -> list[Entry]:
    """Read what was published after `place`, oldest first; where there is nothing, wait up to `wait_ms` for some."""
    if wait_ms is not None:
        redis.xread({keys.OUTCOMES: place}, block=wait_ms, count=1)
    return list(entries_of(redis.xrange(keys.OUTCOMES, min=f"({place}", count=most)))


def end(redis: Redis) -> tuple[str, int]:
    """Give the place of the log's last entry, and how many entries there ever were."""
    return streams.end(redis, keys.OUTCOMES)


def at_places(redis: Redis, places: Sequence[str]) -> list[Entry]:
    """Read the entries at these places, in their order; those the log no longer holds are absent."""
    with redis.pipeline(transaction=False) as pipeline:
        for place in places:
            pipeline.xrange(keys.OUTCOMES, min=place, max=place)
        return [entry for rows in pipeline.execute() for entry in entries_of(rows)]


def between(redis: Redis, first: str, last: str) -> Iterator[Entry]:
    """Read the log from one place to another, the oldest entry first."""
    return (_entry(*row) for row in streams.entries(redis, keys.OUTCOMES, first=first, last=last))


def newest_first(redis: Redis, *, page: int = _PAGE) -> Iterator[Entry]:
    """Read the log backwards, from its end as it is now, so many entries at a time."""
    place = "+"
    while True:
        rows = cast("list[Any]", redis.xrevrange(keys.OUTCOMES, max=place, count=page))
        yield from entries_of(rows)
        if len(rows) < page:
            return
        place = f"({rows[-1][0].decode()}"


def event_of(document: bytes) -> CallEvent | None:
    """Read an event's document; None for one that only a later version can read, which must hide no other."""
    try:
        return decode(document)
    except msgspec.MsgspecError:
        return None


def type_of(document: bytes) -> str:
    """Read the type of an event's document, and nothing else of it."""
    return msgspec.json.decode(document, type=_Typed).type


def entries_of(rows: Any) -> tuple[Entry, ...]:
    """Read the answer of XRANGE."""
    return tuple(_entry(*row) for row in rows)


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    deliver = fields.get(b"deliver") != b"no"
    return Entry(entry_id.decode(), fields[b"account"].decode(), fields[b"event"], deliver)


def newest(redis: Redis, account: str, telephony_session_id: str) -> CallData | None:
    """Read the last published revision of a call; None when there is none, or the log no longer holds it."""
    entry = newest_of(redis, account, [telephony_session_id]).get(telephony_session_id)
    return None if entry is None else decode(entry.document).data


def newest_of(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, Entry]:
    """Read the last published entries of these calls; those of which the log holds none are absent."""
    if not ids:
        return {}
    with redis.pipeline(transaction=False) as pipeline:
        for one in ids:
            pipeline.hgetall(keys.revisions(account, one))
        places = [found.get(found.get(b"last")) for found in pipeline.execute()]
    there = {one: place.decode() for one, place in zip(ids, places, strict=True) if place}
    entries = {entry.place: entry for entry in at_places(redis, list(there.values()))}
    return {one: entries[place] for one, place in there.items() if place in entries}


def last_revisions(redis: Redis, calls: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Give the last revision published of each of these calls (account and id), as far as that is known."""
    with redis.pipeline(transaction=False) as pipeline:
        for account, one in calls:
            pipeline.hget(keys.revisions(account, one), "last")
        found = pipeline.execute()
    return {one: int(last) for (_, one), last in zip(calls, found, strict=True) if last is not None}


def revisions(redis: Redis, account: str, telephony_session_id: str) -> list[bytes]:
    """Read every event published of one call, oldest first, as far as the log still holds them."""
    places = cast("dict[bytes, bytes]", redis.hgetall(keys.revisions(account, telephony_session_id)))
    numbers = sorted((name for name in places if name.isdigit()), key=int)
    return [entry.document for entry in at_places(redis, [places[number].decode() for number in numbers])]
