"""Bells that a worker takes behind RQ's job: the longest waiting first, none left behind. On a real server."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from runtime import bells
from runtime.bells import Stage
from scripts.venv import ROOT
from tests.fakes.losing import losing
from workers.next_bells import NextBells, Taken

ACCOUNT = "acme"
TRACK = Stage.TRACK
A_MOMENT = 0.01

RING_AND_TAKE = """
import sys
from redis import Redis
from rq.registry import FailedJobRegistry
from runtime import bells
from runtime.bells import Stage
from scripts.checkup import rq_state, worker_checks
from scripts.checkup.findings import Patient
from workers.next_bells import NextBells
with Redis.from_url(sys.argv[1]) as redis:
    bells.ring(redis, Stage.TRACK, "acme")
    print(bells.waiting(redis, Stage.TRACK), len(rq_state.jobs(redis)))
    waiting = NextBells(redis, Stage.TRACK)
    waiting.give_back(waiting.take(wait=0.01))
    print(bells.waiting(redis, Stage.TRACK), len(rq_state.placed(redis)))
    redis.zadd(FailedJobRegistry(bells.queue_name(Stage.TRACK), connection=redis).key, {"a-job": 1})
    print(len([*worker_checks.failed_jobs(Patient({}, None, redis))]))
"""

PREFIX_OF_THE_DOCTOR = """
import sys
from pathlib import Path
import scripts.venv
scripts.venv.ROOT = Path(sys.argv[1])
import scripts.doctor
from scripts.checkup import rq_state
print(rq_state.PREFIX)
"""


def taken(waiting: NextBells) -> Taken:
    """Take a bell that is there."""
    one = waiting.take(wait=A_MOMENT)
    assert one is not None
    return one


def test_a_worker_takes_the_bell_that_has_waited_longest(redis: Redis) -> None:
    for account in (ACCOUNT, "globex"):
        bells.ring(redis, TRACK, account)
    waiting = NextBells(redis, TRACK)

    first, second = taken(waiting), taken(waiting)

    assert b"acme" in zlib.decompress(first.data)
    assert b"globex" in zlib.decompress(second.data)
    assert waiting.take(wait=A_MOMENT) is None


def test_of_a_bell_that_was_served_nothing_is_left(redis: Redis) -> None:
    bells.ring(redis, TRACK, ACCOUNT)
    waiting = NextBells(redis, TRACK)

    waiting.done(taken(waiting))
    waiting.forget()

    assert [key for pattern in ("rq:job:*", "rq:queue:*") for key in redis.scan_iter(pattern)] == []


def test_one_that_was_served_is_forgotten_as_the_next_one_is_taken(redis: Redis) -> None:
    for account in (ACCOUNT, "globex"):
        bells.ring(redis, TRACK, account)
    waiting = NextBells(redis, TRACK)
    waiting.done(taken(waiting))

    second = taken(waiting)

    assert [key.decode() for key in redis.scan_iter("rq:job:*")] == [f"rq:job:{second.job_id}"]


def test_what_was_served_is_forgotten_once_and_where_nothing_was_nothing_is(redis: Redis) -> None:
    waiting = NextBells(redis, TRACK)
    waiting.forget()
    for account in (ACCOUNT, "globex"):
        bells.ring(redis, TRACK, account)

    waiting.done(taken(waiting))
    waiting.done(taken(waiting))
    assert len(waiting._served) == 1

    waiting.forget()
    assert waiting._served == []


def test_a_bell_whose_job_is_gone_calls_nothing(redis: Redis) -> None:
    bells.ring(redis, TRACK, ACCOUNT)
    redis.delete(*redis.scan_iter("rq:job:*"))

    assert taken(NextBells(redis, TRACK)).data == b""


def test_the_bell_of_a_worker_that_was_killed_is_forgotten_in_time(redis: Redis) -> None:
    bells.ring(redis, TRACK, ACCOUNT)

    one = taken(NextBells(redis, TRACK))

    assert 0 < int(redis.ttl(f"rq:job:{one.job_id}")) <= 2 * bells.JOB_TIMEOUT_SECONDS


def test_a_bell_whose_taking_was_not_answered_is_left_where_rq_looks_for_such_jobs(
    redis: Redis, redis_url: str
) -> None:
    bells.ring(redis, TRACK, ACCOUNT)
    queue = Queue(bells.queue_name(TRACK), connection=redis, serializer=JSONSerializer)
    rung = queue.job_ids

    with losing(redis_url, bells.queue_key(TRACK).encode()) as client:
        assert NextBells(client, TRACK).take(wait=A_MOMENT) is None

    assert queue.intermediate_queue.get_job_ids() == rung


def test_a_bell_that_is_given_back_is_the_first_again_and_is_kept(redis: Redis) -> None:
    for account in (ACCOUNT, "globex"):
        bells.ring(redis, TRACK, account)
    waiting = NextBells(redis, TRACK)
    one = taken(waiting)

    waiting.give_back(one)

    jobs = Queue(bells.queue_name(TRACK), connection=redis, serializer=JSONSerializer).jobs
    assert [job.args for job in jobs] == [[ACCOUNT], ["globex"]]
    assert redis.ttl(f"rq:job:{one.job_id}") == -1


def test_bells_wait_where_rq_keeps_its_keys_though_that_be_elsewhere(redis: Redis, redis_url: str) -> None:
    command = [sys.executable, "-c", RING_AND_TAKE, redis_url]
    environ = {**os.environ, "RQ_KEY_PREFIX": "legwork:rq"}

    told = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told.split() == ["1"] * 5
    assert all(key.startswith(b"legwork:rq:") for key in redis.scan_iter())


def test_the_doctor_looks_there_also_where_that_stands_in_the_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RQ_KEY_PREFIX=legwork:rq\n")
    command = [sys.executable, "-c", PREFIX_OF_THE_DOCTOR, str(tmp_path)]

    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told.strip() == "legwork:rq:"
