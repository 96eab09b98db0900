"""The design Legwork is compared with works: an unfair comparison would be worth nothing."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from rq import Queue

from scripts.benchmarks.straightforward import jobs
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, Configuration, RunningSimulator, running_simulator


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(Configuration(lag=(0.0, 0.0), provisional_share=0.0)) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def environment(redis_url: str, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the jobs find server and simulator as its workers do: in the environment."""
    given = {"REDIS_URL": redis_url, "RC_SERVER_URL": simulator.url, "RC_APP_CLIENT_ID": CLIENT_ID}
    for name, value in {**given, "RC_APP_CLIENT_SECRET": CLIENT_SECRET, "RC_USER_JWT": USER_JWT}.items():
        monkeypatch.setenv(name, value)
    yield
    jobs.redis().close()
    jobs.redis.cache_clear()


def a_notification(party: str, code: str) -> dict[str, Any]:
    return {"body": {"telephonySessionId": "s-1", "parties": [{"id": party, "status": {"code": code}}]}}


def look_ups(redis: Redis) -> int:
    return int(Queue(jobs.CALL_LOG, connection=redis).scheduled_job_registry.count)


def played(simulator: RunningSimulator, scenario: str) -> str:
    """Play one call to its end, and give its session."""
    (session,) = simulator.play(count=1, scenario=scenario, speed=50)
    while simulator.truth()[0]["recordVisibleAt"] is None:
        time.sleep(0.02)
    return session


def test_a_call_is_looked_up_once_and_only_when_all_have_left(redis: Redis) -> None:
    for party, code in (("p-1", "Answered"), ("p-2", "Answered"), ("p-1", "Disconnected")):
        jobs.handle(a_notification(party, code))
    assert look_ups(redis) == 0

    jobs.handle(a_notification("p-2", "Disconnected"))
    jobs.handle(a_notification("p-2", "Disconnected"))

    assert look_ups(redis) == 1


def test_both_statuses_of_a_ringout_are_published(redis: Redis, simulator: RunningSimulator) -> None:
    session = played(simulator, "ringout_callee_busy")
    with redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]  # redis-py's own
        channel.subscribe(jobs.CHANNEL)
        channel.get_message(timeout=1)

        jobs.look_up(session)

        told = json.loads(channel.get_message(timeout=5)["data"])
    (truth,) = simulator.truth()
    assert {name: told[name] for name in ("telephonySessionId", "callerStatus", "calleeStatus")} == {
        name: truth[name] for name in ("telephonySessionId", "callerStatus", "calleeStatus")
    }


def test_a_call_that_is_not_listed_yet_is_asked_for_again() -> None:
    with pytest.raises(jobs.NotThereYet):
        jobs.look_up("s-unknown")


def test_a_refused_request_is_sent_again_when_its_penalty_is_over(simulator: RunningSimulator) -> None:
    session = played(simulator, "inbound_missed")
    simulator.fault("rate_limit", group="heavy", seconds=1)

    jobs.look_up(session)

    asked = [one for one in simulator.requests() if one["group"] == "heavy"]
    assert [(one["status"], one["duringPenalty"]) for one in asked] == [(429, False), (200, False)]
