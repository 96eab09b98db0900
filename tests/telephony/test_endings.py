"""The first word about a call, from its notifications alone: how it ended, which way it went, who called whom."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from scripts.simulator.notifications import notification_body
from scripts.simulator.take import Take
from telephony import notifications
from telephony.call_outcome import Endpoint
from telephony.endings import ENDINGS, INBOUND, OUTBOUND, direction, ending, extensions
from telephony.explanations import explained
from telephony.notifications import Notification, read
from telephony.sessions import Session
from telephony.words import Outcome
from tests.builders.calls import Call, ivr_call, queue_call, ringout_call
from tests.builders.notifications import (
    ACCOUNT,
    ANSWERED,
    CALLERS_NUMBER,
    DISCONNECTED,
    FAX,
    HOLD,
    MENU,
    MIRA,
    MIRAS_NUMBER,
    PROCEEDING,
    SETUP,
    TOM,
    VOICEMAIL,
    a_notification,
    a_party,
    one_of_ours,
    posted,
)
from tests.builders.sessions import Said, a_ringout, an_inbound_call, an_outbound_call, folded
from tests.simulator.takes import every_take
from tests.telephony.test_sessions import SESSIONS

OVER = DISCONNECTED
QUEUE = "60200300"
MISSED_MARK = one_of_ours(2, DISCONNECTED, missed=True)


def first_word(take: Take) -> tuple[str, str]:
    """Say what we make of a played session's notifications."""
    documents = [{"event": "/telephony/sessions", "body": body} for body in bodies(take)]
    session = folded(
        *(item for document in documents for item in read(posted(document)) if isinstance(item, Notification))
    )
    return direction(session), ending(session).outcome


def bodies(take: Take) -> list[dict[str, Any]]:
    return [notification_body(take, number, ACCOUNT) for number in range(len(take.session.steps))]


def truth(take: Take) -> tuple[str, str]:
    """Say what the simulator's tables, which know nothing of our rules, hold for right."""
    return take.session.truth.direction, take.session.truth.outcome


def shortened(session: Session, number: int) -> Session:
    """Give the session as if nothing had ever been told of one party."""
    left = tuple(party for party in session.parties if party.number != number)
    return msgspec.structs.replace(session, parties=left)


