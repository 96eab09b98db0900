"""Conversations are gathered whole: however many calls are looked at together, and however long a chain they make."""

import pytest
from redis import Redis

from runtime import keys, ledger, links
from runtime.ledger import Tracked
from telephony.conversations import MOST_LINKS
from telephony.linking import GONE_CONFERENCE, Link
from tests.builders.kept_calls import ACCOUNT, a_session_of, commit, see
from workers.tracking import conversations
from workers.tracking.conversations import HOPS, Gathered


def joined(*pairs: tuple[str, str]) -> list[Link]:
    return [Link(first, then, GONE_CONFERENCE) for first, then in pairs]


def gathered(redis: Redis, *ids: str) -> Gathered:
    """Gather as whoever judges these calls together does."""
    known = {one for some in links.load(redis, ACCOUNT, ids).values() for one in some}
    return conversations.gather(redis, ACCOUNT, known, loaded=ids)


@pytest.mark.parametrize("others", [0, 3000])
def test_a_conversation_is_whole_however_many_calls_are_looked_at(redis: Redis, others: int) -> None:
    found = joined(("s-a", "s-conference"), ("s-b", "s-conference"))
    commit(redis, links.found(ACCOUNT, found, now=0.0, retention=60))

    place = gathered(redis, "s-a", *(f"s-{number}" for number in range(others))).place("s-a")

    assert place.others == ("s-b", "s-conference")


def test_a_chain_is_followed_but_not_for_ever(redis: Redis) -> None:
    found = joined(*((f"s-{number:04}", f"s-{number + 1:04}") for number in range(2 * HOPS)))
    commit(redis, links.found(ACCOUNT, found, now=0.0, retention=60))

    assert gathered(redis, "s-0000").others("s-0000") == {f"s-{number + 1:04}" for number in range(HOPS + 1)}
    assert len(gathered(redis, f"s-{HOPS:04}").others(f"s-{HOPS:04}")) == 2 * HOPS


@pytest.mark.parametrize("count", [MOST_LINKS, MOST_LINKS + 1])
def test_what_has_more_links_than_a_conversation_is_none_and_another_beside_it_is(redis: Redis, count: int) -> None:
    found = joined(*(("s-0000", f"s-{number + 1:04}") for number in range(count)), ("s-a", "s-b"))
    commit(redis, links.found(ACCOUNT, found, now=0.0, retention=60))

    both = gathered(redis, "s-0000", "s-a")

    assert len(both.others("s-0000")) == (count if count == MOST_LINKS else 0)
    assert both.place("s-0000").others == (() if count > MOST_LINKS else tuple(f"s-{n + 1:04}" for n in range(count)))
    assert both.place("s-a").others == ("s-b",)


def test_a_list_of_links_grows_no_further_than_what_no_conversation_has(redis: Redis) -> None:
    for some in range(0, 3000, 1000):
        found = joined(*(("s-0000", f"s-{'x' * 50}{number:04}") for number in range(some, some + 1000)))
        commit(redis, links.found(ACCOUNT, found, now=0.0, retention=60))

    kept = links.load(redis, ACCOUNT, ["s-0000"])["s-0000"]
    assert redis.strlen(keys.links(ACCOUNT, "s-0000")) < links.MOST_BYTES + 200
    assert len(kept) > MOST_LINKS
    commit(redis, links.withdrawn(ACCOUNT, kept, now=0.0, retention=60))
    assert links.load(redis, ACCOUNT, ["s-0000"])["s-0000"] == frozenset()


def test_a_session_that_has_ended_is_not_on_whoever_lists_it_as_open(redis: Redis) -> None:
    still_on, over = a_session_of(1), a_session_of(2)
    see(redis, still_on, over)
    ended = ledger.write_tracked(ACCOUNT, Tracked(over, heard_at=1.0, ended_at=2.0), retention=60)
    found = links.found(ACCOUNT, joined((still_on.id, over.id)), now=0.0, retention=60)
    commit(redis, [ended, *found])

    assert gathered(redis, over.id).open == {still_on.id}
