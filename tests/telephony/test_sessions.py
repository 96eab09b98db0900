"""The fold: whatever the order of a session's notifications, and however often each comes; and when a call is over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.notifications import MOST_PARTIES, Endpoint, Kind, Notification, Party
from telephony.sessions import GAP_FACTOR, MOST_RUNS, Session, ends_after, fold, has_ended
from tests.builders.calls import Call, ivr_call, queue_call, ringout_call
from tests.builders.notifications import (
    ANSWERED,
    CALLERS_NUMBER,
    DISCONNECTED,
    FAX,
    GONE,
    HOLD,
    MENU,
    MIRA,
    MIRAS_NUMBER,
    PARKED,
    PROCEEDING,
    SETUP,
    TOM,
    VOICEMAIL,
    a_notification,
    a_party,
    one_of_ours,
    second,
)
from tests.builders.sessions import a_session, an_inbound_call, folded

QUIET = timedelta(seconds=3)
CALLS = [ivr_call(), queue_call(), ringout_call()]
NAMES = ["ivr", "queue", "ringout"]

ENDS = st.builds(Endpoint, st.none() | st.sampled_from(["+12125550111", "101"]), st.none() | st.just("Noor Vale"))
PARTIES: st.SearchStrategy[Party] = st.builds(
    a_party,
    st.integers(1, 4),
    st.sampled_from([SETUP, ANSWERED, "answered", HOLD, VOICEMAIL, FAX, DISCONNECTED, "DISCONNECTED", GONE, "New"]),
    st.none() | st.sampled_from(["Pickup", "NoAnswer"]),
    direction=st.none() | st.sampled_from(["Inbound", "Outbound"]),
    extension_id=st.none() | st.sampled_from([MIRA, TOM]),
    account_id=st.none() | st.sampled_from(["60200000", "60200001"]),
    from_=ENDS,
    to=ENDS,
    peer=st.none() | st.sampled_from(["s-one", "s-other"]),
    missed=st.booleans(),
    queue=st.booleans(),
)
NOTIFICATIONS: st.SearchStrategy[Notification] = st.builds(
    lambda parties, sequence, at, **fields: a_notification(
        sequence=sequence, event_time=None if at is None else second(at), **fields, parties=tuple(parties)
    ),
    st.lists(PARTIES, max_size=3),
    st.integers(0, 7),
    st.none() | st.integers(0, 3),
    session_id=st.none() | st.sampled_from(["81264402011", "0"]),
    origin=st.none() | st.sampled_from(["Call", "RingOut"]),
)
SESSIONS = st.lists(NOTIFICATIONS, min_size=1, max_size=8)


@given(SESSIONS, st.data())
def test_no_order_and_no_repetition_of_notifications_changes_the_session(
    notifications: list[Notification], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(notifications), max_size=6))
    shuffled = data.draw(st.permutations(notifications + repeated))

    assert folded(*shuffled) == folded(*notifications)


@given(SESSIONS)
def test_a_duplicate_gives_back_the_very_same_session(notifications: list[Notification]) -> None:
    session = folded(*notifications)

    assert all(fold(session, notification) is session for notification in notifications)


@given(SESSIONS, st.data())
def test_parties_may_come_together_or_one_by_one(notifications: list[Notification], data: st.DataObject) -> None:
    apart = [
        msgspec.structs.replace(notification, parties=(party,))
        for notification in notifications
        for party in notification.parties
    ]
    alone = [msgspec.structs.replace(notification, parties=()) for notification in notifications]

    assert folded(*data.draw(st.permutations(apart + alone))) == folded(*notifications)


@given(SESSIONS, SESSIONS)
def test_a_session_that_was_stored_in_between_goes_on_as_it_was(
    before: list[Notification], after: list[Notification]
) -> None:
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(folded(*before)), type=Session)

    assert folded(*after, into=stored) == folded(*before, *after)


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_whole_calls_read_backwards_and_twice_are_the_same_calls(call: Call) -> None:
    notifications = call.notifications

    assert folded(*reversed(notifications), *notifications) == folded(*notifications)


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_a_whole_call_is_over_with_its_last_notification_and_never_before(call: Call) -> None:
    notifications = call.notifications

    over = [ends_after(folded(*notifications[:count]), QUIET) for count in range(1, len(notifications) + 1)]

    assert over == [None] * (len(notifications) - 1) + [QUIET]


@given(st.sampled_from(CALLS), st.data())
def test_a_call_of_which_a_party_s_last_word_is_missing_goes_on(call: Call, data: st.DataObject) -> None:
    notifications = call.notifications
    last = {party.id: place for place, one in enumerate(notifications) for party in one.parties}
    lost = data.draw(st.sampled_from(sorted(last.values())))

    assert ends_after(folded(*notifications[:lost], *notifications[lost + 1 :]), QUIET) is None


def test_the_newest_state_of_a_party_counts_not_the_last_to_arrive() -> None:
    session = folded(
        a_notification(a_party(1, DISCONNECTED), sequence=9), a_notification(a_party(1, ANSWERED), sequence=4)
    )

    assert session.parties[0].code == DISCONNECTED


def test_what_a_party_once_was_is_remembered() -> None:
    call = an_inbound_call((1, SETUP), (2, ANSWERED), (2, HOLD), (2, ANSWERED), (3, VOICEMAIL), (4, FAX), (2, GONE))

    _, mira, voicemail, fax = call.parties

    assert (mira.code, mira.answered_at, mira.changed_at) == (GONE, second(3), second(8))
    assert (voicemail.voicemail, fax.fax) == (True, True)


@pytest.mark.parametrize("code", ["VoiceMail", "Voicemail", "VoiceMailScreening", "VMScreening"])
def test_voicemail_is_known_in_all_its_spellings(code: str) -> None:
    assert an_inbound_call((1, SETUP), (2, code), (2, GONE)).parties[1].voicemail


def test_a_party_keeps_the_extension_and_the_peer_it_named_once() -> None:
    session = folded(
        a_notification(one_of_ours(2, peer="s-other"), sequence=2),
        a_notification(a_party(2, GONE, extension_id=None), sequence=3),
    )

    assert (session.parties[0].extension_id, session.parties[0].peer) == (MIRA, "s-other")


@pytest.mark.parametrize("late", [False, True], ids=["in order", "out of order"])
def test_a_notification_that_leaves_out_who_talks_to_whom_takes_nothing_back(*, late: bool) -> None:
    bare: dict[str, Any] = {"direction": None, "from_": Endpoint(), "to": Endpoint()}
    said = [
        a_notification(a_party(1, SETUP, from_=Endpoint(CALLERS_NUMBER)), sequence=2),
        a_notification(a_party(1, ANSWERED, from_=Endpoint(CALLERS_NUMBER, "Noor Vale")), sequence=4),
        a_notification(a_party(1, DISCONNECTED, **bare), sequence=9),
        a_notification(a_party(1, HOLD, **bare), sequence=6),
    ]

    (party,) = folded(*(reversed(said) if late else said)).parties

    assert (party.code, party.direction) == (DISCONNECTED, "Outbound")
    assert (party.from_, party.to) == (Endpoint(CALLERS_NUMBER, "Noor Vale"), Endpoint(MIRAS_NUMBER))


def test_parties_stand_in_the_order_of_their_numbers() -> None:
    parties = [a_party(number) for number in (10, 2, 1)]
    unnumbered = [a_party(id=f"cs{number}@10.62.29.33") for number in (2, 1)]

    session = folded(a_notification(*unnumbered, *parties))

    ids = [party.id.rpartition("-")[2] for party in session.parties]
    assert ids == ["1", "2", "10", unnumbered[1].id, unnumbered[0].id]


def test_a_session_has_so_many_parties_and_the_same_whatever_came_first() -> None:
    last = MOST_PARTIES + 200
    said = [
        a_notification(*(a_party(number) for number in range(first, last, 2)), sequence=sequence)
        for sequence, first in ((2, 1), (3, 2))
    ]
    gone = a_notification(a_party(1, GONE), a_party(last, GONE), sequence=4)

    session, backwards = folded(*said, gone), folded(*reversed(said), gone)

    assert session == backwards
    assert [party.number for party in session.parties] == list(range(1, MOST_PARTIES + 1))
    assert session.parties[0].is_gone


def test_a_session_with_very_many_gaps_grows_no_further_and_has_one_still() -> None:
    session = folded(*(a_notification(sequence=2 * number) for number in range(1, 3 * MOST_RUNS)))

    assert len(session.heard) == MOST_RUNS
    assert session.has_gap
    assert session.heard[-1][1] == 2 * (3 * MOST_RUNS - 1)


def test_a_session_keeps_the_older_id_that_any_of_its_notifications_gave() -> None:
    session = folded(a_notification(session_id=None), a_notification(sequence=3, session_id="81264402011"))

    assert session.session_id == "81264402011"


def test_a_session_knows_its_account_by_whichever_party_names_it() -> None:
    session = folded(a_notification(a_party(1, account_id=None), a_party(2, account_id="60200000")))

    assert session.account_id == "60200000"


def test_a_session_whose_parties_name_no_account_is_of_the_one_that_its_events_name() -> None:
    nameless = a_party(1, account_id=None)
    session = folded(
        a_notification(nameless, event="/restapi/v1.0/account/60200000/extension/60200101/telephony/sessions")
    )

    assert session.account_id == "60200000"
    assert folded(a_notification(nameless, event="/restapi/v1.0/account/~/telephony/sessions")).account_id is None


def test_a_session_began_with_its_earliest_news_and_changed_with_its_latest() -> None:
    session = folded(*(a_notification(sequence=sequence, at=sequence) for sequence in (5, 2, 9)))

    assert (session.started_at, session.changed_at) == (second(2), second(9))


def test_only_notifications_of_sessions_fold_into_sessions() -> None:
    reminder = a_notification(kind=Kind.REMINDER, telephony_session_id=None)

    with pytest.raises(ValueError, match="only telephony-session notifications"):
        fold(None, reminder)


@pytest.mark.parametrize(
    ("sequences", "gap"),
    [
        ([2], False),
        ([2, 3, 4], False),
        ([4, 2, 3], False),
        ([0, 1, 2], False),
        ([3], True),
        ([2, 4], True),
        ([3, 4], True),
        ([5, 2, 3], True),
    ],
)
def test_a_gap_is_a_number_missing_since_the_first(sequences: Sequence[int], gap: bool) -> None:  # noqa: FBT001 - a table
    session = folded(*(a_notification(sequence=sequence) for sequence in sequences))

    assert session.has_gap is gap


def test_a_session_nobody_is_known_of_is_not_over() -> None:
    assert ends_after(folded(a_notification(parties=())), QUIET) is None


def test_a_session_lives_on_while_any_party_does() -> None:
    session = a_session(ivr=DISCONNECTED, caller=ANSWERED, agent=ANSWERED)

    assert ends_after(session, QUIET) is None


def test_the_first_disconnected_is_not_the_end_of_the_call() -> None:
    first = next(place for place, one in enumerate(ivr_call().notifications) if one.parties[0].code == DISCONNECTED)

    session = folded(*ivr_call().notifications[: first + 1])

    assert ends_after(session, QUIET) is None


@pytest.mark.parametrize(
    "code", [SETUP, PROCEEDING, ANSWERED, HOLD, PARKED, VOICEMAIL, "VoiceMailScreening", FAX, "Tds", "Levitating", ""]
)
def test_a_party_in_any_other_state_even_one_never_heard_of_is_alive(code: str) -> None:
    assert ends_after(a_session(caller=DISCONNECTED, agent=code), QUIET) is None


@pytest.mark.parametrize("code", ["Disconnected", "disconnected", "DISCONNECTED", "Gone", "gone"])
def test_a_party_is_over_however_its_state_is_written(code: str) -> None:
    assert ends_after(a_session(caller=code, agent=code), QUIET) == QUIET


def test_a_late_party_opens_the_session_again() -> None:
    over = a_session(caller=DISCONNECTED, ivr=DISCONNECTED)

    again = fold(over, a_notification(one_of_ours(3, PROCEEDING, extension_id=MIRA), sequence=4))

    assert (ends_after(over, QUIET), ends_after(again, QUIET)) == (QUIET, None)


def test_late_news_of_a_party_that_has_gone_does_not_bring_it_back() -> None:
    over = a_session(caller=DISCONNECTED, ivr=DISCONNECTED)

    again = fold(over, a_notification(one_of_ours(2, SETUP, extension_id=MENU), sequence=1))

    assert ends_after(again, QUIET) == QUIET


def test_of_two_words_with_one_sequence_the_final_one_counts() -> None:
    session = folded(
        a_notification(a_party(1, DISCONNECTED), sequence=5), a_notification(a_party(1, "Zzz"), sequence=5)
    )

    assert session.parties[0].code == DISCONNECTED


@pytest.mark.parametrize(
    "differing", [{"code": HOLD}, {"reason": "Pickup"}, {"missed": True}, {"queue": True}], ids=str
)
def test_of_two_words_with_one_sequence_the_same_one_counts_whichever_came_first(differing: dict[str, Any]) -> None:
    one, other = (a_notification(a_party(2, **fields), sequence=5) for fields in ({}, differing))

    assert folded(one, other) == folded(other, one)


@pytest.mark.parametrize("silent_seconds", [0, 2.999, 3, 60])
def test_a_call_is_over_once_it_has_been_quiet_for_the_pause(silent_seconds: float) -> None:
    session = a_session(caller=DISCONNECTED, agent=GONE)

    over = has_ended(session, heard_at=second(10), now=second(10 + silent_seconds), quiet=QUIET)

    assert over is (silent_seconds >= 3)
    assert not has_ended(a_session(caller=ANSWERED), heard_at=second(10), now=second(100), quiet=QUIET)


def test_while_a_number_is_missing_the_pause_is_longer_for_it_may_be_a_new_party_s() -> None:
    whole = an_inbound_call((1, DISCONNECTED), (2, DISCONNECTED))
    with_gap = fold(whole, a_notification(a_party(1, DISCONNECTED), sequence=7))

    assert ends_after(with_gap, QUIET) == QUIET * GAP_FACTOR


def test_where_one_extension_alone_is_heard_a_missing_number_says_nothing() -> None:
    with_gap = folded(a_notification(a_party(1, DISCONNECTED), sequence=7))

    assert ends_after(with_gap, QUIET, gaps_tell=False) == QUIET
    assert has_ended(with_gap, heard_at=second(7), now=second(10), quiet=QUIET, gaps_tell=False)
    assert not has_ended(with_gap, heard_at=second(7), now=second(10), quiet=QUIET)


def test_the_number_that_was_missing_makes_the_pause_short_again() -> None:
    late, *others = ivr_call().notifications

    session = folded(*others)

    assert ends_after(session, QUIET) == QUIET * GAP_FACTOR
    assert ends_after(fold(session, late), QUIET) == QUIET


@pytest.mark.parametrize("reason", ["CallSwitch", "CallFlip", "callflip"])
def test_while_somebody_moves_to_another_phone_a_new_party_is_waited_for(reason: str) -> None:
    moving = an_inbound_call((1, DISCONNECTED), (3, DISCONNECTED, reason))

    assert ends_after(moving, QUIET) == QUIET * GAP_FACTOR
    assert ends_after(an_inbound_call((3, DISCONNECTED, reason), (1, DISCONNECTED)), QUIET) == QUIET