def _said_in_turn(*parties: notifications.Party) -> Session:
    return folded(*(a_notification(party, sequence=sequence) for sequence, party in enumerate(parties, start=2)))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([(1, SETUP), (2, PROCEEDING), (2, ANSWERED), (1, ANSWERED), (2, OVER), (1, OVER)], Outcome.ANSWERED),
        ([(1, SETUP), (2, SETUP), (1, ANSWERED), (2, OVER), (3, ANSWERED), (3, OVER), (1, OVER)], Outcome.ANSWERED),
        ([(1, SETUP), (2, SETUP), (1, ANSWERED), (2, OVER), (1, OVER)], Outcome.ABANDONED),
        ([(1, ANSWERED), (2, HOLD), (1, OVER), (2, OVER)], Outcome.ABANDONED),
        ([(1, SETUP), (2, PROCEEDING), (1, OVER), (2, OVER, "Cancelled")], Outcome.ABANDONED),
        ([(1, SETUP), (2, PROCEEDING), (1, OVER, "CallerDropped"), (2, OVER)], Outcome.ABANDONED),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "NoAnswer"), (1, OVER)], Outcome.MISSED),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "Timeout"), (1, OVER)], Outcome.MISSED),
        ([(1, SETUP), (2, VOICEMAIL), (1, ANSWERED), (1, OVER), (2, OVER)], Outcome.VOICEMAIL),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "Voicemail"), (1, OVER)], Outcome.VOICEMAIL),
        ([(1, SETUP), (2, ANSWERED), (3, VOICEMAIL), (3, OVER), (2, OVER), (1, OVER)], Outcome.ANSWERED),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "Rejected"), (1, OVER)], Outcome.REJECTED),
        ([(1, SETUP), (2, OVER, "Rejected"), (3, OVER, "NoAnswer"), (1, OVER)], Outcome.MISSED),
        ([(1, SETUP), (2, OVER, "TARGETBUSY"), (1, OVER)], Outcome.BUSY),
        ([(1, SETUP), (2, OVER, "CallReplied"), (1, OVER)], Outcome.REPLIED),
        ([(1, SETUP), (2, OVER, "InternalError"), (1, OVER)], Outcome.FAILED),
        ([(1, SETUP), (2, OVER, "Magic"), (1, OVER)], Outcome.ABANDONED),
        ([(1, SETUP), (2, FAX), (1, OVER), (2, OVER)], Outcome.FAX_RECEIVED),
        ([(2, PROCEEDING), (2, ANSWERED), (2, OVER)], Outcome.ANSWERED),
        ([(1, SETUP), (1, ANSWERED), (1, OVER)], Outcome.ABANDONED),
    ],
)
def test_an_inbound_call_ended(said: list[Said], outcome: Outcome) -> None:
    assert ending(an_inbound_call(*said)).outcome == outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([(1, SETUP), (2, PROCEEDING), (2, ANSWERED), (1, ANSWERED), (1, OVER), (2, OVER)], Outcome.ANSWERED),
        ([(1, SETUP), (1, ANSWERED), (2, SETUP), (2, OVER), (1, OVER)], Outcome.NO_ANSWER),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "NoAnswer"), (1, OVER)], Outcome.NO_ANSWER),
        ([(1, SETUP), (2, PROCEEDING), (2, OVER, "Timeout"), (1, OVER)], Outcome.NO_ANSWER),
        ([(1, SETUP), (2, PROCEEDING), (1, OVER), (2, OVER, "Cancelled")], Outcome.CANCELLED),
        ([(1, SETUP), (2, OVER, "TargetBusy"), (1, OVER)], Outcome.BUSY),
        ([(1, SETUP), (2, OVER, "Rejected"), (1, OVER)], Outcome.REJECTED),
        ([(1, SETUP), (1, OVER, "InvalidNumber")], Outcome.FAILED),
        ([(1, SETUP), (1, OVER, "NoSuchUser")], Outcome.FAILED),
        ([(1, SETUP), (1, OVER, "NotEnoughFunds")], Outcome.FAILED),
        ([(1, SETUP), (1, OVER, "InternationalDisabled")], Outcome.BLOCKED),
        ([(1, SETUP), (1, OVER, "DestinationBlocked")], Outcome.BLOCKED),
        ([(1, SETUP), (1, OVER)], Outcome.NO_ANSWER),
    ],
)
def test_an_outbound_call_ended(said: list[Said], outcome: Outcome) -> None:
    assert ending(an_outbound_call(*said)).outcome == outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([(1, PROCEEDING), (1, ANSWERED), (2, PROCEEDING), (2, ANSWERED), (1, OVER), (2, OVER)], Outcome.ANSWERED),
        ([(1, PROCEEDING), (1, OVER, "TargetBusy")], Outcome.BUSY),
        ([(1, ANSWERED), (2, PROCEEDING), (2, OVER, "TargetBusy"), (1, OVER)], Outcome.BUSY),
        ([(1, ANSWERED), (2, PROCEEDING), (2, OVER, "NoAnswer"), (1, OVER)], Outcome.NO_ANSWER),
        ([(1, ANSWERED), (2, PROCEEDING), (1, OVER), (2, OVER, "Cancelled")], Outcome.CANCELLED),
        ([(1, PROCEEDING), (1, ANSWERED), (1, OVER)], Outcome.CANCELLED),
        ([(1, ANSWERED), (2, PROCEEDING), (2, OVER), (1, OVER)], Outcome.NO_ANSWER),
        ([(1, PROCEEDING), (1, OVER)], Outcome.NO_ANSWER),
    ],
)
def test_a_ringout_ended(said: list[Said], outcome: Outcome) -> None:
    assert ending(a_ringout(*said)).outcome == outcome


@pytest.mark.parametrize(
    ("call", "outcome", "took_part"),
    [
        (ivr_call(), Outcome.ANSWERED, (MIRA, MENU)),
        (queue_call(), Outcome.ANSWERED, (MIRA, TOM, "60200300")),
        (ringout_call(), Outcome.ANSWERED, (MIRA,)),
    ],
    ids=["ivr", "queue", "ringout"],
)
def test_whole_calls_are_understood_before_their_records_are_there(
    call: Call, outcome: Outcome, took_part: tuple[str, ...]
) -> None:
    ended = ending(folded(*call.notifications))

    assert (ended.outcome, ended.extensions) == (outcome, took_part)


