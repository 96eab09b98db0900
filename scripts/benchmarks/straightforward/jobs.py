"""The two jobs: take one notification in, and, when a call is over, look it up and tell everybody."""

import json
import os
from datetime import timedelta
from functools import cache
from typing import Any, Final

from redis import Redis
from rq import Queue, Retry

from scripts.benchmarks.straightforward import call_log

NOTIFICATIONS: Final = "notifications"
CALL_LOG: Final = "call-log"
CHANNEL: Final = "calls"

KEPT_SECONDS: Final = 86400
FIRST_LOOK_SECONDS: Final = 10
RETRY_SECONDS: Final = (5, 5, 10, 10, 20, 20, 30, 30, 60)
MOST_RETRIES: Final = 40
LONGEST_JOB_SECONDS: Final = 3600  # it may wait out several penalties

GONE: Final = frozenset({b"Disconnected", b"Gone"})


class NotThereYet(Exception):
    """The call log does not list the call yet, or only as one that goes on. RQ tries the job again later."""


@cache
def redis() -> Redis:
    """Give this process's connection."""
    return Redis.from_url(os.environ["REDIS_URL"])


def handle(notification: dict[str, Any]) -> None:
    """Note the state of the party a notification is about; when all are gone, have the call looked up, once."""
    body = notification["body"]
    session = body["telephonySessionId"]
    with redis().pipeline() as pipeline:
        for party in body["parties"]:
            pipeline.hset(f"call:{session}", party["id"], party["status"]["code"])
        pipeline.expire(f"call:{session}", KEPT_SECONDS)
        pipeline.hvals(f"call:{session}")
        states = pipeline.execute()[-1]
    if GONE.issuperset(states) and redis().set(f"asked:{session}", 1, nx=True, ex=KEPT_SECONDS):
        Queue(CALL_LOG, connection=redis()).enqueue_in(
            timedelta(seconds=FIRST_LOOK_SECONDS / _speed()),
            look_up,
            session,
            retry=Retry(max=MOST_RETRIES, interval=[max(1, round(one / _speed())) for one in RETRY_SECONDS]),
            job_timeout=LONGEST_JOB_SECONDS,
            result_ttl=0,
        )


def look_up(session: str) -> None:
    """Find a call's record, and publish how the call ended. Raises NotThereYet."""
    record = call_log.find(redis(), session)
    if record is None or record.get("result") == "In Progress":
        raise NotThereYet(session)
    legs = record.get("legs", [])
    event = {
        "telephonySessionId": session,
        "direction": record.get("direction"),
        "result": record.get("result"),
        "from": record.get("from"),
        "to": record.get("to"),
        "startTime": record.get("startTime"),
        "duration": record.get("duration"),
        "callerStatus": _result_of(legs, "ToCaller"),
        "calleeStatus": _result_of(legs, "ToSubscriber"),
    }
    redis().publish(CHANNEL, json.dumps(event))


def _result_of(legs: list[dict[str, Any]], role: str) -> str | None:
    """Give the result of the RingOut leg with this role; None where the call is no RingOut."""
    ringouts = (leg for leg in legs if leg.get("legType", "").startswith("RingOut"))
    return next((leg.get("result") for leg in ringouts if leg["legType"].endswith(role)), None)


def _speed() -> float:
    """Say how fast time passes in this benchmark."""
    return float(os.environ.get("SPEED", "1"))
