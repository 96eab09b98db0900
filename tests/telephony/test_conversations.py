"""What each session is in its conversation, and where a call may have gone on."""

import itertools
import random
from collections.abc import Sequence
from datetime import datetime

import pytest

from telephony.conversations import apart, goes_on_in, place
from telephony.linking import (
    GONE_CONFERENCE,
    KINDS,
    LINK_RULES,
    RINGOUT_SECOND_SESSION,
    ROLE_MEANINGS,
    SESSION_NAMED,
    TRANSFER_NAMED,
    ConversationRole,
    Link,
    link,
)
from tests.builders.notifications import second

A, B, C, D = "s-a", "s-b", "s-c", "s-d"
IN_ORDER = {A: second(0), B: second(10), C: second(20), D: second(30)}
THE_OTHER_WAY = {A: second(10), B: second(0)}


def _roles(links: Sequence[Link], starts: dict[str, datetime] | None = None) -> dict[str, str]:
    known = IN_ORDER if starts is None else starts
    return {one: place(one, joined, known).role.value for one, joined in sorted(apart(links).items())}


@pytest.mark.parametrize(
    ("rule", "first", "then"),
    [
        ("gone-attended-transfer", "original", "consultation"),
        ("gone-pickup", "parked", "picked_up"),
        ("gone-conference", "original", "conference"),
        ("gone-hand-over", "original", "transferred"),
        ("gone-move", "original", "moved"),
        ("gone-take-over", "original", "transferred"),
        ("gone-monitoring", "original", "monitoring"),
        ("gone-to-peer", "linked", "linked"),
        ("session-named", "linked", "linked"),
        ("transfer-named", "original", "consultation"),
        ("ringout-second-session", "original", "ringout_second"),
    ],
)
def test_each_kind_of_link_has_its_roles(rule: str, first: str, then: str) -> None:
    assert _roles([link(rule, A, B)]) == {A: first, B: then}


@pytest.mark.parametrize(("rule", "ordered"), [(name, rule.ordered) for name, rule in LINK_RULES.items()])
def test_evidence_that_tells_no_order_leaves_it_to_the_starts(rule: str, ordered: bool) -> None:  # noqa: FBT001 - a row
    first, then = _roles([link(rule, A, B)]).values()

    assert _roles([link(rule, A, B)], THE_OTHER_WAY) == ({A: first, B: then} if ordered else {A: then, B: first})


def test_where_nothing_tells_the_order_no_role_is_guessed() -> None:
    assert _roles([link("gone-pickup", A, B)], {A: second(0)}) == {A: "linked", B: "linked"}
    assert _roles([link("gone-pickup", A, B)], {A: second(0), B: second(0)}) == {A: "linked", B: "linked"}


def test_the_call_log_outweighs_the_starts() -> None:
    both = [link("gone-attended-transfer", A, B), link(TRANSFER_NAMED, A, B)]

    assert _roles(both, THE_OTHER_WAY) == {A: "original", B: "consultation"}


def test_what_a_session_was_made_for_outweighs_what_became_of_it() -> None:
    asked_then_parked = [link("gone-attended-transfer", A, B), link("gone-pickup", B, C)]

    assert _roles(asked_then_parked) == {A: "original", B: "consultation", C: "picked_up"}


def test_a_conversation_is_named_after_the_session_that_began_first() -> None:
    links = [link(GONE_CONFERENCE, A, C), link(GONE_CONFERENCE, B, C)]

    places = [place(one, links, IN_ORDER) for one in (A, B, C)]

    assert {one.conversation for one in places} == {A}
    assert [one.others for one in places] == [(B, C), (A, C), (A, B)]
    assert place(A, links, {B: second(0)}).conversation == B
    assert place(B, links, {}).conversation == A  # nobody knows: the lowest id, so that all say the same


def test_a_session_of_no_link_is_a_conversation_of_its_own() -> None:
    assert (place(A, [], {}).conversation, place(A, [], {}).role, place(A, [], {}).others) == (
        A,
        ConversationRole.ONLY,
        (),
    )


def test_every_link_of_the_conversation_is_explained() -> None:
    links = [link("gone-pickup", A, B), link(RINGOUT_SECOND_SESSION, B, C)]

    why = place(A, links, IN_ORDER).explanation

    assert [(one.field, one.value, one.rule) for one in why] == [
        ("linkedSessions", (B,), "gone-pickup"),
        ("linkedSessions", (B, C), "ringout-second-session"),
    ]


def test_whatever_the_order_of_links_the_same_conversations_come_out() -> None:
    sessions = [f"s-{number}" for number in range(9)]
    for seed in range(60):
        rng = random.Random(seed)  # noqa: S311 - no secret
        starts = {one: second(rng.randrange(5)) for one in rng.sample(sessions, rng.randrange(10))}
        pairs = rng.sample(list(itertools.permutations(sessions, 2)), rng.randrange(1, 9))
        links = [link(rng.choice(list(LINK_RULES)), *pair) for pair in pairs]
        again = rng.sample(links, len(links)) + rng.choices(links, k=3)

        first, second_time = apart(links), apart(again)

        assert first == second_time
        for one in sessions:
            mine = place(one, first.get(one, ()), starts)
            assert mine == place(one, second_time.get(one, ()), starts)
            assert {place(other, first[other], starts).conversation for other in mine.others} <= {mine.conversation}
            assert all(one in place(other, first[other], starts).others for other in mine.others)


def test_a_call_may_go_on_in_later_sessions_and_in_those_after_them() -> None:
    links = [link("gone-pickup", A, B), link("gone-attended-transfer", B, C), link("gone-monitoring", B, D)]

    assert goes_on_in(A, links, IN_ORDER) == {B, C}
    assert goes_on_in(C, links, IN_ORDER) == frozenset()
    assert goes_on_in(A, links, {}) == frozenset()  # nothing tells which is the later one


@pytest.mark.parametrize("rule", ["gone-monitoring", RINGOUT_SECOND_SESSION, SESSION_NAMED, "gone-to-peer"])
def test_a_call_does_not_go_on_in_a_session_it_was_only_linked_with(rule: str) -> None:
    assert goes_on_in(A, [link(rule, A, B)], IN_ORDER) == frozenset()


def test_every_role_has_a_meaning_and_a_kind() -> None:
    assert set(ROLE_MEANINGS) == set(ConversationRole)
    assert {role for rule in KINDS.values() for role in (rule.first, rule.then)} | {ConversationRole.ONLY} == set(
        ConversationRole
    )
