import json
from datetime import UTC, datetime

import pytest
from redis import Redis

from scripts.supervisor.follow import Follower, line
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.summary import Data, Event, Person

NOW = datetime(2026, 11, 23, 15, 20, 31, tzinfo=UTC)


def publish(redis: Redis, revision: int) -> None:
    data = {"revision": revision, "confirmed": True, "outcome": "answered", "from": {"phoneNumber": "+16505550101"}}
    event = {"id": f"s-1/{revision}", "type": "legwork.call.outcome", "subject": "s-1", "data": data}
    redis.xadd("legwork:outcomes", {"event": json.dumps(event)})


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_published_from_now_on_is_told_once_and_in_order(redis: Redis, redis_url: str, *, keep: bool) -> None:
    told: list[Event] = []
    stop = StopRequest()
    publish(redis, 1)

    def tell(event: Event) -> None:
        told.append(event)
        if event.data.revision == 3:
            stop.request()

    with Redis.from_url(redis_url, protocol=3) as client:
        follower = Follower(client, on_event=tell, keep=keep)
        publish(redis, 2)
        publish(redis, 3)
        follower.follow(stop)

    assert [event.id for event in told] == ["s-1/2", "s-1/3"]
    assert follower.events() == (told if keep else [])
    assert told[0].data.from_ == Person(phone_number="+16505550101")


def test_what_only_a_later_version_can_read_is_passed_over(redis: Redis, redis_url: str) -> None:
    told: list[Event] = []
    stop = StopRequest()

    def tell(event: Event) -> None:
        told.append(event)
        stop.request()

    with Redis.from_url(redis_url, protocol=3) as client:
        follower = Follower(client, on_event=tell, keep=True)
        summary = {"id": "s-1/words", "type": "legwork.call.summary", "subject": "s-1", "data": {"words": []}}
        redis.xadd("legwork:outcomes", {"event": json.dumps(summary)})
        redis.xadd("legwork:outcomes", {"summary": "without an event"})
        publish(redis, 1)
        follower.follow(stop)

    assert [event.id for event in told] == ["s-1/1"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (Data(revision=1, confirmed=True, outcome="answered", direction="Inbound"), ["answered", "Inbound", "rev 1"]),
        (Data(revision=1, confirmed=True, end_time="2026-11-23T15:20:25.500Z"), ["5.5 s"]),
        (Data(revision=1, confirmed=True, caller_status="Busy"), ["(caller: Busy, callee: -)"]),
        (Data(revision=1, confirmed=True, to=Person(extension_number="101", name="Ann")), ["? → ext. 101 Ann"]),
        (Data(revision=1, confirmed=True, to=Person(name="Park 801")), ["? → Park 801"]),
    ],
)
def test_a_line_says_what_there_is_to_say(data: Data, words: list[str]) -> None:
    shown = line(Event("s-1/1", "legwork.call.outcome", "s-1", data), now=NOW)

    assert all(word in shown for word in words)


def test_a_line_stays_one_line_whatever_a_caller_is_called() -> None:
    caller = Person(name="Ann\n15:20:31  answered\x1b[2J\x9b2J")

    shown = line(Event("s-1/1", "legwork.call.outcome", "s-1", Data(revision=1, confirmed=True, from_=caller)), now=NOW)

    assert shown.isprintable()
