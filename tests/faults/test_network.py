"""Networks between us and Redis lose answers, cut and drop; nothing is lost, and nothing done twice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.exceptions import RedisError

from runtime import keys
from runtime.bells import Stage
from runtime.inbox import Inbox
from runtime.leases import Lease, lease
from runtime.outcome_log import published
from runtime.redis_client import INGEST, WORK, Profile, connect
from scripts.soaking.proxy import Proxy, proxied
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.environment import free_port
from scripts.supervisor.watchdog import Watchdog
from tests.builders.calls import ivr_call
from tests.builders.events import an_outcome
from tests.outputs import entries

Connect: TypeAlias = Callable[[Profile], Redis]

ACCOUNT = "acme"
BODIES = ivr_call().bodies


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[EmbeddedRedis]:
    """Run a server that listens on a port."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), watchdog=watchdog, port=free_port()) as server:
        yield server


@pytest.fixture
def direct(server: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def proxy(server: EmbeddedRedis, direct: Redis) -> Iterator[Proxy]:
    with proxied(urlsplit(server.url).port or 0) as proxy:
        yield proxy


def bodies(redis: Redis) -> list[Any]:
    return [fields[b"body"] for _, fields in entries(redis, keys.inbox(ACCOUNT))]


@pytest.fixture
def connected(proxy: Proxy) -> Iterator[Connect]:
    """Connect through the proxy, till the test is over: what an error holds on to would be left to the collector."""
    with ExitStack() as stack:
        yield lambda profile: stack.enter_context(connect(f"redis://127.0.0.1:{proxy.port}/0", profile))


def test_an_append_whose_answer_is_lost_is_stored_all_the_same(proxy: Proxy, connected: Connect, direct: Redis) -> None:
    inbox = Inbox(connected(INGEST), ACCOUNT)
    inbox.append(b"first")

    for body in BODIES:
        proxy.lose_answer()
        inbox.append(body)

    stored = bodies(direct)
    assert proxy.answers_lost == len(BODIES)
    assert set(stored) == {b"first", *BODIES}  # some of them twice, which changes nothing


def test_a_commit_whose_answer_is_lost_is_applied_once(proxy: Proxy, connected: Connect, direct: Redis) -> None:
    event = an_outcome()
    with lease(connected(WORK), ACCOUNT, Stage.RESOLVE) as held:
        held.commit([("INCR", "effects")])
        proxy.lose_answer()
        held.commit([("INCR", "effects"), published(ACCOUNT, event, retention=60)])
        held.commit([("INCR", "effects")])

    assert direct.get("effects") == b"3"
    assert direct.xlen(keys.OUTCOMES) == 1


def test_a_line_that_is_cut_costs_nothing(proxy: Proxy, connected: Connect, direct: Redis) -> None:
    inbox = Inbox(connected(INGEST), ACCOUNT)

    for number in range(20):
        inbox.append(str(number).encode())
        proxy.cut()

    assert direct.xlen(keys.inbox(ACCOUNT)) == 20


def test_while_packets_are_dropped_web_says_so_in_time_and_goes_on_afterwards(
    proxy: Proxy, connected: Connect, direct: Redis
) -> None:
    inbox = Inbox(connected(INGEST), ACCOUNT)
    inbox.append(b"before")

    proxy.stall()
    with pytest.raises(RedisError):
        inbox.append(b"meanwhile")
    proxy.resume()
    inbox.append(b"after")

    assert set(bodies(direct)) >= {b"before", b"after"}


def test_a_runner_that_was_cut_off_past_its_lease_commits_nothing_more(
    proxy: Proxy, connected: Connect, direct: Redis
) -> None:
    refused: list[BaseException] = []

    def commit(held: Lease) -> None:
        try:
            held.commit([("INCR", "effects")])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at below
            refused.append(error)

    with lease(connected(WORK), ACCOUNT, Stage.TRACK, seconds=0.3) as held:
        held.commit([("INCR", "effects")])
        proxy.stall()
        late = threading.Thread(target=commit, args=(held,))
        late.start()
        late.join(0.5)
        with lease(direct, ACCOUNT, Stage.TRACK) as other:
            other.commit([("INCR", "effects")])
            proxy.resume()
            late.join()

    assert [type(error).__name__ for error in refused] == ["LeaseLost"]
    assert direct.get("effects") == b"2"


@pytest.fixture
def other(tmp_path: Path, watchdog: Watchdog) -> Iterator[EmbeddedRedis]:
    """Run a second server."""
    with EmbeddedRedis(tmp_path, watchdog=watchdog, port=free_port()) as server:
        yield server


@pytest.mark.parametrize("profile", [INGEST, WORK], ids=["ingest", "work"])
def test_a_primary_that_became_a_replica_is_left_for_the_one_its_address_leads_to_now(
    proxy: Proxy, connected: Connect, direct: Redis, other: EmbeddedRedis, profile: Profile
) -> None:
    client = connected(profile)
    inbox = Inbox(client, ACCOUNT)
    inbox.append(b"before")
    client.set("place", "before")
    port = urlsplit(other.url).port or 0

    direct.replicaof("127.0.0.1", str(port))
    try:
        proxy.lead_to(port)
        inbox.append(b"after")
        client.set("place", "after")
    finally:
        direct.replicaof("NO", "ONE")

    with Redis.from_url(other.url) as primary:
        assert bodies(primary) == [b"after"]
        assert primary.get("place") == b"after"
