"""At a glance: how soon calls get their outcome is measured over those published last, each of them read once."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys, ledger
from runtime.bells import Stage
from runtime.deliveries import destinations
from runtime.ledger import Tracked
from runtime.showing import glance
from runtime.showing.glance import Speed, Speeds
from telephony.destinations import Draft
from telephony.events import CallEvent, Timing, Trigger
from telephony.times import iso_ms
from tests.builders.calls import ivr_call
from tests.builders.events import an_outcome
from tests.builders.sessions import folded
from tests.runtime.test_outcome_log import publish

CALL = folded(*ivr_call().notifications)
assert CALL.changed_at is not None
ENDED_AT = CALL.changed_at


def after(seconds: float, *, revision: int = 1) -> CallEvent:
    call = msgspec.structs.replace(CALL, id=f"s-{seconds}")
    return an_outcome(session=call, revision=revision, at=ENDED_AT + timedelta(seconds=seconds))


@pytest.fixture
def speeds(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Speeds:
    monkeypatch.setattr(glance, "MEASURED", 3)
    return Speeds(redis)


def test_half_of_the_calls_were_as_soon_as_that(redis: Redis, speeds: Speeds) -> None:
    assert speeds.now() == Speed(0, None, None)
    publish(redis, after(9))
    assert speeds.now() == Speed(1, 9.0, 9.0)
    publish(redis, after(1), after(60, revision=2))
    assert speeds.now() == speeds.now() == Speed(2, 9.0, 9.0)


@pytest.mark.parametrize(
    "untold", [{"trigger": Trigger.BACKFILL}, {"timing": Timing(None, None, None, iso_ms(ENDED_AT))}]
)
def test_history_and_calls_whose_end_nobody_told_of_say_nothing_of_how_soon_calls_are_told(
    redis: Redis, speeds: Speeds, untold: dict[str, Any]
) -> None:
    old = after(86400)
    publish(redis, msgspec.structs.replace(old, data=msgspec.structs.replace(old.data, **untold)))

    assert speeds.now() == Speed(0, None, None)


def test_of_all_accounts_the_calls_heard_of_last_are_on_now(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "CALLS", 3)
    for account, number in (("acme", 1), ("globex", 2), ("acme", 3), ("globex", 4), ("initech", 5)):
        session = msgspec.structs.replace(CALL, id=f"s-{number}")
        heard_at = 4.5 if number == 3 else number  # its list does not know that yet
        _, name, blob, *_ = ledger.write_tracked(account, Tracked(session, heard_at), retention=60)
        redis.set(str(name), blob)
        redis.zadd(keys.open_sessions(account), {session.id: number})
    redis.delete(keys.session("initech", "s-5"))  # its retention is over

    calls = glance.on_now(redis, ["acme", "globex", "initech", "umbrella"])

    assert [(one.account, one.session.id) for one in calls] == [("acme", "s-3"), ("globex", "s-4")]


def test_bells_that_nobody_takes_up_are_told_though_there_are_more_accounts_than_bells_are_rung(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "MOST_QUEUED", 20)
    redis.rpush(bells.queue_key(Stage.UPKEEP), *range(20))

    assert glance.bells_rung(redis, [str(number) for number in range(50)]).untaken == {Stage.UPKEEP: 20}


def test_a_destination_that_is_removed_while_all_are_looked_at_is_left_out(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())
    gone, stays = found = destinations.all(redis)
    monkeypatch.setattr(destinations, "all", lambda _: found)
    destinations.delete(redis, gone.id)

    assert [one.destination.id for one in glance.delivering(redis)] == [stays.id]


def test_only_what_was_published_last_counts_however_much_came_between_two_looks(redis: Redis, speeds: Speeds) -> None:
    publish(redis, *map(after, (1, 2)))
    assert speeds.now() == Speed(2, 2.0, 2.0)
    publish(redis, *map(after, (3, 4)))
    assert speeds.now() == Speed(3, 3.0, 4.0)
    publish(redis, *map(after, (5, 6, 7, 8, 9)))
    assert speeds.now() == Speed(3, 8.0, 9.0)
