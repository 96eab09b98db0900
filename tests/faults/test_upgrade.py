"""An upgrade in flight: what an earlier version had written of a call that is on is read, and the call goes on.

`written_before/` holds what a version left in Redis in the middle of a call: one file for each version whose data may
still be there. They are never written anew.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from runtime.deliveries import destinations
from scripts.simulator import running_simulator
from telephony.destinations import Include
from tests.builders.calls import ivr_call
from tests.workers.office import Office

WRITTEN = sorted((Path(__file__).parent / "written_before").glob("*.json"))
CALL = ivr_call()
HEARD_BEFORE = 4


@pytest.fixture(params=WRITTEN, ids=lambda file: file.stem)
def upgraded(request: pytest.FixtureRequest, redis: Redis, redis_url: str) -> Iterator[Office]:
    """Give an installation on the data of an earlier version; its track had rested."""
    for key, kept in json.loads(request.param.read_text()).items():
        value = base64.b64decode(kept["value"])
        match kept["type"]:
            case "string":
                redis.set(key, value)
            case "hash":
                redis.hset(key, mapping=json.loads(value))
            case "set":
                redis.sadd(key, *json.loads(value))
            case "zset" if value != b"{}":
                redis.zadd(key, json.loads(value))
    with running_simulator() as platform:
        office = Office(redis_url, platform)
        yield office
        office.close()


def test_what_the_version_before_wrote_is_read(upgraded: Office) -> None:
    upgraded.let_pass(1)
    upgraded.hear(*CALL.bodies[HEARD_BEFORE:])
    upgraded.track()
    upgraded.let_pass(upgraded.settings.quiet_seconds)
    upgraded.track()

    assert [event.id for event in upgraded.published(CALL)] == [f"{CALL.telephony_session_id}/0"]
    (event,) = upgraded.published(CALL)
    assert event.data.from_ is not None  # which only the earlier notifications told
    assert [one.include for one in destinations.all(upgraded.redis)] == [Include.BOTH]
