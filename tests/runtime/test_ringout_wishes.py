"""What is asked for of RingOuts, on a real server."""

from collections.abc import Sequence

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys, ringout_wishes, ringouts
from runtime.bells import Stage
from runtime.ringouts import RingOut
from telephony.ringout_request import Caller, MakeRingOut, Number
from tests.fakes.losing import losing

ACCOUNT = "acme"
WANTED = MakeRingOut(Caller("+16505550101"), Number("+12125550111"))


def test_one_whose_asking_was_not_answered_is_asked_for_once_and_rung_for(redis: Redis, redis_url: str) -> None:
    with losing(redis_url, b"ringout-asked") as client:
        ringout_wishes.ask(client, ACCOUNT, retention=60, call=WANTED, key="click 7")

    assert redis.zcard(keys.ringouts_due(ACCOUNT)) == 1
    assert bells.waiting(redis, Stage.RINGOUT) == 1


def test_a_wish_to_cancel_whose_storing_was_not_answered_is_rung_for(redis: Redis, redis_url: str) -> None:
    wanted = ringout_wishes.ask(redis, ACCOUNT, retention=60, call=WANTED)
    redis.delete(keys.rung(ACCOUNT, Stage.RINGOUT))

    with losing(redis_url, b"ringout-cancel") as client:
        ringout_wishes.cancel(client, wanted)
    ringout_wishes.cancel(redis, wanted)

    assert bells.waiting(redis, Stage.RINGOUT) == 2


def test_a_ringout_and_all_that_is_kept_for_it_end_with_the_retention(redis: Redis) -> None:
    wanted = ringout_wishes.ask(redis, ACCOUNT, retention=60, call=WANTED, key="click 7")
    placed = msgspec.structs.replace(wanted, ring_out_id="Y3Mx")
    ringout_wishes.cancel(redis, placed)
    lives = {name: redis.ttl(name) for name in redis.scan_iter(f"legwork:{{{ACCOUNT}}}:ringout*", _type="string")}
    assert sorted(lives.values()) == [60, 60, ringout_wishes.CANCEL_SECONDS]

    for command in (ringouts.write(placed, retention=30), ringouts.remember_id(placed, retention=30)):
        redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    names = (keys.ringout(ACCOUNT, wanted.id), ringouts.asked_name(ACCOUNT, ringouts.follow_key("Y3Mx")))
    assert [redis.ttl(name) for name in names] == [30, 30]


def test_of_all_there_are_those_alone_are_read_whose_ids_begin_so(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, *_ = [ringout_wishes.ask(redis, account, retention=60, call=WANTED) for account in (ACCOUNT, "globex")]
    load, read = ringouts.load, list[str]()

    def reading(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, RingOut]:
        read.extend(ids)
        return load(redis, account, ids)

    monkeypatch.setattr(ringouts, "load", reading)

    assert ringouts.beginning(redis, [ACCOUNT, "globex"], wanted.id[:-2]) == [wanted]
    assert read == [wanted.id]
