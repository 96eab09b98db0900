"""Connect to Redis: one place that decides time limits, retries and how an address is read.

redis-py's own defaults wait a minute on a frozen server, or do not retry at all, depending on the constructor, so
neither is used. Two profiles: INGEST fails fast, because RingCentral waits three seconds for its answer; WORK is
patient, because a worker has nothing better to do than wait for Redis to return.

Both send a command over redis-py's connections with less around it: what redis-py does for observers of whom there are
none, and for servers that announce their maintenance, is half of the time a command takes a worker
(docs/adr/0044-commands-go-past-redis-pys-observers.md).
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import hiredis
import msgspec
import redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

_SENTINEL_SCHEME: Final = "redis+sentinel"
_SENTINEL_PORT: Final = 26379
_DATABASE: Final = re.compile(r"(/[0-9]*)?/?")


class Profile(msgspec.Struct, frozen=True):
    """How long one command may take, and how often it is sent again. Times are seconds.

    A command that is sent again may be applied twice, so everything sent here is safe to apply twice. Unless `patient`,
    only a broken connection is a reason to send it again, not an answer that does not come.
    """

    timeout: float
    connect_timeout: float
    retries: int
    longest_pause: float
    patient: bool = True


INGEST: Final = Profile(timeout=0.4, connect_timeout=0.3, retries=1, longest_pause=0, patient=False)
WORK: Final = Profile(timeout=10, connect_timeout=3, retries=15, longest_pause=2)


class _Client(redis.Redis):
    """Sends a command, and sends it again as its profile says: what redis-py's own does, but for its observers."""

    def execute_command(self, *words: Any, **options: Any) -> Any:
        """Send a command and give the reply as redis-py does. Raises redis.RedisError."""
        pool: Any = self.connection_pool
        connection = pool.get_connection()

        def ask() -> Any:
            connection.connect()  # asks Sentinel, where there is one, for today's master
            connection.send_command(*words)
            return self.parse_response(connection, words[0], **options)  # type: ignore[no-untyped-call]  # redis-py's

        try:
            return connection.retry.call_with_retry(ask, lambda _error: connection.disconnect())
        except redis.ResponseError:
            raise
        except BaseException:  # as when a job's time is over: the reply is still to come, and would be the next one's
            connection.disconnect()
            raise
        finally:
            pool.release(connection)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "_Pipeline":  # noqa: FBT001, FBT002 - redis-py's
        """Give a pipeline, which takes several commands and sends them together."""
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _Pipeline(redis.client.Pipeline):
    """Sends its commands as redis-py's does; what ends them in the middle closes the connection, as above."""

    def immediate_execute_command(self, *words: Any, **options: Any) -> Any:
        """Send a command before the others. Raises redis.RedisError."""
        connection: Any = self.connection or self.connection_pool.get_connection()
        self.connection = connection
        return _whole(connection, super().immediate_execute_command, *words, **options)

    def _execute_transaction(self, connection: Any, *rest: Any) -> Any:
        return _whole(connection, super()._execute_transaction, connection, *rest)

    def _execute_pipeline(self, connection: Any, *rest: Any) -> Any:
        return _whole(connection, super()._execute_pipeline, connection, *rest)


def _whole(connection: Any, exchange: Callable[..., Any], *words: Any, **options: Any) -> Any:
    """Have commands sent and their replies read, and close the connection if that ends before all of them were."""
    try:
        return exchange(*words, **options)
    except (redis.ResponseError, redis.WatchError):
        raise
    except BaseException:
        connection.disconnect()
        raise


