"""RQ as we use it: whatever somebody wrote into Redis, nothing runs but our own jobs, and a bad job harms no other."""

import json
import os
import pickle
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from runtime import bells, keys
from runtime.bells import JOBS, Stage
from scripts.checkup import rq_state
from scripts.simulator import running_simulator
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests.builders.calls import ivr_call
from tests.simulator.webhook import Webhook
from tests.workers.office import ACCOUNT, Office
from workers import rq_worker, track
from workers.rq_worker import StageWorker

QUEUE = bells.queue_name(Stage.TRACK)
CALLBACKS = ("success_callback_name", "failure_callback_name", "stopped_callback_name")


def write_job(redis: Redis, body: bytes, **fields: str) -> str:
    """Write a job into Redis by hand, as somebody can who may write to it; give its id."""
    job_id = f"job-{redis.incr('jobs-written')}"
    written: dict[Any, Any] = {"data": body, "status": "queued", "origin": QUEUE, **fields}
    redis.hset(f"rq:job:{job_id}", mapping=written)
    redis.rpush(f"rq:queue:{QUEUE}", job_id)
    return job_id


def call_of(name: Any, *arguments: Any, instance: Any = None) -> bytes:
    """Write the body of a job that calls `name`."""
    return json.dumps([name, instance, list(arguments), {}]).encode()


def run_all(office: Office) -> None:
    """Have a worker do everything that waits in the queue."""
    office.dependencies.stopping.set()  # no lingering
    worker = StageWorker(Stage.TRACK, office.redis, office.dependencies)
    worker.work(burst=True, with_scheduler=False, logging_level="CRITICAL")


@pytest.mark.parametrize("name", ["my calls", "calls="])
def test_a_worker_serves_over_a_socket_in_a_folder_of_any_name(watchdog: Watchdog, name: str) -> None:
    with (
        TemporaryDirectory(prefix=name) as folder,
        EmbeddedRedis(Path(folder), watchdog=watchdog) as server,
        running_simulator() as platform,
    ):
        office = Office(server.url, platform)
        worker = StageWorker(Stage.TRACK, office.redis, office.dependencies)
        worker.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped

        assert [one.queues for one in rq_state.workers(office.redis)] == [(QUEUE,)]
        office.close()


def test_a_worker_of_which_redis_has_lost_everything_announces_itself_anew(office: Office, redis: Redis) -> None:
    worker = StageWorker(Stage.TRACK, office.redis, office.dependencies)
    worker.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
    redis.flushall()
    worker.heartbeat()

    worker.run_maintenance_tasks()

    assert [one.queues for one in rq_state.workers(redis)] == [(QUEUE,)]


def failed(redis: Redis) -> list[str]:
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    return list(FailedJobRegistry(queue=queue).get_job_ids())


def why_it_failed(redis: Redis, job_id: str) -> str:
    """Give the last line of the traceback that is kept of a job."""
    result = Job.fetch(job_id, redis, JSONSerializer).latest_result()
    return str(result.exc_string if result else "").strip().rpartition("\n")[2]


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Give a file that is there once a forbidden function has run."""
    return tmp_path / "it ran"


class Trap:
    """What runs a shell command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.mark}'",)


def test_a_bell_is_served_and_its_job_leaves_nothing_behind(office: Office) -> None:
    office.hear(*ivr_call().bodies)
    bells.ring(office.redis, Stage.TRACK, ACCOUNT)

    run_all(office)

    assert office.redis.get(keys.inbox_cursor(ACCOUNT)) is not None
    assert list(office.redis.scan_iter("rq:job*")) == []


def test_no_function_but_our_own_is_run(office: Office, mark: Path) -> None:
    names = [
        "os.system",
        "posix.system",
        "workers.track.os.system",
        "workers.track.track.serve",
        "",
        None,
        ["os.system"],
    ]
    written = [write_job(office.redis, call_of(name, f"touch '{mark}'")) for name in names]
    written.append(write_job(office.redis, call_of(JOBS[Stage.TRACK], ACCOUNT, instance="an object with methods")))

    run_all(office)

    assert not mark.exists()
    assert sorted(failed(office.redis)) == sorted(written)
    assert why_it_failed(office.redis, written[0]).endswith(f"ForbiddenJob: {written[0]}")


def test_no_number_is_kept_with_a_failure(office: Office) -> None:
    job_id = write_job(office.redis, call_of(JOBS[Stage.TRACK], "+16505550101"))

    run_all(office)

    assert why_it_failed(office.redis, job_id).endswith("UnknownAccount: <number>")


def test_a_pickle_is_not_even_opened(office: Office, mark: Path) -> None:
    job_id = write_job(office.redis, pickle.dumps((Trap(mark), None, (), {})))

    run_all(office)

    assert not mark.exists()
    assert failed(office.redis) == [job_id]


