"""Destinations and their secrets, on a real server."""

import inspect
from collections.abc import Callable

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.deliveries import destinations
from runtime.deliveries.destinations import UnknownDestination
from runtime.deliveries.sealing import CannotOpen, seal, unseal
from telephony.destinations import Changes, DestinationState, Draft
from tests.fakes.losing import losing

DRAFT = Draft(url="https://crm.example/hook")


def test_a_destination_is_found_as_it_was_added(redis: Redis) -> None:
    added, secret = destinations.create(redis, DRAFT, keys=())

    assert destinations.get(redis, added.id) == added
    assert destinations.all(redis) == (added,)
    assert secret.startswith("whsec_")
    assert destinations.secrets(redis, added.id, keys=()) == (secret,)


def test_what_is_not_said_to_change_stays(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())

    after = destinations.update(redis, added.id, Changes(description="the CRM"))

    assert (after.url, after.description, after.state) == (DRAFT.url, "the CRM", DestinationState.ACTIVE)


def test_one_that_only_a_later_version_can_read_hides_no_other_and_is_left_as_it_is(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    later, _ = destinations.create(redis, DRAFT, keys=())
    written = msgspec.json.encode(later).replace(b'"include":"outcome"', b'"include":"summary"')
    redis.hset(keys.DESTINATIONS, later.id, written)

    assert destinations.all(redis) == (added,)
    assert destinations.get(redis, later.id) is None
    assert destinations.left_alone_until(redis, later.id) is None
    with pytest.raises(UnknownDestination):
        destinations.update(redis, later.id, Changes(description="ours"))
    assert redis.hget(keys.DESTINATIONS, later.id) == written
    assert destinations.ids(redis) == {added.id, later.id}


def test_only_an_active_destination_listens(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    destinations.update(redis, added.id, Changes(state=DestinationState.PAUSED))
    assert not redis.sismember(keys.LISTENING, added.id)

    destinations.update(redis, added.id, Changes(state=DestinationState.ACTIVE))

    assert redis.sismember(keys.LISTENING, added.id)


def test_another_url_is_a_new_start(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    redis.set(keys.health(added.id), b"ill")
    destinations.update(redis, added.id, Changes(description="the same"))
    assert redis.exists(keys.health(added.id))

    destinations.update(redis, added.id, Changes(url="https://crm.example/new"))

    assert not redis.exists(keys.health(added.id))


def test_what_follows_from_what_was_seen_changes_nothing_once_it_is_otherwise(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    paused = destinations.update(redis, added.id, Changes(state=DestinationState.PAUSED))

    after = destinations.update(redis, added.id, Changes(state=DestinationState.DISABLED), seen=added)

    assert after == destinations.get(redis, added.id) == paused


def test_while_a_secret_rotates_both_sign_the_newest_first(redis: Redis) -> None:
    added, old = destinations.create(redis, DRAFT, keys=())

    new = destinations.rotate(redis, added.id, keys=())

    assert destinations.secrets(redis, added.id, keys=()) == (new, old)


def test_after_the_overlap_the_old_secret_signs_no_more(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())

    new = destinations.rotate(redis, added.id, keys=(), overlap_seconds=0)

    assert destinations.secrets(redis, added.id, keys=()) == (new,)


def test_a_secret_is_not_readable_in_redis_while_there_is_a_key(redis: Redis) -> None:
    added, secret = destinations.create(redis, DRAFT, keys=("any text",))

    assert secret.encode() not in (redis.get(keys.secrets(added.id)) or b"")
    assert destinations.secrets(redis, added.id, keys=("a newer one", "any text")) == (secret,)


def test_a_secret_of_a_lost_key_cannot_be_read(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=("any text",))

    with pytest.raises(CannotOpen):
        destinations.secrets(redis, added.id, keys=("another",))
    with pytest.raises(CannotOpen):
        destinations.secrets(redis, added.id, keys=())


def test_the_newest_key_seals_and_any_opens() -> None:
    assert unseal(seal(b"text", ("new", "old")), ("new",)) == b"text"
    assert unseal(seal(b"text", ("old",)), ("new", "old")) == b"text"
    assert unseal(seal(b"text", ()), ("new",)) == b"text"


def test_what_is_not_there_is_said_so(redis: Redis) -> None:
    assert destinations.get(redis, "dst_none") is None
    with pytest.raises(UnknownDestination):
        destinations.update(redis, "dst_none", Changes(description="nobody"))
    with pytest.raises(UnknownDestination):
        destinations.delete(redis, "dst_none")
    with pytest.raises(UnknownDestination):
        destinations.rotate(redis, "dst_none", keys=())
    with pytest.raises(UnknownDestination):
        destinations.secrets(redis, "dst_none", keys=())


def test_one_that_is_removed_is_named_nowhere_any_more(redis: Redis) -> None:
    wants = msgspec.structs.replace(DRAFT, operator=True)
    (first, _), (second, _) = (destinations.create(redis, wants, keys=()) for _ in range(2))
    of_one = [build for build in vars(keys).values() if inspect.isfunction(build) and named(build) == ["destination"]]
    for build in of_one:
        redis.setnx(build(first.id), "whatever is kept")

    destinations.delete(redis, first.id)

    assert len(of_one) >= 8

    assert destinations.all(redis) == (second,)
    assert redis.smembers(keys.LISTENING) == redis.smembers(keys.OPERATED) == {second.id.encode()}
    assert redis.zrange(keys.BELLS, 0, -1) == [bells.member(Stage.DELIVER, second.id).encode()]
    assert [key for key in redis.scan_iter() if first.id.encode() in key] == []


def named(build: Callable[..., str]) -> list[str]:
    """Name the parameters of what builds a key."""
    return [*inspect.signature(build).parameters]


def test_the_oldest_is_listed_first(redis: Redis) -> None:
    (one, _), (oldest, _) = (destinations.create(redis, DRAFT, keys=()) for _ in range(2))
    newest = msgspec.structs.replace(one, created_at="2099-01-01T00:00:00.000Z")
    redis.hset(keys.DESTINATIONS, one.id, msgspec.json.encode(newest))

    assert destinations.all(redis) == (oldest, newest)


def test_one_that_wants_no_operator_events_any_more_gets_none(redis: Redis) -> None:
    added, _ = destinations.create(redis, msgspec.structs.replace(DRAFT, operator=True), keys=())

    destinations.update(redis, added.id, Changes(operator=False))

    assert not redis.sismember(keys.OPERATED, added.id)


def test_one_that_is_resumed_is_woken(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    destinations.update(redis, added.id, Changes(state=DestinationState.PAUSED))
    redis.delete(keys.BELLS)

    destinations.update(redis, added.id, Changes(state=DestinationState.ACTIVE))

    assert redis.zscore(keys.BELLS, bells.member(Stage.DELIVER, added.id)) is not None


def test_a_second_rotation_signs_with_the_one_before_and_with_none_older(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    second = destinations.rotate(redis, added.id, keys=())

    third = destinations.rotate(redis, added.id, keys=())

    assert destinations.secrets(redis, added.id, keys=()) == (third, second)


def test_a_rotation_lets_no_secret_sign_for_longer_than_was_said(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    second = destinations.rotate(redis, added.id, keys=(), overlap_seconds=3600)
    destinations.take_back(redis, added.id, second, keys=())

    third = destinations.rotate(redis, added.id, keys=(), overlap_seconds=0)

    assert destinations.secrets(redis, added.id, keys=()) == (third,)


def test_a_rotation_that_somebody_else_s_has_followed_is_not_taken_back(redis: Redis) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())
    second = destinations.rotate(redis, added.id, keys=())
    third = destinations.rotate(redis, added.id, keys=())

    destinations.take_back(redis, added.id, second, keys=())

    assert destinations.secrets(redis, added.id, keys=()) == (third, second)


def test_a_secret_whose_storing_was_not_answered_takes_the_place_of_one(redis: Redis, redis_url: str) -> None:
    added, first = destinations.create(redis, DRAFT, keys=())

    with losing(redis_url, b"EXEC") as client:
        second = destinations.rotate(client, added.id, keys=())

    assert destinations.secrets(redis, added.id, keys=()) == (second, first)


def test_one_whose_removal_was_not_answered_is_removed_as_any_other(redis: Redis, redis_url: str) -> None:
    added, _ = destinations.create(redis, DRAFT, keys=())

    with losing(redis_url, b"HDEL") as client:
        destinations.delete(client, added.id)

    assert destinations.get(redis, added.id) is None
