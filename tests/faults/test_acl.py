"""Redis's users as docs/ops/acl has them: each process may do its work, and nothing of what would harm the others."""

import runpy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from runtime import bells, keys, outcome_log
from runtime.bells import DueBells, Stage
from runtime.leases import lease
from runtime.metrics import NOTIFICATIONS, Recorder
from runtime.redis_client import WORK, connect
from runtime.safety import Verdict, readiness
from runtime.settings import DEFAULT_ACCOUNT
from scripts.simulator import running_simulator
from scripts.supervisor.embedded import server_program
from scripts.supervisor.environment import free_port
from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from scripts.terminal.command import Refused
from scripts.terminal.installation import judge_account
from scripts.terminal.published import LiveChannels, Wanted
from scripts.venv import ROOT
from telephony.live_events import updated
from tests.builders.calls import ivr_call
from tests.builders.events import an_outcome
from tests.builders.notifications import SETUP, second
from tests.builders.sessions import an_inbound_call
from tests.consumers.running import EXAMPLES
from tests.scripts.commands import run
from tests.simulator.waiting import wait_until
from tests.web.posting import PATH, SIGNED, settings_of
from tests.workers.office import ACCOUNT, Office
from web.create_app import create_app
from workers.rq_worker import StageWorker

USERS = ROOT / "docs" / "ops" / "acl" / "users.acl"
CALL = ivr_call()
HARMFUL = (
    ("FLUSHALL",),
    ("CONFIG", "GET", "*"),
    ("KEYS", "*"),
    ("SHUTDOWN",),
    ("BGSAVE",),
    ("ACL", "LIST"),
    ("MONITOR",),
    ("SET", "somebody-elses", "1"),
    ("FUNCTION", "FLUSH"),
    ("SCRIPT", "FLUSH"),
    ("SCRIPT", "KILL"),
)
OF_WORKERS = (
    ("XRANGE", keys.inbox(DEFAULT_ACCOUNT), "-", "+"),
    ("XADD", keys.OUTCOMES, "*", "event", "forged"),
    ("GET", keys.access_token(DEFAULT_ACCOUNT, "x")),
    ("HGETALL", keys.DESTINATIONS),
    ("DEL", keys.inbox(DEFAULT_ACCOUNT)),
    ("PUBLISH", keys.LIVE, "forged"),
    ("RPUSH", "rq:queue:legwork-resolve", "forged"),
)
OF_INBOX = (
    ("SET", keys.inbox(DEFAULT_ACCOUNT), "x"),
    ("EXPIRE", keys.inbox(DEFAULT_ACCOUNT), "0"),
    ("ZADD", keys.inbox("another"), "1", "x"),
    ("SET", keys.BELLS, "x"),
    ("EXPIRE", keys.METRICS, "0"),
    ("SET", "rq:queue:legwork-track", "x"),
)


@contextmanager
def serving(program: str, folder: Path, watchdog: Watchdog) -> Iterator[int]:
    """Run a server with those users; give its port."""
    port = free_port()
    options = ["--port", str(port), "--dir", str(folder), "--aclfile", str(USERS), "--appendonly", "yes", "--save", ""]
    with (folder / "log").open("wb") as log:
        group = Group([program, *options, "--maxmemory-policy", "noeviction"], watchdog=watchdog, stdout=log)
    try:
        with Redis.from_url(url("admin", port)) as redis:
            wait_until(lambda: is_up(redis), 20)
        yield port
    finally:
        group.stop(grace=5)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[int]:
    with serving(server_program(), tmp_path_factory.mktemp("acl"), watchdog) as port:
        yield port


