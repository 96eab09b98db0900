"""Follow the outcome log, as any other system would, and show each event as one line."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from redis import Redis, RedisError

from runtime import outcome_log
from runtime.keys import OUTCOMES
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.summary import Data, Event, Person
from scripts.terminal.tables import harmless

ENDED = "legwork.call.ended"
BATCH = 500
BLOCK_MILLISECONDS = 500
RETRY_SECONDS = 0.5


class Follower:
    """Passes on every event published from now on, once; those that are to be judged later it keeps as well."""

    def __init__(self, redis: Redis, *, on_event: Callable[[Event], None], keep: bool) -> None:
        self._redis = redis
        self._on_event = on_event
        self._keep = keep
        self._events: list[Event] = []
        self._last = outcome_log.end(redis)[0]

    def follow(self, stop: StopRequest) -> None:
        """Read until we are to stop; a server that is away for a while is waited for.

        What only a later version can read is passed over: it ends nothing here.
        """
        while not stop.wait(0):
            try:
                for entry_id, event in self._read():
                    self._last = entry_id.decode()
                    if event is None:
                        continue
                    if self._keep:
                        self._events.append(event)
                    self._on_event(event)
            except RedisError:
                stop.wait(RETRY_SECONDS)

    def events(self) -> list[Event]:
        """All events kept so far, in the order they were published."""
        return list(self._events)

    def _read(self) -> Iterator[tuple[bytes, Event | None]]:
        answer: Any = self._redis.xread({OUTCOMES: self._last}, count=BATCH, block=BLOCK_MILLISECONDS)
        for entries in answer[OUTCOMES.encode()] if answer else ():
            for entry_id, fields in entries:
                yield entry_id, _event_of(fields.get(b"event", b""))


def _event_of(document: bytes) -> Event | None:
    try:
        return msgspec.json.decode(document, type=Event)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def line(event: Event, *, now: datetime) -> str:
    """Show an event: when, how the call ended, which revision, seconds since the end, who with whom."""
    data = event.data
    shown = "ended" if event.type == ENDED else data.outcome or "?"
    text = (
        f"{now:%H:%M:%S}  {shown:<18} {data.direction or '':<8} rev {data.revision} {_delay(data, now):>7}"
        f"  {person(data.from_)} → {person(data.to)}"
    )
    if data.caller_status or data.callee_status:
        text += f"  (caller: {data.caller_status or '-'}, callee: {data.callee_status or '-'})"
    return harmless(text)


def person(who: Person | None) -> str:
    """Name one side of a call by what is known of it."""
    if who is None:
        return "?"
    number = who.phone_number or (f"ext. {who.extension_number}" if who.extension_number else None)
    return " ".join(part for part in (number, who.name) if part) or "?"


def _delay(data: Data, now: datetime) -> str:
    if data.end_time is None:
        return ""
    return f"{(now - datetime.fromisoformat(data.end_time)).total_seconds():.1f} s"
