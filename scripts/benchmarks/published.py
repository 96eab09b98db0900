"""When each call's outcome was published, read from where any other system would read it."""

import threading
import time

import msgspec
from redis import Redis

from runtime import streams
from runtime.keys import OUTCOMES
from telephony.events import OUTCOME


class Published(msgspec.Struct, frozen=True):
    """What was told of one call: when its outcome first (seconds since 1970), and how it ended as told last."""

    first_at: float
    outcome: str | None


class _Data(msgspec.Struct, frozen=True):
    confirmed: bool
    outcome: str | None = None


class _Event(msgspec.Struct, frozen=True):
    data: _Data


def from_outcome_log(redis: Redis, after: str = "-") -> dict[str, Published]:
    """Read the outcome log of a run: every session whose outcome is there, confirmed by the call log.

    The time is that of the entry's id, which Redis gave it: no reader had to be quick.
    """
    found: dict[str, Published] = {}
    for entry_id, fields in streams.entries(redis, OUTCOMES, first=after):
        if fields[b"type"] != OUTCOME.encode():
            continue
        event = msgspec.json.decode(fields[b"event"], type=_Event)
        subject = fields[b"subject"].decode()
        if event.data.confirmed:
            at = found[subject].first_at if subject in found else streams.added_at(entry_id.decode())
            found[subject] = Published(at, event.data.outcome)
    return found


class Listener:
    """Hears what the baseline publishes on a Pub/Sub channel: it keeps nothing, so somebody must listen all along."""

    def __init__(self, redis: Redis, channel: str) -> None:
        self._found: dict[str, Published] = {}
        self._channel = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py's
        self._channel.subscribe(channel)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def heard(self) -> dict[str, Published]:
        """Give what was heard so far."""
        return dict(self._found)

    def close(self) -> None:
        """Listen no more."""
        self._stopping.set()
        self._thread.join()
        self._channel.close()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            message = self._channel.get_message(timeout=0.2)
            if message is not None:
                call = msgspec.json.decode(message["data"])
                said = Published(time.time(), call.get("outcome"))
                self._found.setdefault(call["telephonySessionId"], said)
