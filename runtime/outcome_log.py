"""The outcome log: what we told the world, each fact once, in a stream for machines and on channels for dashboards.

The stream `legwork:outcomes` and the Pub/Sub channels carry the same JSON documents (CloudEvents). Publishing is a step
of the commit that decided it, so an event is in the log exactly when the ledger says that it was published.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

from redis import Redis

from runtime import keys
from runtime.leases import Command
from telephony.events import CallData, CallEvent, LiveEvent, decode, encode

_BLOCK_MS: Final = 1000


def published(account: str, event: CallEvent, *, retention: float) -> Command:
    """Give the step that publishes an event, once; `runtime.leases.COMMIT` carries it out."""
    revisions = keys.revisions(account, event.subject)
    text, revision = encode(event), str(event.data.revision)
    stream = (keys.OUTCOMES, text, event.type, event.subject, account)
    return ("PUBLISHED", revisions, revision, str(int(retention)), *stream, *_channels(account, event))


def live(account: str, event: LiveEvent) -> list[Command]:
    """Give the commands that tell only those who are watching just now."""
    text = encode(event)
    return [("PUBLISH", channel, text) for channel in _channels(account, event)]


def _channels(account: str, event: CallEvent | LiveEvent) -> tuple[str, ...]:
    return (keys.LIVE, keys.live(account), *(keys.live(account, extension) for extension in event.data.extensions))


def follow(redis: "Redis", after: str = "$") -> Iterator[tuple[str, bytes]]:
    """Yield (id, JSON document) of every event after `after`, and wait for more; '$' begins with the next one.

    Yields ("", b"") about once a second while nothing comes, so that the caller can do something else.
    """
    while True:
        answer: Any = redis.xread({keys.OUTCOMES: after}, block=_BLOCK_MS, count=100)
        entries = _entries(answer)
        if not entries:
            yield "", b""
        for entry_id, fields in entries:
            after = entry_id.decode()
            yield after, fields[b"event"]


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Take the entries of the one stream we read; RESP2 answers in a list, RESP3 in a mapping."""
    streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()]
    found: list[tuple[bytes, dict[bytes, bytes]]] = []
    for entries in streams:
        found += entries[0] if entries and isinstance(entries[0], list) else entries
    return found


def newest(redis: "Redis", account: str, telephony_session_id: str) -> CallData | None:
    """Read the last published revision of a call; None when there is none, or the log no longer holds it."""
    published = revisions(redis, account, telephony_session_id)
    return decode(published[-1]).data if published else None


def revisions(redis: "Redis", account: str, telephony_session_id: str) -> list[bytes]:
    """Read every event published of one call, oldest first, as far as the log still holds them."""
    ids = cast("dict[bytes, bytes]", redis.hgetall(keys.revisions(account, telephony_session_id)))
    places = [ids[number] for number in sorted((name for name in ids if name != b"last"), key=int)]
    found = (redis.xrange(keys.OUTCOMES, min=place, max=place) for place in places)
    return [fields[b"event"] for entries in found for _, fields in cast("list[Any]", entries)]
