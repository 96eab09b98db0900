"""The demonstration on the Redis this machine has installed, as a deployment would have one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis, RedisError

from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import SHORT_CALLS, running
from tests.simulator.waiting import wait_until

CALLS = 25  # so many hold every kind of scenario


def answers(url: str) -> bool:
    with Redis.from_url(url) as redis:
        try:
            return bool(redis.ping())
        except RedisError:
            return False


@pytest.fixture
def installed_redis(tmp_path: Path, watchdog: Watchdog) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on the PATH: only the embedded server was tried")
    socket = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--appendonly", "yes", "--save", "", "--dir", str(tmp_path)]
    with (tmp_path / "redis.log").open("wb") as log:
        group = Group([program, *options], watchdog=watchdog, stdout=log)
    url = f"unix://{socket}"
    wait_until(lambda: answers(url), 30)
    yield url
    group.stop(grace=10)


def test_the_demonstration_runs_on_an_installed_redis_as_well(
    installed_redis: str, tmp_path: Path, watchdog: Watchdog
) -> None:
    options = ("--calls", str(CALLS), "--exit", "--rate", "8", "--seed", "3", "--box", SHORT_CALLS)
    with running(tmp_path / "data", *options, watchdog=watchdog, REDIS_URL=installed_redis) as product:
        assert product.wait(100) == 0, product.output
        assert f"{CALLS} of {CALLS}" in product.output