class _Pool(redis.ConnectionPool):
    """Lends a connection to one server and takes it back, and counts nothing.

    Nor does it look whether something came over a connection while nobody had it, which takes a system call: a broken
    one shows when it is used, and what was sent over it is sent again. Where there is a Sentinel, redis-py's own pool
    needs that look to notice that the master is another.
    """

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Lend a connection, a new one if need be."""
        self._checkpid()
        with self._lock:
            connection = self._available_connections.pop() if self._available_connections else None
            if connection is not None:
                self._in_use_connections.add(connection)
        if connection is None:  # which may take long to be made, and nobody else shall wait for that
            return super().get_connection()
        try:
            connection.connect()
        except BaseException:
            self.release(connection)
            raise
        return connection

    def release(self, connection: Any) -> None:
        """Take a connection back."""
        with self._lock:
            if connection in self._in_use_connections:
                self._in_use_connections.discard(connection)
                self._available_connections.append(connection)
                return
        super().release(connection)


def connect(url: str, profile: Profile) -> redis.Redis:
    """Make a client for `redis://`, `rediss://`, `unix://` or `redis+sentinel://host:port,host:port/service`.

    Of an address that `is_address` refuses this raises what it likes, now or with the first command.
    """
    options: dict[str, Any] = {
        "socket_timeout": profile.timeout,
        "socket_connect_timeout": profile.connect_timeout,
        "retry": _retry(profile),
        "health_check_interval": 0,
        "protocol": 3,
        "command_packer": _Packer(),
    }
    if urlsplit(url).scheme == _SENTINEL_SCHEME:
        return _from_sentinel(url, options)
    pool = _Pool.from_url(url, **options)
    pool.connection_class = _LEAVING[pool.connection_class]
    return _Client.from_pool(pool)


class _Leaving:
    """Leaves a server that takes no writes any more, so that the next use connects anew.

    After a failover the address of a managed primary leads to another server, and connections to the old one, a replica
    by now, may stay for ever. redis-py leaves it where a Sentinel told of it, and nowhere else.
    """

    def read_response(self, *words: Any, **options: Any) -> Any:
        """Read a reply. Raises ConnectionError in the place of ReadOnlyError."""
        try:
            return super().read_response(*words, **options)  # type: ignore[misc]  # of the connection it is mixed into
        except redis.ReadOnlyError as error:
            self.disconnect()  # type: ignore[attr-defined]  # as above
            raise redis.ConnectionError(str(error)) from error


class _Tcp(_Leaving, redis.Connection):
    """`redis://`."""


class _Tls(_Leaving, redis.SSLConnection):
    """`rediss://`."""


class _Unix(_Leaving, redis.UnixDomainSocketConnection):
    """`unix://`."""


_LEAVING: Final[Mapping[type, type]] = MappingProxyType(
    {redis.Connection: _Tcp, redis.SSLConnection: _Tls, redis.UnixDomainSocketConnection: _Unix}
)


def is_address(url: str) -> bool:
    """Say whether `connect` can read this address to its end; nothing is asked of the server."""
    try:
        client = connect(url, WORK)
        parts = urlsplit(url)
        if parts.scheme in {"redis", "rediss"} and not _DATABASE.fullmatch(parts.path):
            return False  # redis-py takes `/1/2` for 12, and words for no database
        if parts.query:
            client.connection_pool.make_connection()  # only a connection refuses what is no option
    except (ValueError, TypeError, redis.RedisError):  # as redis-py tells it
        return False
    return True


class _Packer:
    """Writes commands as redis-py does with hiredis, without its look at the type of each of many hundred words."""

    def pack(self, *words: Any) -> list[bytes]:
        """Write a command; the first word may be several, as in `SCRIPT LOAD`. Raises redis.DataError."""
        name = words[0].encode() if isinstance(words[0], str) else words[0]
        if b" " in name:
            words = (*name.split(), *words[1:])
        try:
            return [hiredis.pack_command(words)]
        except TypeError as error:
            raise redis.DataError(str(error)) from error


def _retry(profile: Profile) -> Retry:
    pause = ExponentialWithJitterBackoff(profile.longest_pause, 0.1) if profile.longest_pause else NoBackoff()
    no_answer = (redis.TimeoutError, TimeoutError) if profile.patient else ()
    return Retry(pause, profile.retries, (redis.ConnectionError, *no_answer))


def _from_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    sentinels = [urlsplit(f"//{host}") for host in hosts.split(",")]
    addresses = [(one.hostname or "", one.port or _SENTINEL_PORT) for one in sentinels]
    service, _, database = parts.path.strip("/").partition("/")
    asking = {key: options[key] for key in ("socket_timeout", "socket_connect_timeout")}
    asking["retry"] = Retry(NoBackoff(), 0)  # the next sentinel is asked instead
    sentinel: Any = Sentinel(addresses, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py leaves it so
    master: redis.Redis = sentinel.master_for(
        service or "mymaster",
        redis_class=_Client,
        db=int(database or 0),
        username=unquote(user) or None,
        password=unquote(password) or None,
        **options,
    )
    return master
