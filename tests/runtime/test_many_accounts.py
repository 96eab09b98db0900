"""What is found by its id alone, among very many accounts, is not looked for in one of them after the other."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from runtime import replays, ringout_wishes, ringouts
from runtime.replays import Asked, Level
from telephony.ringout_request import Caller, MakeRingOut, Number
from telephony.selection import Selection

NAMES = tuple(f"acct-{number}" for number in range(200))


def a_replay(redis: Redis, account: str) -> str:
    return replays.create(redis, account, Asked(level=Level.RAW, selection=Selection(unresolved=True))).id


def a_ringout(redis: Redis, account: str) -> str:
    call = MakeRingOut(Caller("+12125550101"), Number("+12125550102"))
    return ringout_wishes.ask(redis, account, retention=600, call=call).id


@pytest.mark.parametrize(
    ("made", "find"), [(a_replay, replays.find), (a_ringout, ringouts.get)], ids=["replay", "RingOut"]
)
def test_it_is_found_in_a_few_round_trips(
    redis: Redis, made: Callable[[Redis, str], str], find: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, sent = made(redis, NAMES[150]), list[str]()
    pool: Any = redis.connection_pool
    lend = pool.get_connection

    def lent() -> Any:
        sent.append("whatever goes over one connection")
        return lend()

    monkeypatch.setattr(pool, "get_connection", lent)

    found = find(redis, NAMES, one)

    assert (found.id, found.account) == (one, NAMES[150])
    assert len(sent) <= 3
    assert find(redis, NAMES, f"{one}0") is None
