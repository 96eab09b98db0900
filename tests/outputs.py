"""What came out, as a consumer reads it: the outcome log and the live channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from redis import Redis

from runtime import keys
from telephony.events import CallEvent, decode
from telephony.operator_events import OperatorEvent

_END = "tests:end"
_OPERATOR = msgspec.json.Decoder(OperatorEvent)
Entry = tuple[bytes, dict[bytes, bytes]]


def entries(redis: Redis, stream: str) -> list[Entry]:
    """Read a whole stream."""
    return cast("list[Entry]", redis.xrange(stream))


def events(redis: Redis) -> list[CallEvent]:
    """Read everything published, in order."""
    return [decode(fields[b"event"]) for _, fields in entries(redis, keys.OUTCOMES)]


def events_of(redis: Redis, telephony_session_id: str) -> list[CallEvent]:
    """Read everything published of one call, in order."""
    return [event for event in events(redis) if event.subject == telephony_session_id]


def told_to_operators(redis: Redis) -> list[OperatorEvent]:
    """Read everything whoever runs Legwork was told, in order."""
    return [_OPERATOR.decode(fields[b"event"]) for _, fields in entries(redis, keys.OPERATOR)]


class Listener:
    """Somebody who was listening on some channels all the time."""

    def __init__(self, redis: Redis, channels: tuple[str, ...]) -> None:
        self._pubsub: Any = redis.pubsub()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        self._redis = redis
        self._pubsub.subscribe(*channels)
        for _ in channels:
            assert self._pubsub.get_message(timeout=5)["type"] == "subscribe"

    def heard(self) -> list[tuple[str, Any]]:
        """Give all (channel, JSON document) so far."""
        self._redis.publish(_END, b"null")
        messages: list[tuple[str, Any]] = []
        while (message := self._pubsub.get_message(timeout=5)) and message["channel"].decode() != _END:
            messages.append((message["channel"].decode(), msgspec.json.decode(message["data"])))
        return messages

    def close(self) -> None:
        """Stop listening."""
        self._pubsub.close()


@contextmanager
def listening(redis: Redis, *channels: str) -> Iterator[Listener]:
    """Listen on some channels from now on."""
    listener = Listener(redis, (*channels, _END))
    try:
        yield listener
    finally:
        listener.close()