def test_the_first_word_is_right_for_every_kind_of_call_the_simulator_plays_but_for_three() -> None:
    wrong = {take.call.scenario.name for take in every_take() if first_word(take) != truth(take)}

    # No notification says that a call is a fax sent, nor that a session is the second of its RingOut.
    assert wrong == {"fax_out", "ringout_two_sessions", "ringout_cancelled_two_sessions"}


def test_a_mark_that_a_call_was_missed_counts_when_no_reason_says_more() -> None:
    unsaid = folded(a_notification(a_party(1, OVER), MISSED_MARK))
    given_up = folded(a_notification(a_party(1, OVER), msgspec.structs.replace(MISSED_MARK, reason="Cancelled")))

    assert ending(unsaid).outcome == Outcome.MISSED
    assert ending(given_up).outcome == Outcome.ABANDONED


def test_a_call_of_ours_that_a_colleague_missed_had_no_answer() -> None:
    missed = folded(a_notification(MISSED_MARK, sequence=9), into=an_outbound_call((1, SETUP), (1, OVER)))

    assert ending(missed).outcome == Outcome.NO_ANSWER


def test_a_mark_that_one_phone_missed_it_does_not_outweigh_the_one_that_answered() -> None:
    call = an_inbound_call((1, SETUP), (3, ANSWERED), (3, OVER), (1, OVER))

    assert ending(folded(a_notification(MISSED_MARK, sequence=9), into=call)).outcome == Outcome.ANSWERED


def test_a_call_is_outbound_when_one_of_ours_began_it() -> None:
    assert direction(an_outbound_call((1, SETUP))) == OUTBOUND
    assert direction(a_ringout((1, PROCEEDING))) == OUTBOUND
    assert direction(an_inbound_call((1, SETUP), (2, SETUP))) == INBOUND
    assert direction(an_outbound_call((2, PROCEEDING))) == INBOUND  # all that is known of it is somebody being called
    assert direction(folded(a_notification(one_of_ours(1, PROCEEDING)))) == INBOUND


def test_a_queue_or_menu_that_answers_hands_the_call_on_and_takes_it_not() -> None:
    queue = one_of_ours(2, ANSWERED, extension_id=QUEUE)
    agent = one_of_ours(3, OVER, "NoAnswer", queue=True, to=notifications.Endpoint(extension_id=QUEUE))
    menu = (one_of_ours(2, ANSWERED), one_of_ours(2, OVER, "CallerInputRedirect"))

    assert ending(_said_in_turn(a_party(1), queue, agent)).outcome == Outcome.MISSED
    assert ending(_said_in_turn(a_party(1), *menu, agent)).outcome == Outcome.MISSED
    assert ending(_said_in_turn(a_party(1), *menu, msgspec.structs.replace(agent, code=ANSWERED))).outcome == "answered"


def test_a_caller_outside_need_not_be_told_of() -> None:
    call = an_inbound_call((1, SETUP), (2, PROCEEDING), (2, ANSWERED), (2, OVER), (1, OVER))

    assert ending(shortened(call, 1)).outcome == Outcome.ANSWERED
    assert direction(shortened(call, 1)) == INBOUND


def test_who_called_whom_is_said_with_the_number_as_written_and_in_e164() -> None:
    ended = ending(an_inbound_call((1, OVER), (2, OVER)))

    assert ended.from_ == Endpoint(CALLERS_NUMBER, CALLERS_NUMBER, "Noor Vale")
    assert ended.to == Endpoint(MIRAS_NUMBER, MIRAS_NUMBER, "Mira Holm", MIRA)


def test_in_a_ringout_both_sides_are_called_and_the_number_they_are_shown_is_neither() -> None:
    both = ending(a_ringout((1, ANSWERED), (2, ANSWERED), (2, OVER), (1, OVER)))
    one, other = ending(a_ringout((1, OVER))), ending(a_ringout((2, OVER)))
    third = a_notification(one_of_ours(3, to=notifications.Endpoint("+16505550102")), sequence=9, origin="RingOut")
    handed_on = ending(folded(third, into=a_ringout((1, ANSWERED), (2, ANSWERED))))

    assert (both.from_.phone_number, both.to.phone_number) == (MIRAS_NUMBER, CALLERS_NUMBER)
    assert (one.from_.phone_number, one.to.phone_number) == (MIRAS_NUMBER, None)
    assert (other.from_.phone_number, other.to.phone_number) == (None, CALLERS_NUMBER)
    assert handed_on.to.phone_number == CALLERS_NUMBER


