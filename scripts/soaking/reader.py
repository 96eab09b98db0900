"""A reader of the outcome log, as any other system would be: a consumer group that acknowledges what it has kept."""

import threading
from typing import Any, Final

import msgspec
from redis import Redis, RedisError, ResponseError

from runtime.keys import OUTCOMES
from scripts.supervisor.summary import Event

GROUP: Final = "soak"
_BATCH: Final = 500
_BLOCK_MILLISECONDS: Final = 500
_RETRY_SECONDS: Final = 0.3


class GroupReader:
    """Keeps every event it reads, by its place in the log; reading one again changes nothing."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_all, name="reader", daemon=True)
        self.events: dict[bytes, Event] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def known(self) -> list[Event]:
        """Give what was read so far, in the order of the log."""
        return list(self.events.values())

    def _read_all(self) -> None:
        place = "0"  # first what an earlier try had read and not acknowledged
        while not self._stop.is_set():
            try:
                place = self._read(place)
            except RedisError as error:
                place = "0"
                if "NOGROUP" in str(error):
                    self._make_group()
                self._stop.wait(_RETRY_SECONDS)

    def _read(self, place: str) -> str:
        answer: Any = self._redis.xreadgroup(
            GROUP, "reader", {OUTCOMES: place}, count=_BATCH, block=_BLOCK_MILLISECONDS
        )
        streams = answer.values() if isinstance(answer, dict) else [rows for _, rows in answer or ()]
        rows = [row for found in streams for row in (found[0] if found and isinstance(found[0], list) else found)]
        for entry_id, fields in rows:
            self.events[entry_id] = msgspec.json.decode(fields[b"event"], type=Event)
        if rows:
            self._redis.xack(OUTCOMES, GROUP, *(entry_id for entry_id, _ in rows))
        return place if rows else ">"

    def _make_group(self) -> None:
        try:
            self._redis.xgroup_create(OUTCOMES, GROUP, id="0", mkstream=True)
        except (ResponseError, RedisError):  # it is there already, or Redis is away just now
            return
