"""Redis as deployments have it, by Debian's programs: over TLS, and behind Sentinel, whose primary is killed."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from redis.exceptions import RedisError

from runtime import keys
from runtime.inbox import Inbox
from runtime.redis_client import INGEST, connect
from scripts.simulator import running_simulator
from scripts.supervisor.environment import free_port
from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from tests.builders.calls import ivr_call
from tests.destinations.certificates import Authority
from tests.simulator.waiting import wait_until
from tests.workers.office import ACCOUNT, Office

CALL = ivr_call()
SERVER, SENTINEL = shutil.which("redis-server"), shutil.which("redis-sentinel")
needs_server = pytest.mark.skipif(SERVER is None, reason="no redis-server on the PATH: TLS was not tried")
needs_sentinel = pytest.mark.skipif(
    SERVER is None or SENTINEL is None, reason="no redis-sentinel on the PATH: the failover was not tried"
)


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def ended(office: Office) -> list[str]:
    office.ended(CALL)
    return [event.id for event in office.published(CALL)]


def started(stack: ExitStack, watchdog: Watchdog, folder: Path, *argv: str) -> Group:
    with (folder / "log").open("ab") as log:
        group = Group(argv, watchdog=watchdog, stdout=log, cwd=folder)
    stack.callback(group.kill)
    return group


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@needs_server
def test_over_tls_and_only_to_a_server_that_an_authority_vouches_for(
    tmp_path: Path, watchdog: Watchdog, stack: ExitStack
) -> None:
    authority = Authority(tmp_path)
    authority.signed_for("localhost")
    port, file = free_port(), str(tmp_path / "localhost.pem")
    tls = ["--tls-port", str(port), "--port", "0", "--tls-cert-file", file, "--tls-key-file", file]
    options = ["--tls-ca-cert-file", str(authority.path), "--tls-auth-clients", "no", "--dir", str(tmp_path)]
    started(stack, watchdog, tmp_path, SERVER or "", *tls, *options)
    trusting = f"rediss://localhost:{port}/0?ssl_ca_certs={authority.path}"
    wait_until(lambda: answers(trusting), 20)

    with running_simulator() as platform:
        office = Office(trusting, platform)
        Inbox(connect(trusting, INGEST), "other").append(b"by the quick line, too")
        assert ended(office) == [f"{CALL.telephony_session_id}/0"]
        assert office.redis.xlen(keys.inbox("other")) == 1
        office.close()
    assert not answers(f"rediss://localhost:{port}/0")
    assert not answers(f"redis://localhost:{port}/0")


@needs_sentinel
@pytest.mark.timeout(120)
def test_when_the_primary_dies_its_replica_takes_over_and_the_workers_go_on(
    tmp_path: Path, watchdog: Watchdog, stack: ExitStack
) -> None:
    first, second, sentinel = free_port(), free_port(), free_port()
    folders = {port: tmp_path / str(port) for port in (first, second, sentinel)}
    for folder in folders.values():
        folder.mkdir()
    common = ["--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0"]
    primary = started(stack, watchdog, folders[first], SERVER or "", "--port", str(first), *common)
    replica = ["--port", str(second), "--replicaof", "127.0.0.1", str(first), *common]
    started(stack, watchdog, folders[second], SERVER or "", *replica)
    wait_until(lambda: is_linked(second), 20)
    config = folders[sentinel] / "sentinel.conf"
    lines = [
        f"port {sentinel}",
        f"sentinel monitor legwork 127.0.0.1 {first} 1",
        "sentinel down-after-milliseconds legwork 500",
        "sentinel failover-timeout legwork 3000",
    ]
    config.write_text("\n".join(lines) + "\n")
    started(stack, watchdog, folders[sentinel], SENTINEL or "", str(config))
    url = f"redis+sentinel://127.0.0.1:{sentinel}/legwork"
    wait_until(lambda: knows_replica(sentinel), 30)

    with running_simulator() as platform:
        office = Office(url, platform)
        ingest = connect(url, INGEST)
        inbox = Inbox(ingest, ACCOUNT)
        begun, rest = CALL.bodies[:3], CALL.bodies[3:]
        for body in begun:
            inbox.append(body)
        office.track()
        office.redis.wait(1, 2000)

        primary.send(signal.SIGKILL)
        wait_until(lambda: takes_writes(second), 30)
        wait_until(lambda: appends(inbox, rest[0]), 20)
        for body in rest[1:]:
            inbox.append(body)

        office.redis.delete(keys.lease(ACCOUNT, "track"))
        office.track()
        office.let_pass(office.settings.quiet_seconds)
        office.track()
        assert [event.id for event in office.published(CALL)] == [f"{CALL.telephony_session_id}/0"]
        office.close()
        ingest.close()
        for redis in (office.redis, ingest):  # redis-py leaves what it asked the sentinels over open
            for asked in cast("Any", redis.connection_pool).sentinel_manager.sentinels:
                asked.close()


def is_linked(port: int) -> bool:
    try:
        with Redis(port=port) as redis:
            return bool(redis.info("replication").get("master_link_status") == "up")
    except RedisError:
        return False


def knows_replica(port: int) -> bool:
    try:
        with Redis(port=port) as redis:
            return bool(redis.execute_command("SENTINEL", "REPLICAS", "legwork"))
    except RedisError:
        return False


def takes_writes(port: int) -> bool:
    try:
        with Redis(port=port) as redis:
            return bool(redis.info("replication").get("role") == "master")
    except RedisError:
        return False


def appends(inbox: Inbox, body: bytes) -> bool:
    try:
        inbox.append(body)
    except RedisError:
        return False
    return True
