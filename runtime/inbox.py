"""The inbox: the log of what RingCentral told us, word for word.

`web` appends a body and answers; everything else happens later, from here. Requests that arrive while an append is on
its way share the next one (group commit), so that under load many bodies cost one round trip, and a lone one waits for
nobody. The append and the decision whether a bell must be rung are one script.
"""

import threading
from contextlib import suppress
from typing import Final

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from runtime import bells, keys
from runtime.bells import Stage

_APPEND: Final = """
-- Store bodies. KEYS: inbox, rung, bells. ARGV: rung time (ms), bell, body... Gives 1 when the bell must be rung.
for i = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'body', ARGV[i]) end
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[3], 'LT', tonumber(redis.call('TIME')[1]) + 2, ARGV[2])
return 1
"""

MOST_TOGETHER: Final = 64
"""Bodies in one append; 64 of the largest allowed are 16 MiB."""


class Entry(msgspec.Struct, frozen=True):
    """One stored body. `id` is its place in the inbox; its first part is the time of arrival in milliseconds."""

    id: str
    body: bytes

    @property
    def arrived_at(self) -> float:
        """Seconds since 1970, by Redis's clock."""
        return int(self.id.partition("-")[0]) / 1000


class _Ticket:
    """A body on its way, and the thread that waits for it: until it is stored, or until it is its turn to store."""

    __slots__ = ("body", "done", "error", "turn")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.done = False
        self.error: Exception | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Inbox:
    """One account's inbox, for appending. Safe to share between threads."""

    def __init__(self, redis: "Redis", account: str) -> None:
        self._redis = redis
        self._account = account
        self._append = redis.register_script(_APPEND)
        self._keys = [keys.inbox(account), keys.rung(account, Stage.TRACK), keys.BELLS]
        self._args = (str(bells.RUNG_SECONDS * 1000), bells.member(Stage.TRACK, account))
        self._mutex = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._busy = False

    def append(self, body: bytes) -> None:
        """Store `body` and see to it that it is tracked. When this returns, Redis has it. Raises RedisError."""
        ticket = _Ticket(body)
        with self._mutex:
            self._waiting.append(ticket)
            wait, self._busy = self._busy, True
        if wait:
            ticket.turn.acquire()
        if not ticket.done:
            self._store_waiting()
        if ticket.error is not None:
            raise ticket.error

    def _store_waiting(self) -> None:
        """Store what waits, this thread's own body among it, and give the turn to the first that came meanwhile."""
        with self._mutex:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        try:
            self._store(batch)
        except Exception as error:  # noqa: BLE001 - every waiting thread raises it
            for ticket in batch:
                ticket.error = error
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._busy = following is not None
        for ticket in batch:
            ticket.done = True
            ticket.turn.release()
        if following is not None:
            following.turn.release()

    def _store(self, batch: list[_Ticket]) -> None:
        if self._append(keys=self._keys, args=[*self._args, *(ticket.body for ticket in batch)]):
            with suppress(RedisError):  # the bodies are stored, and the clock rings within seconds in our place
                bells.ring(self._redis, Stage.TRACK, self._account)
