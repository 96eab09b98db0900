"""Calls: found by what people know of them, newest first, each once."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import call_index, keys, outcome_log
from runtime.deliveries import destinations
from runtime.deliveries.attempts import DeadLetter, buried
from runtime.deliveries.waiting_calls import Trouble
from runtime.ledger import State
from runtime.showing import calls
from runtime.showing.call_filter import Filter
from runtime.showing.calls import BadCursor
from telephony import search_terms
from telephony.destinations import Draft
from telephony.records import PhoneParty
from telephony.times import iso_ms
from telephony.words import Outcome
from tests.builders.events import unresolved
from tests.builders.kept_calls import (
    ACCOUNT,
    CALLER,
    START,
    a_session_of,
    an_end_of,
    an_outcome_of,
    commit,
    publish,
    see,
)
from tests.builders.notifications import MIRA, MIRAS_NUMBER

OTHER = "+442079460018"


def found(redis: Redis, *, accounts: tuple[str, ...] = (ACCOUNT,), limit: int = 100, **asked: Any) -> list[str]:
    """Search from the first page to the last, and name what was found."""
    names, after = [], None
    while True:
        page = calls.search(redis, accounts, Filter(**asked), after=after, limit=limit)
        names += [row.call.telephony_session_id for row in page.items]
        if page.next is None:
            return names
        assert len(page.items) == limit
        after = page.next


def test_the_newest_calls_come_first_whenever_they_were_published(redis: Redis) -> None:
    publish(redis, an_outcome_of(2), an_outcome_of(3), an_outcome_of(1))

    assert found(redis) == ["s-0003", "s-0002", "s-0001"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_page_by_page_every_call_comes_once(redis: Redis, limit: int) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(6)))

    assert found(redis, limit=limit) == [f"s-{number:04}" for number in reversed(range(6))]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_page_by_page_a_call_that_two_accounts_know_comes_once_of_each(redis: Redis, limit: int) -> None:
    both = (ACCOUNT, "globex")
    for account in both:
        publish(redis, *map(an_outcome_of, (1, 2, 3)), account=account)

    assert found(redis, accounts=both, limit=limit) == [f"s-{number:04}" for number in (3, 3, 2, 2, 1, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_calls_of_which_only_the_place_is_left_end_no_page(redis: Redis, limit: int) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(6)))
    for number in range(6):
        start = redis.zscore(keys.calls(ACCOUNT), f"s-{number:04}")
        redis.zadd(keys.calls(ACCOUNT), {f"s-gone-{number}": start or 0})

    assert found(redis, limit=limit) == [f"s-{number:04}" for number in reversed(range(6))]


@pytest.mark.parametrize("asked", [{}, {"number": CALLER}, {"number": CALLER, "extension": MIRA}], ids=str)
def test_more_calls_than_one_answer_of_redis_gives_are_all_found(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    monkeypatch.setattr(calls, "_SMALLEST_PAGE", 2)
    monkeypatch.setattr(calls, "_LARGEST_PAGE", 3)
    publish(redis, *(an_outcome_of(number) for number in range(9)))

    assert found(redis, **asked) == [f"s-{number:04}" for number in reversed(range(9))]


def test_calls_that_come_between_two_pages_shift_nothing(redis: Redis) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(4)))
    first = calls.search(redis, [ACCOUNT], Filter(), limit=2)
    publish(redis, an_outcome_of(8), an_outcome_of(9))

    second = calls.search(redis, [ACCOUNT], Filter(), after=first.next, limit=2)

    assert [row.call.telephony_session_id for row in second.items] == ["s-0001", "s-0000"]


def test_calls_of_several_accounts_come_in_one_order(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(3))
    publish(redis, an_outcome_of(2), account="globex")

    assert found(redis, accounts=(ACCOUNT, "globex"), limit=1) == ["s-0003", "s-0002", "s-0001"]
    assert found(redis, accounts=("globex",)) == ["s-0002"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"number": CALLER},
        {"number": OTHER, "direction": "Inbound"},
        {"number": "nobody's"},
        {"state": State.OPEN},
        {"state": State.RESOLVED},
        {"state": State.ENDED},
        {"until": (START + timedelta(minutes=7)).timestamp()},
        {"since": (START + timedelta(minutes=5)).timestamp(), "number": CALLER},
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_of_several_accounts_is_found_what_is_found_of_each(redis: Redis, asked: dict[str, Any], limit: int) -> None:
    names = ("acme", "globex", "initech", "umbrella")
    for number in range(12):
        caller = (CALLER, OTHER)[number % 3 == 0]
        made = an_end_of(number, caller=caller) if number % 5 == 0 else an_outcome_of(number, caller=caller)
        publish(redis, made, account=names[number % 3])
    see(redis, a_session_of(20), account="globex")

    each = [one for name in names for one in found(redis, accounts=(name,), **asked)]

    assert found(redis, accounts=names, limit=limit, **asked) == sorted(each, reverse=True)


def test_of_very_many_accounts_those_are_walked_whose_calls_may_be_on_the_page(redis: Redis) -> None:
    names = tuple(f"acct-{number}" for number in range(50))
    for number, name in enumerate(names):
        publish(redis, an_outcome_of(number, caller=OTHER if number == 7 else CALLER), account=name)

    def walked(**asked: Any) -> int:
        redis.config_resetstat()
        calls.search(redis, names, Filter(**asked), limit=3)
        stats: Any = redis.info("commandstats")
        return int(stats["cmdstat_zcount"]["calls"])

    assert walked() <= 2 * 4
    assert walked(number=OTHER) <= 2 * 3


@pytest.mark.parametrize("typed", [CALLER, "212 555 0111", "(212) 555-0111", "1-212-555-0111"])
def test_a_call_is_found_by_a_number_in_any_spelling(redis: Redis, typed: str) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2, caller=OTHER))

    assert found(redis, number=typed) == ["s-0001"]


def test_a_call_is_found_by_either_of_its_numbers_and_by_its_extension(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2, caller=OTHER))

    assert found(redis, number=MIRAS_NUMBER) == found(redis, extension=MIRA) == ["s-0002", "s-0001"]
    assert found(redis, number="020 7946 0018") == ["s-0002"]
    assert found(redis, number="nobody") == found(redis, extension="1") == []


def test_a_call_that_two_spellings_of_a_number_find_comes_once(redis: Redis) -> None:
    publish(redis, an_outcome_of(1, to=PhoneParty(phone_number="+442125550111")))

    assert found(redis, number="212 555 0111") == ["s-0001"]


def test_what_upkeep_has_taken_out_is_not_found_by_what_other_sets_still_have(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2))
    redis.zrem(keys.calls(ACCOUNT), "s-0001")

    assert found(redis, number=CALLER) == found(redis, outcome=Outcome.ANSWERED) == ["s-0002"]


def test_a_call_is_found_while_it_is_on(redis: Redis) -> None:
    see(redis, a_session_of(1))

    (row,) = calls.search(redis, [ACCOUNT], Filter(number="212 555 0111", direction="Inbound")).items
    assert (row.call.state, row.call.outcome, row.call.revision) == (State.OPEN, None, None)
    assert (row.call.from_.phone_number, row.call.start_time) == (CALLER, "2026-03-02T09:01:00.000Z")


def test_a_call_keeps_its_place_when_its_record_says_that_it_began_at_another_time(redis: Redis) -> None:
    see(redis, a_session_of(5), a_session_of(6))
    publish(redis, an_outcome_of(5, start_time=START))

    assert found(redis) == found(redis, number=CALLER) == ["s-0006", "s-0005"]


def test_a_revision_moves_a_call_to_its_new_outcome(redis: Redis) -> None:
    publish(redis, an_end_of(1))
    before = calls.search(redis, [ACCOUNT], Filter()).items[0].call.outcome
    publish(redis, an_outcome_of(1))
    assert before is not None
    assert (found(redis, outcome=before), found(redis, outcome=Outcome.ANSWERED)) == ([], ["s-0001"])

    publish(redis, an_outcome_of(1, revision=2, result="Voicemail", legs=()))

    assert (found(redis, outcome=Outcome.ANSWERED), found(redis, outcome=Outcome.VOICEMAIL)) == ([], ["s-0001"])


def test_a_revision_that_is_not_published_moves_nothing(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_end_of(1))

    assert (found(redis, state=State.ENDED), found(redis, state=State.RESOLVED)) == ([], ["s-0001"])


def test_each_call_is_in_one_state(redis: Redis) -> None:
    see(redis, a_session_of(1))
    publish(redis, an_end_of(2), an_outcome_of(3), unresolved(a_session_of(4, code="Disconnected"), now=START))

    assert {state: found(redis, state=state) for state in State} == {
        State.OPEN: ["s-0001"],
        State.ENDED: ["s-0002"],
        State.RESOLVED: ["s-0003"],
        State.UNRESOLVED: ["s-0004"],
    }


def test_a_call_that_goes_on_again_is_open_and_nothing_else(redis: Redis) -> None:
    given_up = unresolved(a_session_of(3, code="Disconnected"), now=START)
    publish(redis, an_end_of(1), an_outcome_of(2), given_up)
    assert found(redis, state=State.UNRESOLVED) == ["s-0003"]

    see(redis, *map(a_session_of, (1, 2, 3)))

    assert {state: len(found(redis, state=state)) for state in State} == {
        State.OPEN: 3,
        State.ENDED: 0,
        State.RESOLVED: 0,
        State.UNRESOLVED: 0,
    }


def test_since_and_until_are_of_the_call_s_start(redis: Redis) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(6)))
    since, until = (START.timestamp() + 60 * minute for minute in (2, 4))

    assert found(redis, since=since, until=until, limit=2) == ["s-0004", "s-0003", "s-0002"]
    assert found(redis, since=since, until=until, number=CALLER, direction="Inbound") == ["s-0004", "s-0003", "s-0002"]


def test_a_call_keeps_its_place_where_its_record_says_that_it_began_earlier(redis: Redis) -> None:
    see(redis, a_session_of(5))  # the notifications before it were lost
    publish(redis, an_outcome_of(5, start_time=START + timedelta(minutes=3)))

    between = START.timestamp() + 60 * 4
    for number in (None, CALLER):
        assert found(redis, since=between, number=number) == ["s-0005"]
        assert found(redis, until=between, number=number) == []


def test_every_filter_must_be_met(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2, caller=OTHER), an_outcome_of(3, direction="Outbound"))

    assert found(redis, number=CALLER, direction="Inbound", outcome="answered") == ["s-0001"]
    assert found(redis, number=CALLER, outcome="voicemail") == []


@pytest.mark.parametrize("after", ["x", "AAAA", "====", "k6Y", "ÄÖ", "kst_-AAAAAAAAKNzLTE"])
def test_a_cursor_that_no_answer_gave_is_refused(redis: Redis, after: str) -> None:
    with pytest.raises(BadCursor):
        calls.search(redis, [ACCOUNT], Filter(), after=after)


def test_calls_are_found_whose_events_a_destination_did_not_get(redis: Redis) -> None:
    destination, _ = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())
    publish(redis, an_outcome_of(1), an_outcome_of(2))
    letter = DeadLetter(
        event_id="s-0001/1", call="s-0001", account=ACCOUNT, place="1-1", published_at=1, dead_at=2, attempts=9,
        because="exhausted",
    )  # fmt: skip
    commit(redis, [buried(destination.id, letter)])

    assert found(redis, delivery=Trouble.DEAD) == ["s-0001"]
    assert found(redis, delivery=Trouble.WAITING) == []


def test_upkeep_takes_out_only_calls_of_which_nothing_is_left(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2), an_outcome_of(3))
    redis.delete(keys.revisions(ACCOUNT, "s-0001"))
    assert found(redis) == ["s-0003", "s-0002"]
    redis.delete(keys.revisions(ACCOUNT, "s-0002"))
    redis.set(keys.session(ACCOUNT, "s-0002"), b"a session that has no outcome yet")

    assert call_index.trim(redis, ACCOUNT, before=START.timestamp() + 3 * 60) == 1

    assert redis.zrange(keys.calls(ACCOUNT), 0, -1) == [b"s-0002", b"s-0003"]


def test_upkeep_takes_out_however_many_calls_there_are_of_which_nothing_is_left(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_index, "TRIMMED_AT_ONCE", 2)
    publish(redis, *map(an_outcome_of, range(7)))
    redis.delete(*(keys.revisions(ACCOUNT, f"s-{number:04}") for number in range(7)))

    assert call_index.trim(redis, ACCOUNT, before=START.timestamp() + 3600) == 7


def test_a_set_loses_what_is_no_longer_kept_when_a_call_joins_it(redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2))
    redis.zrem(keys.calls(ACCOUNT), "s-0001")

    publish(redis, an_outcome_of(3))

    assert found(redis, number=CALLER) == ["s-0003", "s-0002"]
    assert redis.zrange(keys.calls_by(ACCOUNT, "number", CALLER[1:]), 0, -1) == [b"s-0002", b"s-0003"]


def test_a_set_loses_more_than_it_gains_until_it_holds_nothing_that_is_no_longer_kept(redis: Redis) -> None:
    publish(redis, *map(an_outcome_of, range(1, 7)))
    redis.zrem(keys.calls(ACCOUNT), *(f"s-{number:04}" for number in range(2, 6)))  # behind one that is kept
    publish(redis, an_outcome_of(7))
    assert redis.zcard(keys.calls_by(ACCOUNT, "number", CALLER[1:])) == 7

    redis.zrem(keys.calls(ACCOUNT), "s-0001")
    publish(redis, *map(an_outcome_of, range(8, 11)))

    left = [f"s-{number:04}".encode() for number in range(6, 11)]
    assert redis.zrange(keys.calls_by(ACCOUNT, "number", CALLER[1:]), 0, -1) == left


def test_a_set_that_is_emptied_and_joined_in_one_step_outlives_its_calls_no_more_than_others(redis: Redis) -> None:
    ended, resolved = an_end_of(1), an_outcome_of(1)
    publish(redis, ended, resolved, an_end_of(2))

    name = keys.calls_by(ACCOUNT, *search_terms.ENDED)
    assert redis.zrange(name, 0, -1) == [b"s-0002"]
    assert 0 < redis.ttl(name) <= 600


def test_no_set_of_the_index_outlives_its_calls_but_the_one_upkeep_trims(redis: Redis) -> None:
    see(redis, a_session_of(2))
    publish(redis, an_end_of(1), an_outcome_of(1))

    sets = list(redis.scan_iter(keys.calls_by(ACCOUNT, "*", "*")))
    assert sets
    assert all(0 < redis.ttl(name) <= 600 for name in sets)


def test_what_track_has_indexed_is_found_after_the_outcome_as_if_all_had_been_indexed_again(redis: Redis) -> None:
    session, event = a_session_of(1), an_outcome_of(1, to=PhoneParty(phone_number=OTHER))
    see(redis, session)
    commit(redis, [outcome_log.published(ACCOUNT, event, retention=600, session=session)])

    for term in search_terms.of_session(session) | search_terms.of_event(event.data):
        assert redis.zscore(keys.calls_by(ACCOUNT, *term), "s-0001") is not None


def test_a_call_that_began_long_ago_stays_in_all_its_sets_as_long_as_its_event_is_kept(redis: Redis) -> None:
    session, event = a_session_of(1), an_outcome_of(1)
    see(redis, session)
    sets = list(redis.scan_iter(keys.calls_by(ACCOUNT, "*", "*")))
    for name in sets:
        redis.expire(name, 60)

    later = msgspec.structs.replace(event.data.timing, published_at=iso_ms(START + timedelta(hours=3)))
    late = msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, timing=later))
    commit(redis, [outcome_log.published(ACCOUNT, late, retention=600, session=session)])

    assert sets
    assert all(redis.ttl(name) > 60 for name in sets)