def test_a_job_calls_nothing_back_and_sends_nothing_to_an_address_it_names(office: Office, webhook: Webhook) -> None:
    addresses = [{"url": webhook.url, "job_status": status, "method": "POST"} for status in ("finished", "failed")]
    afterwards = {**dict.fromkeys(CALLBACKS, "no.such.module"), "webhooks": json.dumps(addresses)}
    write_job(office.redis, call_of(JOBS[Stage.TRACK], ACCOUNT), **afterwards)
    forbidden = write_job(office.redis, call_of("os.system", "true"), **afterwards)

    run_all(office)

    assert webhook.received == []
    assert failed(office.redis) == [forbidden]
    assert "ForbiddenJob" in why_it_failed(office.redis, forbidden)


def test_after_a_job_that_failed_the_next_is_served(office: Office) -> None:
    office.hear(*ivr_call().bodies)
    write_job(office.redis, b"\x00 nonsense")
    write_job(office.redis, call_of(JOBS[Stage.TRACK], "an account nobody knows"))
    bells.ring(office.redis, Stage.TRACK, ACCOUNT)

    run_all(office)

    assert len(failed(office.redis)) == 2
    assert office.redis.get(keys.inbox_cursor(ACCOUNT)) is not None


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the accounts that track is rung for, in order: it does nothing but to note them; "stumbles" fails."""
    accounts: list[str] = []

    def note(account: str) -> None:
        accounts.append(account)
        if account == "stumbles":
            raise RuntimeError("stumbled")

    monkeypatch.setattr(track, "serve", note)
    monkeypatch.setattr(rq_worker, "LINGER_SECONDS", 0.01)
    return accounts


def work(office: Office) -> StageWorker:
    """Have a worker do everything that waits in the queue, and give it as it is then."""
    worker = StageWorker(Stage.TRACK, office.redis, office.dependencies)
    worker.work(burst=True, with_scheduler=False, logging_level="CRITICAL")
    worker.refresh()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
    return worker


def test_one_job_serves_the_bells_behind_it_and_nothing_is_left(office: Office, served: list[str]) -> None:
    for account in ("acme", "globex", "initech"):
        bells.ring(office.redis, Stage.TRACK, account)

    worker = work(office)

    assert served == ["acme", "globex", "initech"]
    assert worker.successful_job_count == 1
    assert list(office.redis.scan_iter("rq:job*")) == []


def test_a_bell_behind_a_job_that_fails_is_left_to_rq_which_keeps_why(office: Office, served: list[str]) -> None:
    for account in ("acme", "stumbles", "globex"):
        bells.ring(office.redis, Stage.TRACK, account)

    work(office)

    assert served == ["acme", "stumbles", "stumbles", "globex"]
    (job_id,) = failed(office.redis)
    assert why_it_failed(office.redis, job_id) == "RuntimeError: stumbled"


def test_a_bell_behind_a_job_that_takes_too_long_is_left_to_rq_as_well(
    office: Office, served: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bells, rq_worker):
        monkeypatch.setattr(module, "JOB_TIMEOUT_SECONDS", 2)
    note = track.serve

    def dawdle(account: str) -> None:
        note(account)
        time.sleep(9 * (account == "globex"))

    monkeypatch.setattr(track, "serve", dawdle)
    for account in ("acme", "globex"):
        bells.ring(office.redis, Stage.TRACK, account)

    work(office)

    assert served == ["acme", "globex", "globex"]
    (job_id,) = failed(office.redis)
    assert "JobTimeoutException" in why_it_failed(office.redis, job_id)


def test_what_is_not_ours_behind_a_job_is_not_run_either(office: Office, served: list[str], mark: Path) -> None:
    bells.ring(office.redis, Stage.TRACK, "acme")
    written = [
        write_job(office.redis, call_of("os.system", f"touch '{mark}'")),
        write_job(office.redis, pickle.dumps((Trap(mark), None, (), {}))),
        write_job(office.redis, b""),
        write_job(office.redis, call_of(JOBS[Stage.TRACK], "acme", instance="an object with methods")),
    ]
    office.redis.rpush(f"rq:queue:{QUEUE}", "no-such-job")
    bells.ring(office.redis, Stage.TRACK, "globex")

    work(office)

    assert served == ["acme", "globex"]
    assert not mark.exists()
    assert sorted(failed(office.redis)) == sorted(written)


def test_a_worker_that_is_to_stop_takes_no_bell_behind(
    office: Office, served: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for account in ("acme", "globex"):
        bells.ring(office.redis, Stage.TRACK, account)
    worker = StageWorker(Stage.TRACK, office.redis, office.dependencies)
    note = track.serve

    def stop(account: str) -> None:
        note(account)
        worker.request_stop(signal.SIGTERM, None)

    monkeypatch.setattr(track, "serve", stop)
    worker.work(burst=True, with_scheduler=False, logging_level="CRITICAL")

    assert served == ["acme"]
    assert bells.waiting(office.redis, Stage.TRACK) == 1


def test_rq_sees_to_itself_again_after_a_while_whatever_waits(
    office: Office, served: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rq_worker, "BEHIND_SECONDS", 0)
    for account in ("acme", "globex"):
        bells.ring(office.redis, Stage.TRACK, account)

    worker = work(office)

    assert served == ["acme", "globex"]
    assert worker.successful_job_count == 2
