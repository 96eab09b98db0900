"""A line to Redis: the quick way to send what somebody outside is waiting for, or what is sent all the time.

redis-py's client draws a connection from its pool, checks it, looks up how the command is to be treated and wraps it
all in retries; that is most of what an append costs. A line borrows redis-py's connections, so that addresses, logins,
TLS and Sentinel work as everywhere else, and does nothing with them but write and read.
"""

import threading
import weakref
from collections.abc import Sequence
from typing import Any, Final, cast

import hiredis
from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import ConnectionError as BrokenConnectionError
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as NoAnswerError
from redis.retry import Retry

Word = str | bytes | int

_ONCE: Final = Retry(NoBackoff(), 0)


class Line:
    """Sends commands with the time limits of `redis`, each over a connection of its own. Safe to share by threads.

    Its connections are closed when nobody has it any more.

    When a connection turns out to be broken, because Redis was restarted, the command is sent once more over a new
    one; so it may be applied twice. When Redis gives no answer in time it is not sent again, and until Redis answers
    one caller at a time tries while all others are refused at once: a frozen Redis must not hold every thread.
    """

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._idle: list[Any] = []
        weakref.finalize(self, _close, self._idle)
        self._silent = False
        self._trying = threading.Lock()

    def call(self, *words: Word) -> Any:
        """Send one command and give Redis's reply as it came. Raises RedisError."""
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub allows one word only
        if not self._silent:
            return self._exchange(packed)
        if not self._trying.acquire(blocking=False):
            raise NoAnswerError("Redis has not answered yet since it fell silent")
        try:
            return self._exchange(packed)
        finally:
            self._trying.release()

    def run(self, script: Script, *words: Word) -> Any:
        """Run a script with the count of its keys, the keys and the arguments. Raises RedisError."""
        try:
            return self.call("EVALSHA", script.sha, *words)
        except NoScriptError:  # Redis was restarted, or never saw the script: this teaches it
            return self.call("EVAL", cast("str", script.script), *words)

    def _exchange(self, packed: bytes) -> Any:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new_connection()
        try:
            reply = _ask_twice(connection, packed)
        except NoAnswerError:
            self._silent = True
            raise
        finally:
            self._idle.append(connection)
        self._silent = False
        return reply

    def _new_connection(self) -> Any:
        return self._pool.connection_class(**{**self._pool.connection_kwargs, "retry": _ONCE})


def _close(connections: Sequence[Any]) -> None:
    for connection in connections:
        connection.disconnect()


def _ask_twice(connection: Any, packed: bytes) -> Any:
    try:
        return _ask(connection, packed)
    except BrokenConnectionError:
        return _ask(connection, packed)


def _ask(connection: Any, packed: bytes) -> Any:
    """Write a command and read its reply. After any failure the connection is closed, and opened by the next use."""
    if not connection.is_connected:
        connection.connect()  # asks Sentinel, where there is one, for today's master
    connection.send_packed_command([packed], check_health=False)
    return connection.read_response(disconnect_on_error=True)
