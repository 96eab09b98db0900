"""Which telephony sessions are linked, and by what evidence."""

import pytest

from telephony.linking import (
    GONE_CONFERENCE,
    GONE_TO_PEER,
    KINDS,
    LINK_RULES,
    RULE_BY_REASON,
    SESSION_NAMED,
    TRANSFER_NAMED,
    Link,
    LinkKind,
    link,
    of_notification,
    of_records,
)
from telephony.notifications import Notification, read
from telephony.records import SessionRef
from tests.builders.call_log import SESSION, a_leg, a_record
from tests.builders.notifications import GONE, SESSION_ID, a_document, a_notification, a_party, a_party_document, posted

OTHER = "s-b0d17c2b55f1ez19c8b04b111z2f3a0110000"


def _gone(peer: dict[str, object], reason: str | None = "AttendedTransfer", **body: object) -> Notification:
    status = {"code": GONE, "peerId": peer} | ({"reason": reason} if reason else {})
    (found,) = read(posted(a_document(a_party_document(2, GONE, status=status), **body)))
    assert isinstance(found, Notification)
    return found


@pytest.mark.parametrize(
    "peer",
    [
        {"telephonySessionId": OTHER},
        {"telephonySessionId": OTHER, "sessionId": "81264402044", "partyId": "p-x-1"},
        {"sessionId": OTHER},
        {"partyId": f"p-{OTHER.removeprefix('s-')}-3"},
    ],
)
def test_a_peer_is_found_wherever_ringcentral_writes_it(peer: dict[str, object]) -> None:
    (found,) = of_notification(_gone(peer))

    assert {found.first, found.then} == {SESSION_ID, OTHER}


@pytest.mark.parametrize(
    "peer", [{}, {"sessionId": "81264402044"}, {"sessionId": 0}, {"partyId": "p-"}, {"telephonySessionId": "a b"}]
)
def test_a_peer_that_names_no_telephony_session_links_nothing(peer: dict[str, object]) -> None:
    assert of_notification(_gone(peer)) == ()


def test_a_session_is_not_linked_with_itself() -> None:
    assert of_notification(_gone({"telephonySessionId": SESSION_ID})) == ()


@pytest.mark.parametrize(("reason", "rule"), [*RULE_BY_REASON.items(), (None, GONE_TO_PEER), ("NewWord", GONE_TO_PEER)])
def test_the_reason_tells_the_kind(reason: str | None, rule: str) -> None:
    (found,) = of_notification(a_notification(a_party(2, GONE, reason, peer=OTHER)))

    assert found == link(rule, SESSION_ID, OTHER)


def test_both_ends_of_a_transfer_tell_the_same_link() -> None:
    here = of_notification(a_notification(a_party(2, GONE, "AttendedTransfer", peer=OTHER)))
    there = of_notification(
        a_notification(a_party(1, GONE, "AttendedTransfer", peer=SESSION_ID), telephony_session_id=OTHER)
    )

    assert here == there


def test_a_call_is_joined_into_a_conference_whichever_of_the_two_says_so() -> None:
    joined = link(GONE_CONFERENCE, SESSION_ID, OTHER)
    by_reason = a_notification(a_party(2, GONE, "Conference", peer=OTHER))
    by_number = _gone({"telephonySessionId": OTHER, "sessionId": "0"}, reason=None)
    by_conference = a_notification(
        a_party(2, GONE, peer=SESSION_ID), telephony_session_id=OTHER, session_id="0", origin="Conference"
    )

    assert {of_notification(one) for one in (by_reason, by_number, by_conference)} == {(joined,)}


@pytest.mark.parametrize(("origin", "session_id"), [("conference", "77"), ("Call", "0"), (None, "0")])
def test_a_session_is_a_conference_by_its_origin_or_by_its_number(origin: str | None, session_id: str) -> None:
    party = a_party(2, GONE, "AttendedTransfer", peer=OTHER)

    (found,) = of_notification(a_notification(party, origin=origin, session_id=session_id))

    assert found == link(GONE_CONFERENCE, OTHER, SESSION_ID)


def test_two_conferences_are_not_linked_by_their_number() -> None:
    one = of_notification(_gone({"telephonySessionId": OTHER, "sessionId": "0"}))
    two = of_notification(
        a_notification(a_party(2, GONE, "Conference", peer="s-c"), telephony_session_id="s-b", session_id="77")
    )

    assert not {one[0].first, one[0].then} & {two[0].first, two[0].then}


@pytest.mark.parametrize(
    ("target", "transferee", "links"),
    [
        (OTHER, SESSION, {link(TRANSFER_NAMED, SESSION, OTHER)}),
        (OTHER, None, {link(TRANSFER_NAMED, SESSION, OTHER)}),
        (None, OTHER, {link(TRANSFER_NAMED, OTHER, SESSION)}),
        (SESSION, OTHER, {link(TRANSFER_NAMED, OTHER, SESSION)}),
        (SESSION, None, set()),
        ("s-t", "s-e", {link(TRANSFER_NAMED, "s-e", "s-t"), link(SESSION_NAMED, SESSION, "s-e")}),
    ],
)
def test_the_call_log_names_both_sides_of_a_warm_transfer(
    target: str | None, transferee: str | None, links: set[Link]
) -> None:
    for own in (SESSION, None):
        leg = a_leg(
            transfer_target=SessionRef(target) if target else None,
            transferee=SessionRef(transferee) if transferee else None,
            telephony_session_id=own,
        )
        assert of_records(SESSION, [a_record("Accepted", leg)]) == links


def test_another_session_on_a_leg_is_a_link_and_its_own_is_not() -> None:
    record = a_record("Accepted", a_leg(), a_leg(telephony_session_id=OTHER))

    assert of_records(SESSION, [record]) == {link(SESSION_NAMED, SESSION, OTHER)}


def test_an_ordinary_record_links_nothing() -> None:
    assert of_records(SESSION, [a_record("Accepted", a_leg())]) == frozenset()


def test_every_kind_has_evidence_and_roles() -> None:
    assert {rule.kind for rule in LINK_RULES.values()} == set(LinkKind) == set(KINDS)
    assert set(RULE_BY_REASON.values()) <= set(LINK_RULES)


def test_a_rule_of_a_later_version_links_all_the_same() -> None:
    assert Link("s-a", "s-b", "beamed-over").kind is LinkKind.OTHER
