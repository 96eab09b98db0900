"""The times of a call that is in the call log, where its notifications know them better."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given

from telephony.call_outcome import CallOutcome
from telephony.events import changed, ended
from telephony.explanations import Explanation
from telephony.heard_times import with_heard_times
from telephony.notifications import Notification
from telephony.outcomes import derive
from telephony.records import CallLogRecord
from telephony.sessions import Session
from tests.builders.call_log import a_leg, a_record, a_ringout, after, an_accept_leg, to_callee, to_caller
from tests.builders.events import an_outcome
from tests.builders.notifications import ANSWERED, DISCONNECTED, PROCEEDING, SETUP, second
from tests.builders.sessions import a_ringout as a_ringout_session
from tests.builders.sessions import an_inbound_call, an_outbound_call, folded
from tests.telephony.test_sessions import SESSIONS

OVER = DISCONNECTED
ANSWERED_AT_5 = an_inbound_call(
    *[(1, SETUP), (3, PROCEEDING), (3, PROCEEDING), (3, ANSWERED), (4, ANSWERED), (3, OVER), (4, OVER), (1, OVER)]
)


def rung_at(begin: float, seconds: int | None = 30) -> CallLogRecord:
    """Build the record of a call taken at a phone that began to ring then."""
    return a_record("Accepted", an_accept_leg(), a_leg(start_time=after(begin), duration=seconds))


def told(record: CallLogRecord, session: Session) -> CallOutcome:
    return with_heard_times(derive([record]), session)


def why(outcome: CallOutcome, field: str) -> list[Explanation]:
    return [one for one in outcome.explanation if one.field == field]


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_call_was_answered_when_it_was_heard_to_be_and_not_when_the_phone_began_to_ring() -> None:
    outcome = told(rung_at(3), ANSWERED_AT_5)

    assert outcome.answer_time == written(second(5))
    assert [(one.value, one.rule, one.leg) for one in why(outcome, "answerTime")] == [
        (outcome.answer_time, "answer-told", None)
    ]


@pytest.mark.parametrize(("begin", "seconds"), [(0, 1), (6, 30)])
def test_an_answer_outside_the_answered_leg_is_somebody_elses(begin: float, seconds: int) -> None:
    assert told(rung_at(begin, seconds), ANSWERED_AT_5).answer_time == written(after(begin))


@pytest.mark.parametrize(("begin", "seconds"), [(3.5, 1), (3, None)])
def test_an_answer_within_the_answered_leg_is_its_own_though_its_length_is_cut_or_missing(
    begin: float, seconds: int | None
) -> None:
    assert told(rung_at(begin, seconds), ANSWERED_AT_5).answer_time == written(second(5))


def test_a_call_that_is_answered_in_its_last_second_is_not_so_after_its_end_which_is_cut_as_well() -> None:
    outcome = told(a_record("Accepted", an_accept_leg(), a_leg(duration=4), duration=4), ANSWERED_AT_5)

    assert outcome.answer_time == outcome.end_time == written(second(4))


@pytest.mark.parametrize(("seconds", "answer"), [(4, 0), (5, 5), (None, 5)])
def test_where_no_leg_tells_of_the_answer_it_lies_within_the_call(seconds: int | None, answer: int) -> None:
    assert told(a_record("Accepted", duration=seconds), ANSWERED_AT_5).answer_time == written(after(answer))


def test_an_emergency_call_of_which_the_log_does_not_say_it_was_answered_when_it_was_heard_to_be() -> None:
    record = a_record("911", a_leg("SipToPstnMetered", "911"), direction="Outbound")
    session = an_outbound_call((1, SETUP), (2, PROCEEDING), (2, ANSWERED), (1, ANSWERED), (2, OVER), (1, OVER))

    assert derive([record]).answer_time is None
    assert told(record, session).answer_time == written(second(4))
    begun_later = msgspec.structs.replace(record, start_time=after(5))
    assert told(begun_later, session).answer_time == written(after(5))


def test_an_answer_that_was_heard_does_not_make_a_call_answered() -> None:
    outcome = told(a_record("Missed", an_accept_leg("Missed")), ANSWERED_AT_5)

    assert (outcome.outcome, outcome.answer_time) == ("missed", None)


def test_a_ringout_was_answered_when_its_second_side_was_heard_to_answer() -> None:
    session = a_ringout_session((1, PROCEEDING), (1, ANSWERED), (2, PROCEEDING), (2, ANSWERED), (2, OVER), (1, OVER))
    record = a_ringout("Call connected", to_caller(start_time=after(1)), to_callee(start_time=after(4)))

    assert told(record, session).answer_time == written(second(5))


def test_a_call_without_a_length_in_the_log_ended_when_it_was_heard_to() -> None:
    session = a_ringout_session((1, PROCEEDING), (1, OVER, "TargetBusy"))
    outcome = told(a_ringout("Busy", to_caller("Busy", duration=None), duration=None), session)

    assert (outcome.start_time, outcome.end_time, outcome.duration_seconds) == (
        written(second(0)),
        written(second(3)),
        3,
    )
    assert [why(outcome, field)[0].rule for field in ("endTime", "durationSeconds")] == ["end-told"] * 2


@pytest.mark.parametrize(("begin", "end", "seconds"), [(1, 3, 2), (2, 3, 1), (3, 3, 0), (5, 5, 0), (None, 3, 1)])
def test_a_length_that_was_heard_is_from_the_start_that_is_told_to_the_end_that_is(
    begin: int | None, end: int, seconds: int
) -> None:
    session = a_ringout_session((1, PROCEEDING), (1, OVER, "TargetBusy"))
    start = None if begin is None else after(begin)

    outcome = told(a_ringout("Busy", duration=None, start_time=start), session)

    assert (outcome.end_time, outcome.duration_seconds) == (written(second(end)), seconds)


def test_a_call_without_a_length_did_not_end_before_it_was_answered() -> None:
    record = a_record("Accepted", an_accept_leg(), a_leg(start_time=after(12), duration=None), duration=None)

    outcome = told(record, an_inbound_call((1, SETUP), (3, OVER), (1, OVER)))

    assert (outcome.answer_time, outcome.end_time, outcome.duration_seconds) == (
        written(after(12)),
        written(after(12)),
        12,
    )


def test_a_call_that_is_not_over_as_far_as_was_heard_has_no_end_by_that() -> None:
    outcome = told(a_record("Busy", duration=None), an_inbound_call((1, SETUP), (3, PROCEEDING)))

    assert (outcome.end_time, outcome.duration_seconds) == (None, None)


def test_what_the_log_knows_as_well_or_nobody_heard_stays_as_it_is() -> None:
    derived = derive([rung_at(3)])

    assert with_heard_times(derived, Session("s-1")) is derived
    assert with_heard_times(derived, an_inbound_call((1, SETUP), (3, OVER), (1, OVER))) is derived


@given(SESSIONS)
def test_whatever_was_heard_the_times_are_told(said: list[Notification]) -> None:
    outcome = told(a_record("Accepted", a_leg(), duration=None), folded(*said))

    assert outcome.answer_time is not None
    assert (outcome.end_time is None) is (outcome.duration_seconds is None)


def test_the_first_word_and_the_confirmed_one_agree_on_when_the_call_was_answered() -> None:
    first, confirmed = ended(ANSWERED_AT_5, now=second(40)), an_outcome(rung_at(3), session=ANSWERED_AT_5)

    assert "answerTime" not in changed(first.data, confirmed.data)
