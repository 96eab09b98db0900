"""Resolve, against RingCentral in a box over HTTP: from call-log records to outcomes, told once and corrected."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from runtime import asking, bells, faults, keys, ledger, outcome_log
from runtime.asking import REFUSED_SECONDS
from runtime.bells import Stage
from runtime.ledger import State
from telephony.events import Trigger
from telephony.records import CallLogRecord, Message, Recording
from telephony.words import LegStatus, Outcome
from tests.builders.call_log import a_leg, a_record, a_ringout, an_accept_leg, to_callee, to_caller
from tests.builders.calls import Call, ivr_call, ringout_call
from tests.builders.events import document
from tests.fakes.killed import Killed
from tests.outputs import events
from tests.simulator.takes import every_take
from tests.simulator.waiting import wait_until
from tests.simulator.webhook import Webhook
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from tests.workers.office import document as rc_document
from workers import resolve

MINUTE = 60.0
DAY = 86_400.0


def the_record(call: Call, *legs: Any, result: str | None = "Accepted", **fields: Any) -> CallLogRecord:
    """Build the record of a call: an inbound one that was answered."""
    parts = (msgspec.structs.replace(leg, telephony_session_id=None) for leg in legs or (an_accept_leg(), a_leg()))
    return a_record(result, *parts, **of(call) | fields)


def of(call: Call) -> dict[str, Any]:
    """Give the fields that say which call a record is of."""
    body = call.documents[0]["body"]
    return {
        "telephony_session_id": call.telephony_session_id,
        "session_id": body["sessionId"],
        "start_time": call.began_at,
        "duration": 29,
    }


def an_ended_call(office: Office, kind: Callable[[], Call] = ivr_call) -> Call:
    """Have a call happen and end; it is time to look for its record."""
    call = kind().ending_at(office.now)
    office.ended(call)
    assert [event.data.revision for event in office.published(call)] == [0]
    return call


def look(office: Office, times: int = 1, every: float = MINUTE) -> None:
    """Look into the call log, and let some time pass after it."""
    for _ in range(times):
        office.resolve()
        office.let_pass(every)


def state_of(office: Office, call: Call) -> State:
    one = call.telephony_session_id
    return ledger.resolutions(office.redis, ACCOUNT, [one])[one].state


def test_the_record_of_a_call_becomes_its_outcome(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))

    look(office)

    (event,) = office.outcomes(call)
    assert (event.type, event.id) == ("legwork.call.outcome", f"{call.telephony_session_id}/1")
    assert (event.data.outcome, event.data.result, event.data.confirmed) == (Outcome.ANSWERED, "Accepted", True)
    assert event.data.trigger is Trigger.WEBHOOK
    assert event.data.timing.record_seen_at is not None
    assert (state_of(office, call), office.is_due(call)) == (State.RESOLVED, False)


def test_a_record_that_is_not_there_yet_is_no_error_and_is_looked_for_again(office: Office) -> None:
    call = an_ended_call(office)

    look(office, times=3)
    assert office.outcomes(call) == []
    assert office.is_due(call)

    office.show(the_record(call))
    look(office, times=2)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.ANSWERED]


@pytest.mark.parametrize(
    "unsettled",
    [
        lambda call: the_record(call, result="In Progress"),
        lambda call: the_record(call, a_leg("PstnToSip", "Stopped"), result="Stopped", direction="Outbound"),
        lambda call: the_record(call, finished=False),
        lambda call: msgspec.structs.replace(the_record(call), duration=None),
    ],
    ids=["in progress", "mid-call shape of a queue call", "not finished", "no duration"],
)
def test_a_record_that_is_not_final_is_waited_for(office: Office, unsettled: Callable[[Call], CallLogRecord]) -> None:
    call = an_ended_call(office)
    office.show(unsettled(call))
    look(office, times=2)
    assert office.outcomes(call) == []
    assert office.is_due(call)

    office.show(the_record(call))
    look(office, times=2)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.ANSWERED]


def test_a_record_that_changed_makes_a_revision_that_names_what_did(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))
    look(office)
    office.show(the_record(call, recording=Recording("R1", type="Automatic")))

    look(office, times=2)

    first, second = office.outcomes(call)
    assert (first.data.revision, second.data.revision) == (1, 2)
    assert (first.data.changed, second.data.changed) == ((), ("recordings",))
    assert second.data.timing.record_seen_at == first.data.timing.record_seen_at


def test_a_record_that_is_read_again_unchanged_is_no_news(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))

    look(office, times=5, every=5 * MINUTE)
    office.show(the_record(call))
    look(office, times=2)

    assert len(office.outcomes(call)) == 1


def test_a_list_that_lags_behind_takes_nothing_back(office: Office) -> None:
    call = an_ended_call(office)
    older = rc_document(the_record(call, result="Missed"), modified_at=office.now - MINUTE)
    office.show(the_record(call, message=Message("7700", "VoiceMail"), result="Voicemail"))
    look(office)

    office.show_document(older)
    look(office, times=3)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.VOICEMAIL]


def test_an_outcome_that_turns_out_otherwise_is_told_again(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, result="Missed"))
    look(office)

    office.show(the_record(call, message=Message("7700", "VoiceMail"), result="Voicemail"))
    look(office, times=2)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.MISSED, Outcome.VOICEMAIL]


def test_the_same_legs_in_another_order_are_no_news(office: Office) -> None:
    call, legs = an_ended_call(office), (an_accept_leg(), a_leg(), a_leg(result="Stopped"))
    office.show(the_record(call, *legs))
    look(office)

    office.show(the_record(call, *reversed(legs)))
    look(office, times=2)
    assert len(office.outcomes(call)) == 1

    office.show(the_record(call, *reversed(legs), a_leg(result="Busy")))
    look(office, times=5)

    assert [event.data.changed for event in office.outcomes(call)] == [(), ("legs",)]


def test_a_record_that_never_comes_is_given_up_at_the_deadline_and_told_when_it_comes_after_all(
    office: Office,
) -> None:
    call = an_ended_call(office)
    look(office, times=14)
    assert office.outcomes(call) == []

    look(office, times=5)
    (given_up,) = office.outcomes(call)
    assert (given_up.data.outcome, given_up.data.confirmed) == (Outcome.UNRESOLVED, False)
    assert state_of(office, call) is State.UNRESOLVED
    office.show(the_record(call))
    look(office, times=3)

    _, late = office.outcomes(call)
    assert (late.data.outcome, late.data.revision, late.data.confirmed) == (Outcome.ANSWERED, 2, True)
    assert "outcome" in late.data.changed
    assert state_of(office, call) is State.RESOLVED


def test_a_call_is_given_up_once(office: Office) -> None:
    call = an_ended_call(office)

    look(office, times=20, every=5 * MINUTE)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.UNRESOLVED]
    assert office.is_due(call)


def test_a_call_whose_last_notifications_were_lost_is_resolved_by_its_record(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:-2])
    office.track()
    office.show(the_record(call))
    look(office)
    assert office.published(call) == []

    look(office, times=6)

    (event,) = office.published(call)
    assert (event.data.outcome, event.data.trigger) == (Outcome.ANSWERED, Trigger.RECONCILE)
    assert event.data.timing.first_event_at is not None
    assert office.redis.zcard(keys.open_sessions(ACCOUNT)) == 0


def test_a_call_nobody_told_of_is_found_in_the_call_log(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))

    look(office, times=6)

    (event,) = office.published(call)
    assert (event.data.outcome, event.data.trigger) == (Outcome.ANSWERED, Trigger.RECONCILE)
    assert (event.source, event.data.timing.first_event_at) == ("/accounts/60200000", None)


def test_the_end_is_not_told_after_the_outcome_when_the_last_notifications_come_late(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:-2])
    office.track()
    office.show(the_record(call))
    look(office, times=6)
    office.hear(*call.bodies)
    office.track()
    office.let_pass(MINUTE)
    office.track()
    look(office, times=3)

    first, *others = office.published(call)
    assert first.data.revision == 1
    assert [event.data.changed for event in others] == [("agents",)]  # who talked for how long is known only now


@pytest.mark.parametrize("refused", [[], ["call-log-extract-sync", "call-log-sync"]], ids=["feed", "list"])
def test_what_is_heard_after_the_outcome_of_who_was_in_a_call_is_told_once(office: Office, refused: list[str]) -> None:
    for endpoint in refused:
        office.platform.fault("forbid", endpoint=endpoint)
    call = ivr_call().ending_at(office.now)
    late = [body for body in call.bodies if b'"Answered"' in body]
    office.hear(*(body for body in call.bodies if body not in late))
    office.track()
    office.let_pass(MINUTE)
    office.track()
    office.show(the_record(call))
    look(office, times=3)

    office.hear(*late, *late)
    office.track()
    look(office, times=3)

    assert [event.data.revision for event in office.outcomes(call)] == [1, 2]
    assert "agents" in office.outcomes(call)[-1].data.changed
    assert not office.is_due(call)


def test_a_call_in_the_call_log_that_is_still_on_is_left_alone(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:-2])
    office.track()
    office.show(the_record(call, result="In Progress"))

    look(office, times=6)

    assert office.published(call) == []


def test_several_records_of_one_call_are_one_outcome(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, an_accept_leg("Missed"), result="Missed", id="A2"))
    office.show(the_record(call, id="A1"))

    look(office, times=2)

    (event,) = office.outcomes(call)
    assert (event.data.record_ids, event.data.outcome) == (("A1", "A2"), Outcome.ANSWERED)


def test_a_second_record_that_comes_later_joins_the_first(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, an_accept_leg("Missed"), result="Missed", id="A2"))
    look(office)
    office.show(the_record(call, id="A1"))

    look(office, times=2)

    missed, answered = office.outcomes(call)
    assert (missed.data.record_ids, answered.data.record_ids) == (("A2",), ("A1", "A2"))
    assert {"outcome", "recordIds"} < set(answered.data.changed)


def forget_records_seen(office: Office, call: Call) -> None:
    """Let so much time pass that the records of a call are no longer kept."""
    office.let_pass(ledger.RECORDS_KEPT_SECONDS)
    office.redis.delete(keys.records(ACCOUNT, call.telephony_session_id))


def test_when_one_of_several_records_changes_late_the_others_are_asked_for_again(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, id="A1"))
    office.show(the_record(call, an_accept_leg("Missed"), result="Missed", id="A2"))
    look(office)
    forget_records_seen(office, call)
    office.show(the_record(call, id="A1", recording=Recording("R1")))

    look(office, times=4, every=5 * MINUTE)

    _, corrected = office.outcomes(call)
    assert corrected.data.record_ids == ("A1", "A2")
    assert corrected.data.changed == ("recordings",)
    assert not office.is_due(call)


def test_the_others_are_asked_for_again_though_no_notification_told_of_the_call(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call, id="A1"))
    office.show(the_record(call, an_accept_leg("Missed"), result="Missed", id="A2"))
    look(office, times=6)
    forget_records_seen(office, call)
    office.show(the_record(call, id="A1", recording=Recording("R1")))

    look(office, times=4, every=5 * MINUTE)

    first, corrected = office.outcomes(call)
    assert (first.data.trigger, first.data.record_ids) == (Trigger.RECONCILE, ("A1", "A2"))
    assert (corrected.data.record_ids, corrected.data.changed) == (("A1", "A2"), ("recordings",))
    assert not office.is_due(call)


def test_a_call_that_a_later_version_wrote_down_is_left_alone_and_holds_nobody_up(office: Office) -> None:
    call, other = an_ended_call(office), an_ended_call(office)
    for one in (call, other):
        office.show(the_record(one, id=one.telephony_session_id))
    session = keys.session(ACCOUNT, call.telephony_session_id)
    office.redis.copy(session, "ours")
    office.redis.set(session, b"\x7f who knows")

    look(office, times=3)

    assert len(office.outcomes(other)) == 1
    assert office.outcomes(call) == []
    assert office.is_due(call)

    office.redis.rename("ours", session)
    look(office, times=8)

    assert len(office.outcomes(call)) == 1


@pytest.mark.parametrize("kept", [keys.resolution, keys.records], ids=["what became of it", "its records"])
def test_so_is_one_of_which_it_wrote_down_something_else(office: Office, kept: Callable[[str, str], str]) -> None:
    call, other = an_ended_call(office), an_ended_call(office)
    for one in (call, other):
        office.show(the_record(one, id=one.telephony_session_id))
    name, later = kept(ACCOUNT, call.telephony_session_id), b"\x7f who knows"
    office.redis.set(name, later)

    look(office, times=3)

    assert (len(office.outcomes(other)), office.outcomes(call)) == (1, [])
    assert office.redis.get(name) == later
    assert office.is_due(call)

    office.redis.delete(name)
    look(office, times=8)

    assert len(office.outcomes(call)) == 1


def test_so_is_one_that_is_on_though_the_log_shows_its_record_with_that_of_another(office: Office) -> None:
    call, other = ivr_call().ending_at(office.now - 2 * MINUTE), an_ended_call(office, ringout_call)
    office.hear(*call.bodies[:-1])
    office.track()
    for one in (call, other):
        office.show(the_record(one, id=one.telephony_session_id))
    office.redis.set(keys.session(ACCOUNT, call.telephony_session_id), b"\x7f who knows")

    look(office, times=12)

    assert len(office.outcomes(other)) == 1
    assert office.outcomes(call) == []


def test_a_record_that_was_removed_from_the_call_log_is_missed_once_and_not_looked_for_for_ever(
    office: Office,
) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, id="A1"))
    office.show(the_record(call, an_accept_leg("Missed"), result="Missed", id="A2"))
    look(office)
    forget_records_seen(office, call)
    office.unlist("A2")
    office.show(the_record(call, id="A1", recording=Recording("R1")))

    look(office, times=4, every=5 * MINUTE)

    _, corrected = office.outcomes(call)
    assert corrected.data.record_ids == ("A1",)
    assert not office.is_due(call)


def test_a_call_nobody_told_of_is_corrected_like_any_other(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))
    look(office, times=6)
    forget_records_seen(office, call)
    office.show(the_record(call, recording=Recording("R1")))

    look(office, times=4, every=5 * MINUTE)

    _, corrected = office.outcomes(call)
    assert (corrected.data.changed, corrected.data.trigger) == (("recordings",), Trigger.RECONCILE)


def test_a_record_that_names_no_session_is_matched_by_the_older_id(office: Office) -> None:
    call = an_ended_call(office)
    office.show_otherwise(the_record(call), lambda written: written.pop("telephonySessionId"))

    look(office)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.ANSWERED]


def test_a_ringout_with_both_sides_connected_says_so_of_each(office: Office) -> None:
    call = an_ended_call(office, ringout_call)
    office.show(a_ringout("Call connected", to_callee(), to_caller(), **of(call)))

    look(office)

    (event,) = office.outcomes(call)
    assert (event.data.outcome, event.data.origin) == (Outcome.ANSWERED, "RingOut")
    assert (event.data.caller_status, event.data.callee_status) == ("Call connected", "Call connected")
    assert (event.data.caller_outcome, event.data.callee_outcome) == (LegStatus.ANSWERED, LegStatus.ANSWERED)


def test_a_ringout_whose_caller_was_busy_never_called_the_other(office: Office) -> None:
    call = an_ended_call(office, ringout_call)
    office.show(a_ringout("Busy", to_caller("Busy"), **of(call)))

    look(office)

    (event,) = office.outcomes(call)
    assert (event.data.outcome, event.data.caller_status, event.data.callee_status) == (Outcome.BUSY, "Busy", None)
    assert (event.data.caller_outcome, event.data.callee_outcome) == (LegStatus.BUSY, LegStatus.NOT_ATTEMPTED)


def test_what_is_no_ringout_has_no_caller_and_callee_status(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))

    look(office)

    data = office.outcomes(call)[0].data
    assert {data.caller_status, data.callee_status, data.caller_outcome, data.callee_outcome} == {None}


def test_one_sweep_answers_many_calls(office: Office) -> None:
    calls = [ivr_call().ending_at(office.now - number) for number in range(30)]
    for call in calls:
        office.hear(*call.bodies)
    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()
    office.let_pass(office.settings.settle_seconds)
    for number, call in enumerate(calls):
        office.show(the_record(call, id=f"A{number}"))

    look(office)

    assert [len(office.outcomes(call)) for call in calls] == [1] * 30
    assert len([one for one in office.platform.requests() if one["group"] == "heavy"]) <= 2


def test_what_was_published_before_of_many_calls_is_read_together(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [an_ended_call(office) for _ in range(5)]
    for number, call in enumerate(calls):
        office.show(the_record(call, id=f"A{number}"))
    look(office)
    for number, call in enumerate(calls):
        office.show(the_record(call, id=f"A{number}", recording=Recording(f"R{number}")))

    monkeypatch.setattr(outcome_log, "newest", lambda *_: pytest.fail("one call was read by itself"))
    look(office, times=2)

    assert [event.data.changed for call in calls for event in office.outcomes(call)] == [(), ("recordings",)] * 5


def test_what_is_told_of_a_call_while_others_are_judged_counts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "TOGETHER", 1)
    other = ivr_call().ending_at(office.now)
    office.hear(*other.bodies[:-2])
    call = an_ended_call(office)
    for number, one in enumerate((call, other)):
        office.show(the_record(one, id=f"A{number}"))

    def end(point: str) -> None:
        if point == "resolve.published" and not office.published(other):
            office.ended(other)

    monkeypatch.setattr(faults, "point", end)
    look(office)

    assert [event.data.revision for event in office.published(other)] == [0, 1]
    assert office.outcomes(other)[0].data.trigger is Trigger.WEBHOOK


def test_who_is_killed_where_a_sweep_ends_leaves_no_bell_later_than_the_next_comparison(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(office)
    office.redis.zadd(keys.due(ACCOUNT), {"s-later": office.now + 86_400})
    rest = bells.rest

    def rest_and_be_killed(*arguments: Any, **words: Any) -> bool:
        rest(*arguments, **words)
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(bells, "rest", rest_and_be_killed)
        with pytest.raises(Killed):
            office.resolve()

    bell = office.next_bell(Stage.RESOLVE)

    assert bell is not None
    assert bell <= office.settings.reconcile_seconds


def test_sweeps_keep_the_least_time_between_them(an_office: MakeOffice) -> None:
    office = an_office(fetch_interval_seconds=10 * MINUTE)
    an_ended_call(office)
    office.resolve()
    asked = len(office.platform.requests())

    office.let_pass(5 * MINUTE)
    office.resolve()
    assert len(office.platform.requests()) == asked
    office.let_pass(5 * MINUTE)
    office.resolve()

    assert len(office.platform.requests()) > asked


def test_a_clock_that_was_set_back_keeps_nobody_waiting(office: Office) -> None:
    office.resolve()
    office.let_pass(-60 * MINUTE)
    call = an_ended_call(office)
    office.show(the_record(call))

    look(office, times=2)

    assert len(office.outcomes(call)) == 1


def test_a_lane_that_was_refused_before_the_clock_was_set_back_is_tried_again_in_an_hour(office: Office) -> None:
    for endpoint in ("call-log-extract-sync", "call-log-sync"):
        office.platform.fault("forbid", endpoint=endpoint)
    look(office, times=3)
    refused = asking.load(office.redis, ACCOUNT).refused_until
    office.let_pass(-DAY)

    office.resolve()

    position = asking.load(office.redis, ACCOUNT)
    assert len(refused) == len(position.refused_until) == 2
    assert all(until <= office.now + REFUSED_SECONDS for until in position.refused_until.values())
    assert (position.compared_to or 0) <= office.now


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"])
@pytest.mark.parametrize("refused", [[], ["call-log-extract-sync", "call-log-sync"]], ids=["feed", "list"])
def test_a_time_that_no_call_can_have_holds_up_nobody(office: Office, refused: list[str], time: str) -> None:
    for endpoint in refused:
        office.platform.fault("forbid", endpoint=endpoint)
    odd = ivr_call().ending_at(office.now)
    record = the_record(odd, id="odd")
    for one in odd.documents:
        one["body"]["eventTime"] = time
    office.ended(odd)
    call = an_ended_call(office)
    office.show(the_record(call))
    office.show_otherwise(record, lambda written: written.update(startTime=time))

    look(office, times=10)

    assert len(office.outcomes(call)) == 1
    assert len(office.outcomes(odd)) == 1


def test_after_a_sweep_the_clock_rings_for_the_next_look(office: Office) -> None:
    an_ended_call(office)

    office.resolve()

    assert 0 < (office.next_bell(Stage.RESOLVE) or 0) <= MINUTE


def test_with_nothing_due_the_clock_rings_for_the_next_comparison(office: Office) -> None:
    office.resolve()

    assert 0 < (office.next_bell(Stage.RESOLVE) or 0) <= office.settings.reconcile_seconds


REFUSALS = {
    "a penalty": ("rate_limit", {"group": "heavy", "seconds": 30}),
    "a server error": ("answer_status", {"group": "heavy", "status": 503, "seconds": 20, "count": 4}),
    "a web page": ("answer_html", {"group": "heavy", "count": 4}),
    "half an answer": ("truncate", {"group": "heavy", "count": 4}),
    "a broken connection": ("reset", {"group": "heavy", "count": 4}),
    "a refused JWT": ("reject_jwt", {}),
}


@pytest.mark.parametrize(("fault", "fields"), REFUSALS.values(), ids=REFUSALS.keys())
def test_whatever_refuses_an_answer_ends_the_sweep_sets_another_bell_and_loses_no_call(
    office: Office, fault: str, fields: dict[str, Any]
) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))
    office.platform.fault(fault, **fields)

    office.resolve()

    assert office.is_due(call)
    assert office.next_bell(Stage.RESOLVE) is not None
    assert office.outcomes(call) == []
    office.forgive()
    look(office, times=2)
    assert len(office.outcomes(call)) == 1


def test_what_came_before_a_refusal_is_kept(office: Office) -> None:
    first, other = an_ended_call(office), an_ended_call(office)
    office.show(the_record(first, id="A1"))
    look(office)
    office.show(the_record(other, id="A2"))
    office.platform.fault("answer_status", group="heavy", status=500)

    look(office)

    assert len(office.outcomes(first)) == 1
    assert office.is_due(other)


@pytest.mark.parametrize("refused", [["call-log-extract-sync"], ["call-log-extract-sync", "call-log-sync"]])
def test_without_the_change_feeds_the_same_outcomes_come_by_other_ways(office: Office, refused: list[str]) -> None:
    for endpoint in refused:
        office.platform.fault("forbid", endpoint=endpoint)
    heard, unheard = an_ended_call(office), ivr_call().ending_at(office.now - 30)
    office.show(the_record(heard, id="A1"))
    office.show(the_record(unheard, id="A2"))

    look(office, times=12)

    assert [event.data.trigger for event in office.outcomes(heard)] == [Trigger.WEBHOOK]
    assert [event.data.trigger for event in office.outcomes(unheard)] == [Trigger.RECONCILE]


def test_a_feed_whose_token_was_forgotten_begins_anew_and_tells_nothing_twice(office: Office) -> None:
    first = an_ended_call(office)
    office.show(the_record(first, id="A1"))
    look(office)
    office.platform.fault("expire_sync_tokens")
    other = an_ended_call(office)
    office.show(the_record(other, id="A2"))

    look(office, times=2)

    assert (len(office.outcomes(first)), len(office.outcomes(other))) == (1, 1)


def test_a_record_that_cannot_be_read_harms_no_other(office: Office) -> None:
    spoiled, whole = an_ended_call(office), an_ended_call(office)
    office.show(the_record(whole, id="A1"))
    office.show_otherwise(the_record(spoiled, id="A2"), lambda written: written.update(legs=7, startTime=[], result={}))

    look(office)

    assert len(office.outcomes(whole)) == 1
    assert office.is_due(spoiled)


def test_what_was_judged_before_a_kill_is_judged_again_and_told_once(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))
    look(office)
    office.redis.delete(keys.asking(ACCOUNT))
    office.redis.zadd(keys.due(ACCOUNT), {call.telephony_session_id: 0})

    look(office, times=2)

    assert len(office.outcomes(call)) == 1


def test_a_call_whose_retention_is_over_is_due_no_more(office: Office) -> None:
    call = an_ended_call(office)
    office.redis.delete(keys.session(ACCOUNT, call.telephony_session_id))

    look(office, times=2)

    assert not office.is_due(call)


def test_a_call_that_goes_on_after_all_is_due_when_it_ends_again(office: Office) -> None:
    call = an_ended_call(office)
    last = call.documents[-1]
    party = last["body"]["parties"][0]
    joined = party | {"id": party["id"][:-1] + "9", "status": {"code": "Answered"}}
    office.hear(msgspec.json.encode(last | {"body": last["body"] | {"sequence": 13, "parties": [joined]}}))
    office.track()
    office.show(the_record(call, result="In Progress"))
    look(office)
    assert not office.is_due(call)

    gone = joined | {"status": {"code": "Disconnected"}}
    office.hear(msgspec.json.encode(last | {"body": last["body"] | {"sequence": 14, "parties": [gone]}}))
    office.track()
    office.let_pass(MINUTE)
    office.track()
    office.show(the_record(call))
    look(office, times=2)

    assert [event.data.revision for event in office.published(call)] == [0, 1]


TOLD = ["direction", "outcome", "callerStatus", "calleeStatus", "callerOutcome", "calleeOutcome"]


def played(office: Office, webhook: Webhook) -> dict[str, dict[str, Any]]:
    """Have RingCentral play every kind of call, records included; give the right answers by session."""
    office.platform.subscribe(webhook.url)
    office.platform.play(count=len(list(every_take())), rate=2000, speed=200)
    wait_until(lambda: all(row["played"] and row["recordVisibleAt"] for row in office.platform.truth()))
    office.hear(*(msgspec.json.encode(document) for _, document in webhook.received))
    return {row["telephonySessionId"]: row for row in office.platform.truth()}


def test_every_kind_of_call_gets_the_outcome_the_simulator_holds_for_right(office: Office, webhook: Webhook) -> None:
    truth = played(office, webhook)
    office.track()
    office.let_pass(MINUTE)
    office.track()

    look(office, times=2)

    told = {event.subject: document(event)["data"] for event in events(office.redis) if event.data.revision}
    assert {one: {name: data[name] for name in TOLD} for one, data in told.items()} == {
        one: {name: row[name] for name in TOLD} for one, row in truth.items()
    }
    rung = {one: {who["extensionId"]: who["status"] for who in data["agents"]} for one, data in told.items()}
    known = {one: row["agents"] for one, row in truth.items() if row["agents"] is not None}
    assert {one: rung[one] for one in known} == known
