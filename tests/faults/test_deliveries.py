"""CRMs good and bad, and workers that are killed: every event arrives, in order, with the same bytes."""

import requests
from redis import Redis

from scripts.crms.receiver import at_once, receiver, slowly
from scripts.crms.trial import run


def test_every_crm_gets_all_it_should_while_workers_are_killed(redis: Redis, redis_url: str) -> None:
    reports = run(redis, redis_url, 400, per_second=150, kill_every=2)

    assert {one.name: one.faults for one in reports} == dict.fromkeys(("fast", "slow", "failing", "down", "gone"), ())


def test_a_crm_that_takes_its_time_keeps_no_other_waiting(redis: Redis, redis_url: str) -> None:
    manners = {"fast": at_once, "slow": slowly(2.0)}

    reports = {one.name: one for one in run(redis, redis_url, 32, per_second=32, kill_every=0, manners=manners)}

    assert reports["fast"].faults == reports["slow"].faults == ()
    assert reports["fast"].p99 < reports["slow"].median


def test_what_tells_that_workers_serve_is_no_event_of_a_trial_though_its_worker_is_killed_and_it_comes_again() -> None:
    with receiver({"fast": at_once}) as crms:
        crms.begin(before="dst_1/test/1")
        for event_id in ("dst_1/test/1", "s-1/1"):
            requests.post(f"{crms.url}/fast", b"{}", headers={"webhook-id": event_id}, timeout=5)

        assert crms.first_taken("fast").keys() == {"s-1/1"}
