"""Whole conversations, played with all their sessions: what is published of each, when, and in whatever order."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runtime import keys, links
from runtime.leases import lease
from runtime.ledger import State
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.take import Take
from telephony.linking import RINGOUT_SECOND_SESSION, link
from tests.asking.clock import RedisWithClock
from tests.asking.company import Company
from tests.asking.conftest import Opened
from tests.asking.legwork import Legwork, events_of, published_at, state_of

LONG = 240.0
CONVERSATIONS = sorted(name for name, scenario in SCENARIOS.items() if scenario.sessions[0].truth.role is not None)
ONE_SESSION = ("blind_transfer", "blind_transfer_chain", "call_flip", "call_switch", "queue_of_five", "queue_hand_over")


def told(take: Take, redis: RedisWithClock) -> dict[str, Any]:
    """Say what was published last of a session, in the words of the simulator's truth."""
    data = events_of(redis, take)[-1].data
    return {
        "outcome": data.outcome.value,
        "linkedSessions": list(data.linked_sessions),
        "conversation": {"id": data.conversation.id, "role": data.conversation.role.value},
        "agents": {one.extension_id: one.status.value for one in data.agents},
    }


def truth(take: Take) -> dict[str, Any]:
    known = take.truth(0.0)
    return {
        "outcome": known["outcome"],
        "linkedSessions": known["linkedSessions"],
        "conversation": known["conversation"],
        "agents": known["agents"],
    }


def is_right(take: Take, redis: RedisWithClock) -> bool:
    said, known = told(take, redis), truth(take)
    return said == known | ({"agents": said["agents"]} if known["agents"] is None else {})


@pytest.mark.parametrize("name", [*CONVERSATIONS, *ONE_SESSION])
def test_what_is_published_of_each_session_is_right(name: str, opened: Opened, redis: RedisWithClock) -> None:
    legwork, company = opened()
    takes = company.converse(name)

    legwork.pass_time(LONG)

    assert [told(take, redis) for take in takes if not is_right(take, redis)] == []
    assert all(events_of(redis, take)[-1].data.confirmed for take in takes)
    assert all([event.data.revision for event in events_of(redis, take)][:2] == [0, 1] for take in takes)