def test_the_answer_is_the_far_side_s_and_only_of_an_answered_call() -> None:
    answered = ending(an_inbound_call((1, ANSWERED), (2, ANSWERED), (2, OVER), (1, OVER)))
    given_up = ending(an_inbound_call((1, ANSWERED), (2, OVER), (1, OVER)))
    by_two = ending(an_inbound_call((1, SETUP), (3, ANSWERED), (2, ANSWERED), (3, OVER), (2, OVER), (1, OVER)))

    assert by_two.answer_time == "2026-03-02T09:00:03.000Z"
    assert (answered.start_time, answered.answer_time) == ("2026-03-02T09:00:02.000Z", "2026-03-02T09:00:03.000Z")
    assert (answered.end_time, answered.duration_seconds) == ("2026-03-02T09:00:05.000Z", 3)
    assert given_up.answer_time is None


def test_a_ringout_is_answered_when_its_second_side_is() -> None:
    both = ending(a_ringout((1, ANSWERED), (2, PROCEEDING), (2, ANSWERED), (2, OVER), (1, OVER)))

    assert both.answer_time == "2026-03-02T09:00:04.000Z"


def test_a_first_word_says_which_call_it_is_about_and_of_what_kind() -> None:
    voice, fax = (ending(an_inbound_call((1, SETUP), (2, ANSWERED), (2, code), (2, OVER))) for code in (HOLD, FAX))

    assert (voice.session_id, voice.direction, voice.type) == ("81264402011", INBOUND, "Voice")
    assert (fax.outcome, fax.type, fax.answer_time) == (Outcome.FAX_RECEIVED, "Fax", None)


def test_a_first_word_claims_nothing_only_the_call_log_knows() -> None:
    ended = ending(an_inbound_call((1, OVER), (2, OVER)))

    assert (ended.result, ended.action, ended.caller_status, ended.callee_status) == (None, None, None, None)
    assert (ended.legs, ended.record_ids, ended.recordings, ended.billing) == ((), (), (), None)


def test_the_last_reason_given_stands_verbatim() -> None:
    assert ending(an_inbound_call((2, OVER, "Rejected"), (3, OVER, "NoAnswer"), (1, OVER))).reason == "NoAnswer"
    assert ending(an_inbound_call((1, OVER))).reason is None


def test_all_extensions_that_took_part_are_listed() -> None:
    session = folded(a_notification(one_of_ours(3), one_of_ours(2)), a_notification(one_of_ours(4, extension_id=TOM)))

    assert extensions(session) == (MIRA, TOM)


def test_every_outcome_says_which_rule_gave_it() -> None:
    why, *_ = ending(an_inbound_call((1, SETUP), (2, OVER, "Rejected"), (1, OVER))).explanation

    assert (why.field, why.value, why.rule) == ("outcome", Outcome.REJECTED, "ended-reason")
    assert len({row.rule for row in ENDINGS}) == len(ENDINGS)


def test_what_a_rule_made_of_the_notifications_is_explained_beside_the_outcome() -> None:
    ends: dict[str, Any] = {
        "from_": notifications.Endpoint("(212) 555-0111"),
        "to": notifications.Endpoint("650-555-0101"),
    }
    caller = a_party(1, OVER, **ends)
    answered = ending(folded(a_notification(caller), a_notification(one_of_ours(2, ANSWERED), sequence=3)))
    given_up = ending(an_inbound_call((1, OVER), (2, OVER)))

    assert [(why.field, why.value, why.rule) for why in answered.explanation[1:]] == [
        ("direction", INBOUND, "direction-told"),
        ("from.phoneNumber", CALLERS_NUMBER, "e164"),
        ("to.phoneNumber", MIRAS_NUMBER, "e164"),
        ("answerTime", answered.answer_time, "answer-told"),
    ]
    assert given_up.explanation[-1] == explained("answerTime", None, "not-answered")


@given(SESSIONS)
def test_whatever_was_heard_there_is_a_first_word(said: list[Notification]) -> None:
    ended = ending(folded(*said))

    assert (ended.answer_time is None) is (ended.outcome != Outcome.ANSWERED)
    assert ended.duration_seconds is None or ended.duration_seconds >= 0


def test_even_a_session_without_parties_ended_somehow() -> None:
    ended = ending(Session("s-1"))

    assert (ended.outcome, ended.from_, ended.duration_seconds) == (Outcome.ABANDONED, Endpoint(), None)
