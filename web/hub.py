"""The hub: one reader of Redis for each process, and everybody who watches beside it.

The reader listens to the live channel. What is told there during calls is passed on as it is; that an event was
published only makes it read the outcome log, so that each event has its place and none is missed, whatever the channel
lost. Watchers share one ring of the newest news; who falls behind reads what it missed from the log. While nobody has a
seat, the reader rests after each reading until somebody asks for more: dashboards do, when they may be told again.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

import msgspec
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from runtime import keys, outcome_log
from runtime.clocks import stopwatch
from runtime.logs import log
from runtime.outcome_log import type_of
from telephony.events import ENDED, OUTCOME

KEPT: Final = 512
"""News in the ring; a watcher that is further behind has missed what happened during calls."""

LOOK_SECONDS: Final = 1.0
"""How often the log is looked at although nothing was heard: the channel may lose what the log has."""

REST_SECONDS: Final = 5.0
"""How long the reader rests at most."""

_PAGE: Final = 200
_PAUSE: Final = 1.0
_LOGGED: Final = frozenset({ENDED, OUTCOME})


class News(msgspec.Struct, frozen=True):
    """One thing to tell: `place` in the log, or None for what only those hear who watch just now.

    `at` is when it was heard, by the stopwatch.
    """

    number: int
    at: float
    place: str | None
    type: str
    document: bytes


class Hub:
    """Passes news on to at most `seats` watchers at a time. Its thread begins with the first of them."""

    def __init__(self, redis: Redis, *, seats: int) -> None:
        self.on_news: Callable[[], None] | None = None
        """Called in the hub's thread whenever there is news; it must not take long."""

        self._redis = redis
        self._seats = seats
        self._taken = 0
        self._asked = threading.Event()
        self._changed = threading.Condition()
        self._ring: deque[News] = deque(maxlen=KEPT)
        self._count = 0
        self._place: str | None = None
        self._listening = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """Take a seat while the block runs; False where none is free."""
        with self._changed:
            is_free = self._taken < self._seats
            self._taken += is_free
        self.ask()
        try:
            yield is_free
        finally:
            with self._changed:
                self._taken -= is_free

    def ask(self) -> None:
        """Have the reader go on, should it rest."""
        self._asked.set()

    def now(self) -> tuple[int, str]:
        """Say where the ring and the log end just now; from there on nothing is missed. Raises RedisError."""
        with self._changed:
            number = self._count
            if self._place is not None and self._taken:
                return number, self._place
        place, _ = outcome_log.end(self._redis)  # while the reader rests, the ring is behind it
        with self._changed:
            if self._place is None:
                self._place = place
                self._thread.start()
        return number, place

    def after(self, number: int, *, wait: float = 0.0) -> tuple[News, ...]:
        """Give what is in the ring after `number`; where there is nothing, wait for some, or to be sent away."""
        with self._changed:
            if self._count <= number and not self._stopped.is_set():
                self._changed.wait(wait)
            return tuple(one for one in self._ring if one.number > number)

    def wait_until_listening(self) -> None:
        """Return when whatever is told from now on will be heard."""
        self._listening.wait()

    @property
    def is_stopping(self) -> bool:
        """Whether who watches shall come again later, to another process."""
        return self._stopped.is_set()

    def dismiss(self) -> None:
        """Send everybody away who watches, and listen no more."""
        self._stopped.set()
        self.ask()
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Do the same, and return when that is so."""
        self.dismiss()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except RedisError as error:
                log.warning("hub.redis_away", error=type(error).__name__)
                self._stopped.wait(_PAUSE)

    def _listen(self) -> None:
        """Pass on what is heard until the connection breaks. Raises RedisError."""
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]  # redis-py's
            channel.subscribe(keys.LIVE)
            while not self._stopped.is_set():
                heard = list(islice(_heard(channel), KEPT))
                self._listening.set()
                before = self._count
                self._tell([(None, kind, document) for kind, document in heard if kind and kind not in _LOGGED])
                if not heard or any(kind in _LOGGED for kind, _ in heard):
                    self._catch_up()
                if self._count > before and not self._taken:
                    self._asked.wait(REST_SECONDS)
                self._asked.clear()

    def _catch_up(self) -> None:
        """Pass on what was published; history that is told to nobody is passed over, as it is on the channels."""
        while entries := outcome_log.after(self._redis, self._place or "0-0", most=_PAGE):
            self._tell([(one.place, type_of(one.document), one.document) for one in entries if one.deliver])
            with self._changed:
                self._place = entries[-1].place

    def _tell(self, told: list[tuple[str | None, str, bytes]]) -> None:
        if not told:
            return
        now = stopwatch()
        with self._changed:
            for place, kind, document in told:
                self._count += 1
                self._place = place or self._place
                self._ring.append(News(self._count, now, place, kind, document))
            self._changed.notify_all()
        if (on_news := self.on_news) is not None:
            on_news()


def _heard(channel: PubSub) -> Iterator[tuple[str | None, bytes]]:
    """Wait until something is heard, and give the type and document of all that was. Raises RedisError."""
    message = channel.get_message(timeout=LOOK_SECONDS)  # None, too, once the channel is subscribed to
    while message is not None:
        yield _kind(message["data"]), message["data"]
        message = channel.get_message(timeout=LOOK_SECONDS) if _has_more(channel) else None


def _has_more(channel: PubSub) -> bool:
    """Say whether more is there already. Asked for without patience, half a message would break the connection."""
    connection: Any = channel.connection
    return bool(connection.can_read())


def _kind(document: bytes) -> str | None:
    """Read the type of what was heard; None for what is no event: anybody may publish on a channel."""
    try:
        return type_of(document)
    except (ValueError, RecursionError):  # broken characters and depth have errors of their own
        return None