def test_a_queue_call_that_rings_five_and_is_answered_by_one_is_one_answered_call(
    opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    (take,) = company.converse("queue_of_five")

    legwork.pass_time(LONG)

    for event in events_of(redis, take):
        assert event.data.outcome == "answered"
        assert sorted(one.status for one in event.data.agents) == ["answered", *["answered_elsewhere"] * 4]
        assert [one.talk_seconds is not None for one in event.data.agents].count(True) == 1


@pytest.mark.parametrize("name", ["park_and_pick_up", "conference", "queue_hand_over_in_two"])
def test_a_call_that_went_on_in_another_session_is_not_over_before_that_one(
    name: str, opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    takes = company.converse(name, length=300.0)

    legwork.pass_time(takes[-1].ends_at - legwork.clock() - 1.0)
    assert [len(events_of(redis, take)) for take in takes] == [0] * len(takes)

    legwork.pass_time(5.0)
    assert [len(events_of(redis, take)) for take in takes] == [1] * len(takes)

    legwork.pass_time(60.0)
    assert all(is_right(take, redis) for take in takes)
    assert {event.data.trigger for take in takes for event in events_of(redis, take)} == {"webhook"}
    assert {state_of(redis, take) for take in takes} == {State.RESOLVED}
    times = [published_at(redis, take) for take in takes]
    assert max(times) - min(times) < 1.0  # by one look at the call log


def test_a_consultation_is_over_when_it_is_although_the_call_goes_on(opened: Opened, redis: RedisWithClock) -> None:
    legwork, company = opened()
    original, consultation = company.converse("warm_transfer", length=300.0)

    legwork.pass_time(consultation.ends_at - legwork.clock() + 5.0)

    assert events_of(redis, original) == []
    assert [event.data.conversation.role for event in events_of(redis, consultation)] == ["consultation"]


def test_a_held_call_ends_though_the_end_of_the_other_is_never_told(opened: Opened, redis: RedisWithClock) -> None:
    legwork, company = opened()
    parked, picked_up = company.converse("park_and_pick_up")
    legwork.pass_time(picked_up.ends_at - legwork.clock() - 1.0)
    company.clock._entries = [one for one in company.clock._entries if one[0] > picked_up.ends_at]  # the rest is lost

    legwork.pass_time(600.0)

    assert [event.data.trigger for event in events_of(redis, picked_up)] == ["reconcile"]
    assert events_of(redis, parked)[-1].data.confirmed
    assert told(parked, redis)["conversation"] == truth(parked)["conversation"]


def test_evidence_that_comes_late_and_on_one_side_only_gives_the_other_a_revision(
    opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    original, consultation = company.converse("warm_transfer_told_late", length=120.0)

    legwork.pass_time(consultation.record_at - legwork.clock() + 15.0)
    alone = events_of(redis, consultation)[-1].data
    assert (alone.revision, alone.conversation.role, alone.linked_sessions) == (1, "only", ())
    asked = len(company.asked())

    legwork.pass_time(LONG)

    assert is_right(original, redis)
    assert is_right(consultation, redis)
    last = events_of(redis, consultation)[-1].data
    assert (last.revision, last.changed) == (2, ("linkedSessions", "conversation"))
    assert "transfer-named" in {one.rule for one in last.explanation}
    assert len(company.asked()) > asked  # for the original; the other needed none, see below


def test_a_link_found_long_after_is_told_without_asking_for_anything(opened: Opened, redis: RedisWithClock) -> None:
    legwork, company = opened()
    first, then = company.call(), company.call(begins=3.0)
    legwork.pass_time(4 * 3600.0)
    ids = first.ids.telephony_session_id, then.ids.telephony_session_id
    asked, before = len(company.asked()), [len(events_of(redis, one)) for one in (first, then)]

    found = links.found("acme", [link(RINGOUT_SECOND_SESSION, *ids)], now=legwork.clock(), retention=3600)
    with lease(redis, "acme", "resolve") as held:
        held.commit(found)
    legwork.resolve("acme")

    assert [len(events_of(redis, one)) for one in (first, then)] == [count + 1 for count in before]
    assert [events_of(redis, one)[-1].data.conversation.role for one in (first, then)] == ["original", "ringout_second"]
    assert len(company.asked()) - asked <= 1  # the sweep that was due anyway
    assert redis.zcard(keys.relinked("acme")) == 0


def test_an_event_that_only_a_later_version_can_read_keeps_no_other_conversation_waiting(
    opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    takes = [company.call(begins=3.0 * number) for number in range(4)]
    legwork.pass_time(4 * 3600.0)
    first, then, third, fourth = (take.ids.telephony_session_id for take in takes)
    with _written_by_a_later_version(redis, first):
        new = [link(RINGOUT_SECOND_SESSION, first, then), link(RINGOUT_SECOND_SESSION, third, fourth)]
        with lease(redis, "acme", "resolve") as held:
            held.commit(links.found("acme", new, now=legwork.clock(), retention=3600))
        legwork.resolve("acme")
    roles = [events_of(redis, take)[-1].data.conversation.role for take in takes]
    assert roles == ["only", "ringout_second", "original", "ringout_second"]

    legwork.pass_time(330.0)

    assert events_of(redis, takes[0])[-1].data.conversation.role == "original"
    assert redis.zcard(keys.relinked("acme")) == 0


@contextmanager
def _written_by_a_later_version(redis: Any, session: str) -> Iterator[None]:
    """Have the newest event of a session hold a word that ours does not know."""
    revisions = keys.revisions("acme", session)
    last = redis.hget(revisions, "last")
    place = redis.hget(revisions, last)
    ((_, fields),) = redis.xrange(keys.OUTCOMES, place, place)
    event = re.sub(rb'"outcome":"[^"]+"', b'"outcome":"teleported"', fields[b"event"])
    redis.hset(revisions, last, redis.xadd(keys.OUTCOMES, fields | {b"event": event}))
    yield
    redis.hset(revisions, last, place)


def test_two_calls_between_the_same_people_at_the_same_time_are_two_conversations(
    opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    one = company.call()
    company._dealer._dealt = 0  # the same people and times
    other = company.call()
    assert one.call.cast == other.call.cast

    legwork.pass_time(LONG)

    assert {take: told(take, redis)["linkedSessions"] for take in (one, other)} == {one: [], other: []}


def test_one_conversation_by_two_links_is_one_for_all_three(opened: Opened, redis: RedisWithClock) -> None:
    legwork, company = opened()
    takes = company.converse("conference")

    legwork.pass_time(LONG)

    assert len({events_of(redis, take)[-1].data.conversation.id for take in takes}) == 1
    assert [len(events_of(redis, take)[-1].data.linked_sessions) for take in takes] == [2, 2, 2]


def _shuffled(company: Company, takes: list[Take], seed: int) -> list[bytes]:
    rng = random.Random(seed)  # noqa: S311 - the same at each run
    bodies = [body for take in takes for body in company.bodies(take)]
    again = rng.choices(bodies, k=6)
    return rng.sample([*bodies, *again], len(bodies) + 6)


def _heard(legwork: Legwork, company: Company, takes: list[Take], seed: int) -> None:
    """Hear everything in some order, in some portions; records come in between, in some order too."""
    rng = random.Random(seed)  # noqa: S311 - the same at each run
    bodies = _shuffled(company, takes, seed)
    while bodies:
        size = rng.randrange(1, len(bodies) + 1)
        company.hear(bodies[:size])
        del bodies[:size]
        legwork.pass_time(rng.choice((0.1, 4.0, 20.0)))
    for take in rng.sample(takes, len(takes)):
        company.show(take)
        legwork.pass_time(rng.choice((1.0, 12.0)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_whatever_the_order_of_notifications_and_records_the_same_is_said_in_the_end(
    name: str, seed: int, opened: Opened, redis: RedisWithClock
) -> None:
    legwork, company = opened()
    takes = company.converse(name, listed=False)
    company.clock._entries.clear()
    legwork.be_away(40.0)

    _heard(legwork, company, takes, seed)
    legwork.pass_time(2000.0)

    assert [told(take, redis) for take in takes if not is_right(take, redis)] == []
