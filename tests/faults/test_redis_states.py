"""Redis full, read-only, on a full disk, and with clocks that differ: refused in time, and all goes on afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.redis_client import WORK, connect
from runtime.safety import Verdict, readiness
from scripts.simulator import running_simulator
from scripts.supervisor.embedded import EmbeddedRedis, server_program
from scripts.supervisor.environment import free_port
from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from tests.builders.calls import ivr_call
from tests.simulator.waiting import wait_until
from tests.web.posting import BODY, PATH, SIGNED, settings_of
from tests.workers.office import ACCOUNT, Office
from web.create_app import create_app
from workers.rq_worker import StageWorker

CALL = ivr_call()
SMALL_DISK_BLOCKS = 64  # of 512 bytes or 1 kB: more than the file begins with, and soon full


def end(office: Office) -> list[str]:
    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()
    return [event.id for event in office.published(CALL)]


@pytest.mark.parametrize(
    ("option", "value", "usual"),
    [("maxmemory", 1, "1gb"), ("min-replicas-to-write", 1, "0")],
    ids=["full", "takes no writes"],
)
def test_a_step_that_redis_refuses_is_made_again_when_it_does_not(
    office: Office, redis: Redis, option: str, value: int, usual: str
) -> None:
    office.hear(*CALL.bodies)
    redis.config_set(option, value)
    try:
        with pytest.raises(ResponseError):
            office.track()
        assert redis.get(keys.inbox_cursor(ACCOUNT)) is None
    finally:
        redis.config_set(option, usual)
    redis.delete(keys.lease(ACCOUNT, "track"))

    assert end(office) == [f"{CALL.telephony_session_id}/0"]


def test_a_worker_that_is_started_while_redis_takes_no_writes_waits_until_it_does(
    redis: Redis, redis_url: str, watchdog: Watchdog
) -> None:
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": redis_url}
    command = [sys.executable, "-m", "workers", "upkeep"]
    redis.config_set("min-replicas-to-write", 1)
    worker = Group(command, watchdog=watchdog, stdout=subprocess.PIPE, env=environ, cwd=ROOT)
    try:
        assert b"worker.waits" in worker.output.readline()
        assert worker.exit_code() is None
    finally:
        redis.config_set("min-replicas-to-write", 0)

    # RQ tells that a worker is there before it listens for the word to stop.
    wait_until(lambda: [redis.hget(one, "state") for one in redis.smembers("rq:workers")] == [b"idle"], 20)
    worker.ask_to_stop()
    wait_until(lambda: worker.exit_code() is not None, 20)
    assert worker.exit_code() == 0
    worker.output.close()


def test_a_worker_that_waits_for_redis_stops_when_it_is_told_to(watchdog: Watchdog) -> None:
    environ = {"PATH": os.environ["PATH"], "REDIS_URL": "redis://127.0.0.1:1/0"}
    worker = Group(
        [sys.executable, "-m", "workers", "upkeep"], watchdog=watchdog, stdout=subprocess.PIPE, env=environ, cwd=ROOT
    )
    assert b"worker.waits" in worker.output.readline()

    worker.ask_to_stop()

    wait_until(lambda: worker.exit_code() is not None, 20)
    assert worker.exit_code() == 0
    worker.output.close()


@pytest.mark.parametrize("hours", [-1, 1])
def test_due_times_are_redis_s_whatever_the_machine_s_clock_says(
    office: Office, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 3600 * hours)
    office.hear(*CALL.bodies)

    assert end(office) == [f"{CALL.telephony_session_id}/0"]
    due = office.redis.zscore(keys.due(ACCOUNT), CALL.telephony_session_id)
    assert due is not None
    assert 0 < due - redis_time(office.redis) < office.settings.settle_seconds + 1


@pytest.fixture
def small_disk(tmp_path: Path, watchdog: Watchdog) -> Iterator[Redis]:
    """Run a server whose append-only file may not grow beyond some kilobytes, as on a disk that is full."""
    port = free_port()
    options = f"--port {port} --dir {tmp_path} --appendonly yes --save '' --maxmemory-policy noeviction"
    command = f"trap '' XFSZ; ulimit -f {SMALL_DISK_BLOCKS}; exec {server_program()} {options}"
    group = Group(["/bin/sh", "-c", command], watchdog=watchdog, stdout=subprocess.DEVNULL)
    with Redis(port=port, socket_timeout=2) as redis:
        wait_until(lambda: answers(redis), 20)
        yield redis
    group.kill()


def answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def test_a_full_disk_under_the_append_only_file_is_told_and_nothing_is_accepted(small_disk: Redis) -> None:
    client = create_app(settings_of("redis://unused"), small_disk).test_client()

    codes = [client.post(PATH, data=BODY * 20, headers=SIGNED).status_code for _ in range(50)]
    wait_until(lambda: client.post(PATH, data=BODY, headers=SIGNED).status_code == 503, 10)

    assert set(codes) <= {200, 503}
    assert [check.name for check in readiness(small_disk) if check.verdict is Verdict.FAILED] == ["persistence"]
    assert small_disk.xlen(keys.inbox("default")) >= codes.count(200)


def test_an_append_only_file_that_lost_its_end_costs_one_command_and_no_call(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    server = EmbeddedRedis(tmp_path, watchdog=watchdog)
    server.start()
    with running_simulator() as platform:
        office = Office(server.url, platform)
        office.hear(*CALL.bodies)
        office.track()
        server.kill()
        file = max(tmp_path.glob("appendonlydir/*.incr.aof"))
        os.truncate(file, file.stat().st_size - 7)
        server.start()
        office.redis.delete(keys.lease(ACCOUNT, "track"))  # giving it back may be what was lost

        assert end(office) == [f"{CALL.telephony_session_id}/0"]
        office.close()
    server.stop()


def test_nothing_that_rq_keeps_of_a_failed_job_lives_for_ever(office: Office, redis: Redis) -> None:
    bells.ring(redis, Stage.TRACK, "an-account-that-is-no-more")
    office.dependencies.stopping.set()
    with connect(office.settings.redis_url, WORK) as own:
        worker = StageWorker(Stage.TRACK, own, office.dependencies)
        worker.work(burst=True, with_scheduler=False, logging_level="CRITICAL")

    kept = [*redis.scan_iter("rq:job:*"), *redis.scan_iter("rq:results:*")]
    assert kept
    assert all(0 < int(redis.ttl(key)) <= bells.FAILURE_TTL_SECONDS for key in kept)
