"""Find the Redis of this installation: the configured one, else the embedded server of a running `./scripts/run`."""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from redis import Redis, RedisError
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.exceptions import ConnectionError as BrokenConnectionError
from redis.exceptions import TimeoutError as NoAnswerError
from tqdm import tqdm

from runtime.redis_client import Profile, connect
from runtime.setting_values import redis_url
from runtime.settings import SettingsError
from scripts.supervisor.embedded import URL_FILE
from scripts.supervisor.environment import gather
from scripts.terminal.command import Refused
from scripts.venv import ROOT

T = TypeVar("T")

AWAY_SECONDS: Final = 1.0
"""How long it is until a Redis that is away is asked again."""

AT_THE_TERMINAL: Final = Profile(timeout=10, connect_timeout=3, retries=1, longest_pause=0)
"""Somebody is waiting: a Redis that is away is said so at once."""


class NoRedis(Refused):
    """No Redis was found, it does not answer, or it refuses; the message says which, or what to do."""


class Server(NamedTuple):
    """An embedded server that runs: where its data is, and its address."""

    home: Path
    url: str


@contextmanager
def open_redis(data: Path, *, root: Path = ROOT) -> Iterator[Redis]:
    """Connect to the Redis of this installation while the block runs. Raises NoRedis, also when it goes away."""
    with reach(find_url(os.environ, data, root=root)) as redis:
        try:
            yield redis
        except NoPermissionError as error:
            raise NoRedis(f"Redis refuses: {error}") from error
        except RedisError as error:
            why = (
                f"Redis refuses: {error} ./scripts/doctor.py redis-role memory tells more" if refuses(error) else error
            )
            raise NoRedis(str(why)) from error


def refuses(fault: RedisError) -> bool:
    """Say whether Redis was there and would not: it is full, or a replica, whose word our client takes for a cut."""
    return isinstance(fault, ResponseError) or isinstance(fault.__cause__, ResponseError)


def patiently(look: Callable[[], T], *, until: float = math.inf) -> T:
    """Give what there is to see of what goes on by itself: a Redis that is away, as while it restarts, is waited for.

    That is said once. Raises RedisError for what does not pass, and where the time is over (a monotonic clock's).
    """
    is_said = False
    while True:
        try:
            return look()
        except (BrokenConnectionError, NoAnswerError) as fault:
            if isinstance(fault, AuthenticationError) or time.monotonic() > until:
                raise
            if not is_said:
                tqdm.write(f"waiting for Redis: {fault}", file=sys.stderr)  # beside a bar, where one is drawn
            is_said = True
            time.sleep(AWAY_SECONDS)


def reach(url: str) -> Redis:
    """Connect to the Redis at this address, and see that it answers. Raises NoRedis, which tells no password."""
    try:
        redis = connect(redis_url(url), AT_THE_TERMINAL)
        redis.ping()
    except ValueError as error:
        raise NoRedis(f"REDIS_URL {error}") from None
    except (AuthenticationError, NoPermissionError) as error:
        raise NoRedis(f"Redis refuses: {error}") from error
    except RedisError as error:
        raise NoRedis(f"Redis does not answer: {error}") from error
    return redis


def find_url(environ: Mapping[str, str], data: Path, *, root: Path = ROOT) -> str:
    """Say where Redis is: REDIS_URL of the environment or of .env, else an embedded server that runs on `data`.

    Raises NoRedis when neither is there.
    """
    try:
        configured = gather(environ, root=root).get("REDIS_URL")
    except SettingsError as fault:
        raise NoRedis(str(fault)) from fault
    if configured:
        return configured
    if (server := running_server(data)) is not None:
        return server.url
    raise NoRedis(f"no Redis: set REDIS_URL, or start ./scripts/run (looked for its server in {data})")


def running_server(data: Path) -> Server | None:
    """Find the embedded server that runs on `data`, of several the one that was started last.

    One that was killed has left an address at which nobody answers.
    """
    files = sorted(data.glob(f"*/{URL_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    left = (Server(file.parent, file.read_text().strip()) for file in files)
    return next((server for server in left if _answers(server.url)), None)


def _answers(url: str) -> bool:
    try:
        with connect(url, AT_THE_TERMINAL) as redis:
            return bool(redis.ping())
    except RedisError:
        return False
