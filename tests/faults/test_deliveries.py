"""CRMs good and bad, and workers that are killed: every event arrives, in order, with the same bytes."""

from redis import Redis

from scripts.crms.receiver import at_once, slowly
from scripts.crms.trial import run


def test_every_crm_gets_all_it_should_while_workers_are_killed(redis: Redis, redis_url: str) -> None:
    reports = run(redis, redis_url, 400, per_second=150, kill_every=2)

    assert {one.name: one.faults for one in reports} == dict.fromkeys(("fast", "slow", "failing", "down", "gone"), ())


def test_a_crm_that_takes_its_time_keeps_no_other_waiting(redis: Redis, redis_url: str) -> None:
    manners = {"fast": at_once, "slow": slowly(2.0)}

    reports = {one.name: one for one in run(redis, redis_url, 32, per_second=32, kill_every=0, manners=manners)}

    assert reports["fast"].faults == reports["slow"].faults == ()
    assert reports["fast"].p99 < reports["slow"].median
