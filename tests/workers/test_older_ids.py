"""A record that names no telephony session is given to the one that has its `sessionId`, and never on a guess."""

from collections.abc import Iterable

import msgspec
import pytest
from redis import Redis

from runtime import keys, ledger
from runtime.ledger import Tracked
from telephony.records import CallLogRecord
from telephony.sessions import Session
from telephony.times import moment_at
from tests.builders.call_log import a_record
from tests.builders.kept_calls import ACCOUNT, commit
from workers.resolving.older_ids import OlderIds, joins, session_of

HOUR = 3600.0
NOW = 1_000_000.0


def nameless(older_id: str | None, record_id: str = "R") -> CallLogRecord:
    return a_record(id=record_id, session_id=older_id, telephony_session_id=None)


def tracked(one: str, older_id: str) -> Tracked:
    return Tracked(Session(id=one, session_id=older_id), NOW)


def see(redis: Redis, sessions: Iterable[tuple[str, str]], *, place: str) -> None:
    """Have sessions, of an id and an older id each, on or due."""
    for one, older_id in sessions:
        redis.zadd(place, {one: NOW})
        commit(redis, [ledger.write_tracked(ACCOUNT, tracked(one, older_id), retention=HOUR)])


@pytest.mark.parametrize(
    ("older_id", "at_hand", "on", "due", "expected"),
    [
        ("11", [], [], [], "11"),
        ("11", [("s-a", "11")], [], [], "s-a"),
        ("11", [], [("s-a", "11"), ("s-b", "12")], [], "s-a"),
        ("11", [], [], [("s-a", "11")], "s-a"),
        ("11", [("s-a", "11"), ("s-b", "11")], [], [], "11"),
        ("11", [], [("s-a", "11"), ("s-b", "11")], [], "11"),
        ("11", [], [("s-a", "11")], [("s-b", "11")], "11"),
        ("11", [("s-a", "11")], [("s-b", "11")], [], "11"),
        ("0", [("s-a", "0")], [], [], "R"),
        ("0", [("s-a", "0")], [("s-b", "0")], [], "R"),
        (None, [("s-a", "11")], [], [], "R"),
    ],
    ids=[
        "nobody has it",
        "the call that is asked about has it",
        "a call that is on has it",
        "a call that is due has it",
        "two calls that are asked about have it",
        "two calls that are on have it",
        "one that is on and one that is due have it",
        "another call has it besides the one that is asked about",
        "a conference",
        "two conferences",
        "it names nothing at all",
    ],
)
def test_a_record_is_given_to_the_one_session_that_has_its_older_id(
    redis: Redis,
    older_id: str | None,
    at_hand: list[tuple[str, str]],
    on: list[tuple[str, str]],
    due: list[tuple[str, str]],
    expected: str,
) -> None:
    see(redis, on, place=keys.open_sessions(ACCOUNT))
    see(redis, due, place=keys.due(ACCOUNT))
    older_ids = OlderIds(redis, ACCOUNT, {one: tracked(one, older) for one, older in at_hand})

    assert session_of(nameless(older_id), older_ids.session_of) == expected


def test_what_was_given_stays_where_it_is_when_another_session_has_the_same_id_later(redis: Redis) -> None:
    on = keys.open_sessions(ACCOUNT)
    see(redis, [("s-a", "11")], place=on)
    first = OlderIds(redis, ACCOUNT, {})
    assert session_of(nameless("11"), first.session_of) == "s-a"
    commit(redis, first.remember(retention=HOUR))
    assert 0 < redis.ttl(keys.older_id(ACCOUNT, "11")) <= HOUR
    see(redis, [("s-b", "11")], place=on)

    later = OlderIds(redis, ACCOUNT, {})

    assert session_of(nameless("11"), later.session_of) == "s-a"
    assert session_of(nameless("11", "R2"), later.session_of) == "11"


def test_that_two_had_it_is_remembered_when_one_is_long_over(redis: Redis) -> None:
    on = keys.open_sessions(ACCOUNT)
    see(redis, [("s-a", "11"), ("s-b", "11")], place=on)
    first = OlderIds(redis, ACCOUNT, {})
    session_of(nameless("11"), first.session_of)
    commit(redis, first.remember(retention=HOUR))
    redis.zrem(on, "s-a", "s-b")
    see(redis, [("s-b", "11")], place=on)

    assert session_of(nameless("11"), OlderIds(redis, ACCOUNT, {}).session_of) == "11"


@pytest.mark.parametrize(
    ("older_id", "waits_as", "sharing", "joined"),
    [("11", "11", ["s-a"], ["s-a"]), ("11", "11", ["s-a", "s-b"], []), ("0", "R", ["s-a"], [])],
    ids=["one call", "two calls", "a conference"],
)
def test_a_record_that_waits_joins_the_one_call_that_is_heard_of_later(
    redis: Redis, older_id: str, waits_as: str, sharing: list[str], joined: list[str]
) -> None:
    commit(redis, [ledger.write_records(ACCOUNT, waits_as, (nameless(older_id),))])
    see(redis, [(one, older_id) for one in sharing], place=keys.open_sessions(ACCOUNT))

    commit(redis, joins(redis, ACCOUNT, [waits_as], now=NOW))

    assert list(ledger.records(redis, ACCOUNT, sharing)) == joined
    assert bool(ledger.records(redis, ACCOUNT, [waits_as])) != bool(joined)


def test_of_what_waited_and_what_the_call_has_the_newest_version_of_each_record_is_kept(redis: Redis) -> None:
    waited = (
        msgspec.structs.replace(nameless("11"), last_modified_time=moment_at(NOW + 60), result="Voicemail"),
        nameless("11", "R2"),
    )
    had = msgspec.structs.replace(nameless("11"), last_modified_time=moment_at(NOW), result="In Progress")
    see(redis, [("s-a", "11")], place=keys.open_sessions(ACCOUNT))
    commit(redis, [ledger.write_records(ACCOUNT, "11", waited), ledger.write_records(ACCOUNT, "s-a", (had,))])

    commit(redis, joins(redis, ACCOUNT, ["11"], now=NOW))

    assert ledger.records(redis, ACCOUNT, ["s-a"])["s-a"] == waited


def test_what_the_release_before_remembered_is_read_while_both_run(redis: Redis) -> None:
    redis.set(keys.older_id(ACCOUNT, "11"), "s-a")
    record = nameless("11")

    assert session_of(record, OlderIds(redis, ACCOUNT, {}).session_of) == "s-a"