def is_up(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except ConnectionError:
        return False
    except Exception as error:  # noqa: BLE001 - redis-py's own, while it starts
        return "loading" in str(error).lower()


def url(user: str, port: int) -> str:
    return f"redis://{user}:change-me-{user}@127.0.0.1:{port}/0"


def refused(user: str, port: int, commands: tuple[tuple[str, ...], ...]) -> None:
    with Redis.from_url(url(user, port)) as redis:
        for command in commands:
            with pytest.raises(NoPermissionError):
                redis.execute_command(*command)


def test_webhooks_may_append_and_nothing_else(port: int) -> None:
    with Redis.from_url(url("webhooks", port)) as redis:
        recorder = Recorder(redis)
        client = create_app(settings_of("redis://unused", WEB_ROLE="webhooks"), redis, recorder).test_client()

        assert {client.post(PATH, data=body, headers=SIGNED).status_code for body in CALL.bodies} == {200}
        assert client.get("/readyz").status_code == 200
        metrics = client.get("/metrics")
        assert (metrics.status_code, "read no metrics" in metrics.text) == (503, True)
        recorder.count(NOTIFICATIONS, DEFAULT_ACCOUNT, "stored")
        recorder.flush()
    refused("webhooks", port, HARMFUL + OF_WORKERS + OF_INBOX)
    with Redis.from_url(url("admin", port)) as redis:
        assert redis.xlen(keys.inbox(DEFAULT_ACCOUNT)) == len(CALL.bodies)
        assert bells.waiting(redis, Stage.TRACK) == 1
        assert redis.hlen(keys.METRICS) > 0


def test_workers_do_all_their_work_and_no_harm(port: int) -> None:
    with running_simulator() as platform:
        office = Office(url("workers", port), platform)
        office.ended(CALL)
        office.resolve()
        bells.ring(office.redis, Stage.TRACK, ACCOUNT)
        office.dependencies.stopping.set()
        with connect(url("workers", port), WORK) as redis:
            worker = StageWorker(Stage.TRACK, redis, office.dependencies)
            worker.work(burst=True, with_scheduler=False, logging_level="CRITICAL")
        DueBells(office.redis, {ACCOUNT}).ring()
        with lease(office.redis, ACCOUNT, Stage.DELIVER) as held:
            held.commit([outcome_log.published(ACCOUNT, an_outcome(), retention=60)])

        assert [event.data.revision for event in office.published(CALL)] == [0]
        office.close()
    refused("workers", port, HARMFUL)


def test_ops_sees_how_things_stand_and_does_no_harm(port: int) -> None:
    with Redis.from_url(url("ops", port)) as redis:
        assert [check.name for check in readiness(redis) if check.verdict is Verdict.FAILED] == []
        client = create_app(settings_of("redis://unused", WEB_ROLE="ops"), redis).test_client()
        assert client.get("/metrics").status_code == 200
    refused("ops", port, HARMFUL)


def test_a_reader_reads_what_is_published_and_nothing_else(port: int) -> None:
    read = runpy.run_path(str(EXAMPLES / "redis_group.py"))["read"]
    with Redis.from_url(url("admin", port)) as store, Redis.from_url(url("reader", port)) as redis:
        read(redis, "crm", "one", store=store, once=True)
        assert store.hlen("crm:calls")
    refused("reader", port, HARMFUL + OF_WORKERS + (("XTRIM", keys.OUTCOMES, "MAXLEN", "0"), ("DEL", keys.OUTCOMES)))


def test_a_reader_follows_an_account_without_knowing_which_there_are(port: int) -> None:
    with Redis.from_url(url("admin", port)) as store, Redis.from_url(url("reader", port)) as redis:
        store.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, "acme"): 0})

        judge_account(redis, "globex")
        judge_account(redis, None)

        with pytest.raises(Refused):
            judge_account(store, "globex")


def test_a_reader_hears_of_calls_that_are_on(port: int) -> None:
    news = updated(an_inbound_call((1, SETUP)), now=second(60))
    with Redis.from_url(url("workers", port)) as store, Redis.from_url(url("reader", port)) as redis:
        channels = LiveChannels(redis, Wanted())
        with lease(store, ACCOUNT, Stage.TRACK) as held:
            held.commit([outcome_log.live(ACCOUNT, news)])
        wait_until(lambda: [told.event for told in channels.drain()] == [news])
        channels.close()


def test_who_may_not_listen_is_told_so_and_does_not_wait_for_it(port: int) -> None:
    with Redis.from_url(url("admin", port)) as store:
        store.acl_setuser("deaf", enabled=True, passwords=["+change-me-deaf"], keys=["*"], commands=["+@all"])

    told = run("tail.py", "--live", redis_url=url("deaf", port))

    assert (told.returncode, "Redis refuses" in told.stderr) == (1, True), told.stderr


# The embedded server is Valkey, on which all other tests here run; Redis itself is tried where it is installed.
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_redis_7_starts_with_these_users(tmp_path: Path, watchdog: Watchdog) -> None:
    with serving("redis-server", tmp_path, watchdog) as port:
        for user in ("webhooks", "ops", "workers", "reader"):
            with Redis.from_url(url(user, port)) as redis:
                assert redis.ping()
