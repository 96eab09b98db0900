"""At a glance: how soon calls get their outcome is measured over those published last, each of them read once."""

from datetime import timedelta

import msgspec
import pytest
from redis import Redis

from runtime import destinations, glance, keys, ledger
from runtime.glance import Speed, Speeds
from runtime.ledger import Tracked
from telephony.destinations import Draft
from telephony.events import CallEvent, Trigger
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


def test_history_that_was_brought_in_says_nothing_of_how_soon_calls_are_told(redis: Redis, speeds: Speeds) -> None:
    old = after(86400)
    publish(redis, msgspec.structs.replace(old, data=msgspec.structs.replace(old.data, trigger=Trigger.BACKFILL)))

    assert speeds.now() == Speed(0, None, None)


def test_of_all_accounts_the_calls_heard_of_last_are_on_now(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "CALLS", 3)
    for account, number in (("acme", 1), ("globex", 2), ("acme", 3), ("globex", 4), ("initech", 5)):
        session = msgspec.structs.replace(CALL, id=f"s-{number}")
        _, name, blob, *_ = ledger.write_tracked(account, Tracked(session, number), retention=60)
        redis.set(str(name), blob)
        redis.zadd(keys.open_sessions(account), {session.id: number})
    redis.delete(keys.session("initech", "s-5"))  # its retention is over

    calls = glance.on_now(redis, ["acme", "globex", "initech", "umbrella"])

    assert [(one.account, one.session.id) for one in calls] == [("globex", "s-4"), ("acme", "s-3")]


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
