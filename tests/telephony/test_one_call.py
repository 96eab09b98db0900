"""Several records of one telephony session are one call, whatever their order."""

from itertools import permutations

from telephony.call_outcome import CallOutcome
from telephony.outcomes import derive
from telephony.records import CallLogRecord, ExtensionRef, PhoneParty
from tests.builders.call_log import a_leg, a_record, a_ringout, after, an_accept_leg, to_callee, to_caller


def in_every_order(*records: CallLogRecord) -> CallOutcome:
    """Derive the call from its records in every order, and give the one answer."""
    answers = [derive(order) for order in permutations(records)]

    assert all(answer == answers[0] for answer in answers)
    return answers[0]


def test_the_record_of_whoever_took_the_call_speaks_for_it() -> None:
    missed = a_record("Missed", id="A1", extension=ExtensionRef(id=1), start_time=after(0))
    took = a_record("Accepted", id="A2", extension=ExtensionRef(id=2), start_time=after(4))

    call = in_every_order(missed, took)

    assert (call.outcome, call.result) == ("answered", "Accepted")
    assert call.record_ids == ("A2", "A1")
    assert call.extensions == ("1", "2")


def test_of_equal_claims_the_earlier_record_speaks() -> None:
    call = in_every_order(
        a_record("Accepted", id="B", start_time=after(3)), a_record("Call connected", id="C", start_time=after(0))
    )

    assert call.result == "Call connected"


def test_the_rules_for_who_speaks_are_asked_in_their_order() -> None:
    ringout, phone = a_ringout("No Answer", id="R", deleted=True), a_record("Accepted", id="P")
    late, early = a_record("Accepted", id="A", direction="Outbound", start_time=after(3)), a_record("Accepted", id="B")
    low, high = a_record("Accepted", id="A", action="Z"), a_record("Accepted", id="B", action="A")

    assert in_every_order(ringout, phone).record_ids == ("R", "P")
    assert in_every_order(late, early).record_ids == ("B", "A")
    assert in_every_order(low, high).record_ids == ("A", "B")


def test_of_two_sides_of_an_internal_call_the_callers_record_speaks() -> None:
    call = in_every_order(a_record("Missed", id="A"), a_record("No Answer", id="B", direction="Outbound"))

    assert (call.direction, call.outcome) == ("Outbound", "no_answer")


def test_of_an_internal_call_to_voicemail_the_callers_record_speaks_and_the_colleagues_says_how_it_ended() -> None:
    caller = a_record("Call connected", id="A", direction="Outbound", to=PhoneParty(extension_id="102"))
    colleague = a_record("Voicemail", id="B", extension=ExtensionRef(id=102), start_time=after(1))

    call = in_every_order(caller, colleague)

    assert (call.direction, call.result, call.outcome) == ("Outbound", "Call connected", "voicemail")


def test_the_record_of_a_ringout_speaks_before_that_of_a_phone_it_rang() -> None:
    ringout = a_ringout("No Answer", to_caller(), to_callee("No Answer"), id="R", start_time=after(2))
    phone = a_record("Accepted", an_accept_leg(), id="P", start_time=after(0))

    call = in_every_order(ringout, phone)

    assert (call.outcome, call.result, call.callee_status) == ("no_answer", "No Answer", "No Answer")


def test_a_ringout_whose_legs_lie_in_two_records_has_both_sides() -> None:
    call = in_every_order(
        a_ringout("Call connected", to_caller(), id="A"), a_ringout("Call connected", to_callee("Busy"), id="B")
    )

    assert (call.caller_status, call.callee_status, call.outcome) == ("Call connected", "Busy", "busy")


def test_a_call_lasts_from_its_first_start_to_its_last_end() -> None:
    call = in_every_order(
        a_record("Accepted", id="A", start_time=after(0), duration=20),
        a_record("Accepted", id="B", start_time=after(15), duration=60),
    )

    assert (call.start_time, call.end_time) == ("2026-03-02T09:00:00.000Z", "2026-03-02T09:01:15.000Z")
    assert call.duration_seconds == 75


def test_records_without_an_id_are_records_of_their_own() -> None:
    call = in_every_order(
        a_record("Accepted", id=None, duration=20), a_record("Accepted", id=None, start_time=after(15), duration=60)
    )

    assert (call.duration_seconds, call.record_ids) == (75, ())


def test_a_ringout_that_only_its_origin_tells_of_is_one_whatever_the_number_of_its_records() -> None:
    call = derive([a_record("Accepted", id="A"), a_record("Accepted", id="B")], origin="RingOut")

    assert (call.caller_outcome, call.callee_outcome) == ("unknown", "unknown")


def test_of_two_versions_of_a_record_the_newer_counts() -> None:
    midcall = a_record("Stopped", a_leg(result="Stopped"), direction="Outbound", last_modified_time=after(30))
    final = a_record("Accepted", an_accept_leg(), a_leg(), last_modified_time=after(90))

    call = in_every_order(midcall, final)

    assert (call.outcome, call.direction, call.record_ids) == ("answered", "Inbound", ("A1",))
    assert len(call.legs) == 2


def test_the_same_record_twice_is_one() -> None:
    record = a_record("Accepted", an_accept_leg(), a_leg())

    assert derive([record, record]) == derive([record])


def test_a_leg_that_two_records_share_is_listed_once_and_twins_of_one_record_twice() -> None:
    shared, twin = an_accept_leg(), a_leg(result="Stopped")

    call = in_every_order(a_record("Accepted", shared, twin, twin, id="A"), a_record("Accepted", shared, id="B"))

    assert [leg.leg_type for leg in call.legs] == ["Accept", "PstnToSip", "PstnToSip"]


def test_a_deleted_record_speaks_only_when_there_is_no_other() -> None:
    deleted = a_record("Accepted", id="A", deleted=True)

    assert derive([deleted]).outcome == "answered"
    assert in_every_order(deleted, a_record("Missed", id="B")).outcome == "missed"


def test_several_records_are_explained() -> None:
    call = in_every_order(a_record("Accepted", id="A"), a_record("Missed", id="B"))

    assert "principal-record" in {one.rule for one in call.explanation if one.field == "result"}
