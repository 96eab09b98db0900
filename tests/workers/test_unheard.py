"""Calls whose end nobody told: which of them are asked about, since when, and which as a whole."""

from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import keys, ledger
from runtime.asking import Asking
from runtime.budget import Share
from runtime.ledger import Resolution, State, Tracked
from telephony.fetch_plan import PATIENCE_SECONDS, STRAGGLER_SECONDS, LookUp, Request, Wanted, Window
from telephony.sessions import Session
from tests.builders.call_log import START, a_leg, a_record, after, an_accept_leg
from workers.resolving.unheard import WHOLE_SECONDS, began, had_its_turn, is_in_turn, silent, whole

ACCOUNT = "acme"
BEGAN = START.timestamp()
NOW = BEGAN + 1000
SETTLED = a_record("Accepted", an_accept_leg(), a_leg())
GOING_ON = msgspec.structs.replace(SETTLED, result="In Progress")


def tell(redis: Redis, *commands: Any) -> None:
    """Store what the stages store."""
    for command in commands:
        redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


def published(one: str, revision: int = 1) -> Any:
    """Write that so many revisions of a call were published."""
    return ledger.write_resolution(ACCOUNT, one, Resolution(State.RESOLVED, revision), retention=600)


def test_when_a_call_began_is_what_the_call_log_said_else_what_was_heard(redis: Redis) -> None:
    redis.zadd(keys.listed(ACCOUNT), {"s-1": 10.0})
    redis.zadd(keys.calls(ACCOUNT), {"s-1": 20.0, "s-2": 30.0})

    assert began(redis, ACCOUNT, ["s-1", "s-2", "s-3"]) == {"s-1": 10.0, "s-2": 30.0}


def test_a_call_whose_end_nobody_told_is_asked_about_until_its_records_are_final(redis: Redis) -> None:
    due = {"s-seen": NOW - 5, "s-lacking": NOW - 5, "s-going-on": NOW - 5, "s-ended": NOW - 5, "s-later": NOW - 5}
    redis.zadd(keys.listed(ACCOUNT), dict.fromkeys(due, BEGAN))
    redis.zadd(keys.listed(ACCOUNT), {"s-later": NOW + 60})
    tell(redis, ledger.write_records(ACCOUNT, "s-seen", (SETTLED,)))
    tell(redis, ledger.write_records(ACCOUNT, "s-going-on", (SETTLED, GOING_ON)))
    tracked = {one: Tracked(Session(one), NOW) for one in ("s-seen", "s-lacking")}
    tracked["s-ended"] = Tracked(Session("s-ended"), NOW, NOW)

    assert silent(redis, ACCOUNT, tracked, due, now=NOW) == {
        "s-lacking": Wanted("s-lacking", START, waiting=1000.0, due_for=5.0),
        "s-going-on": Wanted("s-going-on", START, waiting=1000.0, due_for=5.0),
        "s-later": Wanted("s-later", after(1060), waiting=0.0, due_for=5.0),
    }


def test_a_call_that_is_long_over_and_was_told_is_wanted_as_a_whole_from_its_first_record_to_its_last(
    redis: Redis,
) -> None:
    ids = ("s-1", "12345", "s-heard", "s-open", "s-untold", "s-unknown", "s-unseen", "s-unstarted")
    unstarted = msgspec.structs.replace(SETTLED, start_time=None)
    records = (msgspec.structs.replace(SETTLED, start_time=after(100)), SETTLED, unstarted)
    tell(redis, *(ledger.write_records(ACCOUNT, one, records) for one in ids[:-2]))
    tell(redis, ledger.write_records(ACCOUNT, "s-unstarted", (unstarted,)))
    tell(redis, *(published(one) for one in ids if one not in {"s-untold", "s-unknown"}), published("s-untold", 0))
    tracked = {
        "s-1": Tracked(Session("s-1"), NOW - STRAGGLER_SECONDS, NOW - STRAGGLER_SECONDS),
        "s-heard": Tracked(Session("s-heard"), NOW - STRAGGLER_SECONDS + 1, NOW - STRAGGLER_SECONDS),
        "s-open": Tracked(Session("s-open"), NOW - STRAGGLER_SECONDS),
    }

    found = whole(redis, ACCOUNT, tracked, {**dict.fromkeys(ids, NOW - 5), "12345": NOW + 5}, now=NOW)

    wanted = Wanted("s-1", START, ended_at=after(140), waiting=PATIENCE_SECONDS, whole=True, due_for=5.0)
    unnamed = msgspec.structs.replace(wanted, telephony_session_id=None, due_for=0.0)
    assert found == {"s-1": wanted, "12345": unnamed}


@pytest.mark.parametrize(
    ("seconds", "in_turn"), [(0, False), (WHOLE_SECONDS - 1, False), (WHOLE_SECONDS, True), (-1, True)]
)
def test_one_of_them_has_its_turn_once_in_a_while_and_when_the_clock_was_put_back(
    seconds: float, in_turn: object
) -> None:
    assert is_in_turn(Asking(whole_at=NOW), NOW + seconds) is in_turn


@pytest.mark.parametrize(
    ("request_", "at"),
    [
        pytest.param(LookUp("s-1", START), NOW, id="one of them"),
        pytest.param(LookUp("s-2", START), 1.0, id="another call"),
        pytest.param(LookUp("s-3", START), 1.0, id="unknown"),
        pytest.param(Window(START, after(60)), 1.0, id="a window"),
    ],
)
def test_only_a_look_at_one_of_them_is_its_turn(request_: Request, at: float) -> None:
    wanted = {"s-1": Wanted("s-1", START, whole=True), "s-2": Wanted("s-2", START)}

    assert had_its_turn(Asking(whole_at=1.0), [(request_, Share.LIVE)], wanted, NOW).whole_at == at
