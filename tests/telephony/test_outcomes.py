"""What `derive` says beyond the outcome: statuses, times, ends, attachments, and the reason for each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from telephony.outcomes import derive
from telephony.records import (
    Billing,
    CallLogRecord,
    ExtensionRef,
    Message,
    PhoneParty,
    Recording,
    SessionRef,
)
from telephony.times import iso_ms
from telephony.words import LegRole, LegStatus
from tests.builders.call_log import (
    SESSION,
    a_leg,
    a_record,
    a_ringout,
    a_voicemail,
    after,
    an_accept_leg,
    to_callee,
    to_caller,
)


def test_a_ringout_gives_the_result_of_both_legs_verbatim() -> None:
    derived = derive([a_ringout("Call connected", to_callee(), to_caller())])

    assert (derived.caller_status, derived.callee_status) == ("Call connected", "Call connected")
    assert (derived.caller_outcome, derived.callee_outcome) == (LegStatus.ANSWERED, LegStatus.ANSWERED)


def test_a_busy_caller_leaves_the_callee_unattempted() -> None:
    derived = derive([a_ringout("Busy", to_caller("Busy"))])

    assert (derived.caller_status, derived.callee_status) == ("Busy", None)
    assert (derived.caller_outcome, derived.callee_outcome) == (LegStatus.BUSY, LegStatus.NOT_ATTEMPTED)


def test_only_a_ringout_has_a_caller_and_a_callee_status() -> None:
    derived = derive([a_record("Accepted", an_accept_leg(), a_leg())])

    assert (derived.caller_status, derived.callee_status) == (None, None)
    assert (derived.caller_outcome, derived.callee_outcome) == (None, None)


def test_the_origin_makes_a_call_without_legs_a_ringout_of_which_nothing_is_known() -> None:
    derived = derive([a_record("Call connected", direction="Outbound")], origin="RingOut")

    assert (derived.caller_outcome, derived.callee_outcome) == (LegStatus.UNKNOWN, LegStatus.UNKNOWN)


def test_the_words_of_ringcentral_stay_as_they_are() -> None:
    derived = derive([a_record("hang up", reason="Some Reason", action="Some Action")])

    assert (derived.result, derived.reason, derived.action) == ("hang up", "Some Reason", "Some Action")
    assert (derived.direction, derived.type, derived.session_id) == ("Inbound", "Voice", "575838550099")


def test_a_call_ends_its_duration_after_its_start() -> None:
    derived = derive([a_record(duration=40, duration_ms=40_250)])

    assert derived.start_time == "2026-03-02T09:00:00.000Z"
    assert derived.end_time == "2026-03-02T09:00:40.250Z"
    assert derived.duration_seconds == 40
    assert derive([a_record(duration=None, duration_ms=40_250)]).duration_seconds == 40


def test_without_a_duration_the_end_is_not_known() -> None:
    derived = derive([a_record("Busy", duration=None)])

    assert (derived.end_time, derived.duration_seconds) == (None, None)


def test_an_answered_call_was_answered_when_its_first_answered_leg_began() -> None:
    rung, took, joined = (
        a_leg(result="Stopped", start_time=after(2)),
        a_leg(result="Call connected", start_time=after(6)),
        a_leg("TransferCall", start_time=after(30)),
    )

    assert derive([a_record("Accepted", an_accept_leg(), rung, joined, took)]).answer_time == "2026-03-02T09:00:06.000Z"


NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("begin", "answer"), [(after(-0.243), after(0)), (NO_TIME, after(0)), (after(41), after(40))])
def test_a_call_is_answered_within_its_own_time_by_whatever_leg(begin: datetime, answer: datetime) -> None:
    derived = derive([a_record("Accepted", an_accept_leg(), a_leg(start_time=begin))])

    assert derived.answer_time == iso_ms(answer)
    assert [(why.rule, why.leg) for why in derived.explanation if why.field == "answerTime"] == [
        ("answer-within-call", 1)
    ]


@pytest.mark.parametrize(("begin", "answer"), [(after(-3), after(0)), (after(41), after(41))])
def test_a_call_whose_end_is_not_told_is_not_answered_before_it_begins(begin: datetime, answer: datetime) -> None:
    derived = derive([a_record("Accepted", an_accept_leg(), a_leg(start_time=begin), duration=None)])

    assert derived.answer_time == iso_ms(answer)


def test_an_answered_ringout_was_answered_when_the_second_side_was_connected() -> None:
    record = a_ringout("Call connected", to_callee(start_time=after(7)), to_caller(start_time=after(1)))

    assert derive([record]).answer_time == "2026-03-02T09:00:07.000Z"


def test_a_call_is_answered_before_it_is_transferred() -> None:
    record = a_record("Accepted", an_accept_leg(), a_leg("TransferCall", start_time=after(30)))

    assert derive([record]).answer_time == "2026-03-02T09:00:00.000Z"


@pytest.mark.parametrize(
    ("result", "time", "rule"),
    [("Call connected", "2026-03-02T09:00:02.000Z", "answer-at-leg"), ("911", None, "answer-untold")],
)
def test_an_emergency_call_was_answered_if_its_leg_was(result: str, time: str | None, rule: str) -> None:
    leg = a_leg("SipToPstnMetered", result, start_time=after(2))

    derived = derive([a_record("911", leg, direction="Outbound")])

    assert (derived.outcome, derived.answer_time) == ("emergency", time)
    assert [one.rule for one in derived.explanation if one.field == "answerTime"] == [rule]


def test_without_an_answered_leg_an_answered_call_was_answered_at_its_start() -> None:
    assert derive([a_record("Accepted")]).answer_time == "2026-03-02T09:00:00.000Z"


@pytest.mark.parametrize("result", ["Missed", "Voicemail", "Hang Up", "Received"])
def test_a_call_that_was_not_answered_has_no_time_of_answer(result: str) -> None:
    assert derive([a_record(result, an_accept_leg(result), a_leg(start_time=after(3)))]).answer_time is None


def test_numbers_are_e164_with_the_raw_text_beside() -> None:
    caller = PhoneParty(phone_number="(206)555-0177", name="R. Okafor")
    callee = PhoneParty(extension_id="60200101", extension_number="201")

    derived = derive([a_record(from_=caller, to=callee)])

    assert (derived.from_.phone_number, derived.from_.raw_phone_number) == ("+12065550177", "(206)555-0177")
    assert derived.from_.name == "R. Okafor"
    assert (derived.to.phone_number, derived.to.extension_id, derived.to.extension_number) == (None, "60200101", "201")


@pytest.mark.parametrize(
    "end", [PhoneParty(dialed_phone_number="650-555-0101"), PhoneParty(dialer_phone_number="650-555-0101")]
)
def test_where_no_number_is_given_what_was_dialled_or_who_dialled_stands_for_it(end: PhoneParty) -> None:
    derived = derive([a_record(to=end)])

    assert (derived.to.phone_number, derived.to.raw_phone_number) == ("+16505550101", "650-555-0101")
    assert [(one.field, one.rule) for one in derived.explanation if one.rule == "e164"] == [("to.phoneNumber", "e164")]


def test_an_end_that_one_record_does_not_name_is_that_of_another() -> None:
    caller, callee = PhoneParty(phone_number="+12125550111"), PhoneParty(phone_number="+16505550101")

    derived = derive([a_record(id="A", from_=caller), a_record("Missed", id="B", to=callee)])

    assert (derived.from_.phone_number, derived.to.phone_number) == ("+12125550111", "+16505550101")


def test_a_masked_number_stays_raw_only() -> None:
    derived = derive([a_record(from_=PhoneParty(phone_number="anonymous"))])

    assert (derived.from_.phone_number, derived.from_.raw_phone_number) == (None, "anonymous")


def test_every_leg_is_listed_in_ringcentrals_order_with_our_words_beside_its_own() -> None:
    derived = derive([a_record("Accepted", an_accept_leg(), a_leg(result="Stopped", reason="Stopped"), a_leg())])

    assert [leg.index for leg in derived.legs] == [0, 1, 2]
    assert [leg.role for leg in derived.legs] == [LegRole.CALLER, LegRole.AGENT, LegRole.AGENT]
    assert [leg.status for leg in derived.legs] == [LegStatus.ANSWERED, LegStatus.STOPPED, LegStatus.ANSWERED]
    assert [leg.result for leg in derived.legs] == ["Accepted", "Stopped", "Call connected"]
    assert [leg.master for leg in derived.legs] == [True, False, False]
    assert [leg.reason for leg in derived.legs] == [None, "Stopped", None]
    assert [leg.direction for leg in derived.legs] == ["Inbound", "Outbound", "Outbound"]


def test_what_a_leg_s_result_means_depends_on_the_direction_of_the_call() -> None:
    given_up = a_leg(result="Hang Up")

    assert derive([a_record("Hang Up", given_up)]).legs[0].status == "abandoned"
    assert derive([a_record("Hang Up", given_up, direction="Outbound")]).legs[0].status == "cancelled"


def test_the_extensions_are_those_named_anywhere_each_once() -> None:
    record = a_record(
        "Accepted",
        a_leg(extension=ExtensionRef(id=3), to=PhoneParty(extension_id="4")),
        a_leg(extension=ExtensionRef(id="3")),
        extension=ExtensionRef(id=2),
        from_=PhoneParty(extension_id="1"),
    )

    assert derive([record]).extensions == ("1", "2", "3", "4")
    assert derive([a_record(extension=ExtensionRef(uri="https://platform.example/extension"))]).extensions == ()


def test_a_recording_on_the_record_and_its_legs_is_listed_once() -> None:
    first, second = Recording(id="8801", type="OnDemand"), Recording(id="8800")
    record = a_record("Accepted", a_leg(recording=first), a_leg(recording=second), recording=first)

    assert [(one.id, one.type) for one in derive([record]).recordings] == [("8800", None), ("8801", "OnDemand")]


def test_a_recording_without_an_id_is_told_by_where_it_is() -> None:
    there, its_content = Recording(uri="https://platform.example/R1"), Recording(content_uri="https://media.example/R1")

    found = derive([a_record("Accepted", a_leg(recording=there), a_leg(recording=its_content))]).recordings

    assert [(one.uri, one.content_uri) for one in found] == [(None, its_content.content_uri), (there.uri, None)]


def test_a_voicemail_and_a_fax_are_told_by_the_type_of_the_message() -> None:
    voicemail = derive([a_record("Voicemail", an_accept_leg(message=a_voicemail()))])
    fax = derive([a_record("Received", message=Message(id="7711", type="Fax"))])

    assert voicemail.voicemail is not None
    assert voicemail.voicemail.message_id == "7700"
    assert voicemail.fax is None
    assert fax.fax is not None
    assert (fax.fax.message_id, fax.voicemail) == ("7711", None)
    assert [one.value for one in fax.explanation if one.field == "fax"] == ["7711"]
    assert derive([a_record("Voicemail", message=Message(id="7712"))]).voicemail is None


def test_of_several_messages_the_first_by_its_id_is_told() -> None:
    messages = [Message(id=name, type="VoiceMail", uri=f"https://platform.example/{name}") for name in ("7702", "7701")]

    told = derive([a_record("Voicemail", *(a_leg(message=one) for one in messages))]).voicemail

    assert told is not None
    assert (told.message_id, told.uri) == ("7701", messages[1].uri)


def test_of_several_transfers_the_latest_is_told_as_far_as_its_sessions_are_named() -> None:
    late = a_leg("TransferCall", transferee=SessionRef("s-late"), start_time=after(60))
    early = a_leg("TransferCall", transfer_target=SessionRef("s-then"), start_time=after(30))
    nameless = a_leg("TransferCall", transfer_target=SessionRef(), start_time=after(90))

    transfer = derive([a_record("Accepted", late, nameless, early)]).transfer
    undated = derive([a_record("Accepted", early, a_leg(transferee=SessionRef("s-x"), start_time=None))]).transfer

    assert transfer is not None
    assert (transfer.target_telephony_session_id, transfer.transferee_telephony_session_id) == (None, "s-late")
    assert undated is not None
    assert (undated.target_telephony_session_id, undated.transferee_telephony_session_id) == ("s-then", None)


def test_a_transfer_names_its_sessions_and_links_the_other() -> None:
    transferred = a_leg(
        "TransferCall",
        transferee=SessionRef(telephony_session_id=SESSION),
        transfer_target=SessionRef(telephony_session_id="s-consult"),
    )

    derived = derive([a_record("Accepted", an_accept_leg(), transferred)])

    assert derived.transfer is not None
    assert derived.transfer.target_telephony_session_id == "s-consult"
    assert derived.transfer.transferee_telephony_session_id == SESSION


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"transferee": SessionRef("s-original")}, "transfer", "s-original"),
        (
            {"message": Message(type="VoiceMail", uri="https://platform.example/7")},
            "voicemail",
            "https://platform.example/7",
        ),
        ({"message": Message(type="Fax", uri="https://platform.example/7")}, "fax", "https://platform.example/7"),
    ],
)
def test_what_hangs_on_a_call_is_explained_by_whatever_it_is_named(
    fields: dict[str, Any], field: str, value: str
) -> None:
    derived = derive([a_record("Voicemail", **fields)])

    assert [one.value for one in derived.explanation if one.field == field] == [value]


def test_what_a_call_cost_is_passed_on() -> None:
    derived = derive([a_record(billing=Billing(cost_included=0.137, cost_purchased=0.0))])

    assert derived.billing is not None
    assert (derived.billing.cost_included, derived.billing.cost_purchased) == (0.137, 0.0)


def test_what_a_call_of_several_records_cost_is_told_by_the_one_that_speaks_for_it_and_is_no_sum() -> None:
    taken = a_record("Accepted", id="B", billing=Billing(cost_included=0.25, cost_purchased=0.0))
    missed = a_record("Missed", id="A", billing=Billing(cost_included=0.5, cost_purchased=0.0))

    costs = {derive(records).billing for records in ([taken, missed], [missed, taken])}

    assert [cost and cost.cost_included for cost in costs] == [0.25]


def test_every_derived_value_is_explained() -> None:
    record = a_ringout(
        "Call connected",
        to_callee(recording=Recording(id="8801")),
        to_caller(extension=ExtensionRef(id=1), transfer_target=SessionRef(telephony_session_id="s-other")),
        message=a_voicemail(),
        from_=PhoneParty(phone_number="16505550101"),
    )

    explained = {one.field: one for one in derive([record]).explanation}

    assert set(explained) == {
        *("outcome", "result", "callerStatus", "callerOutcome", "calleeStatus", "calleeOutcome"),
        *("startTime", "answerTime", "endTime", "durationSeconds", "from.phoneNumber"),
        *("recordings", "voicemail", "transfer"),
    }
    assert (explained["calleeStatus"].value, explained["calleeStatus"].leg) == ("Call connected", 0)
    assert (explained["callerStatus"].rule, explained["callerStatus"].leg) == ("ringout-leg", 1)


def test_a_role_that_does_not_follow_from_the_type_is_explained() -> None:
    derived = derive([a_record("Voicemail", a_leg(), an_accept_leg("Voicemail"))])

    roles = [one for one in derived.explanation if one.field.startswith("legs")]
    assert [(one.field, one.value, one.rule, one.leg) for one in roles] == [
        ("legs[1].role", "voicemail", "voicemail-leg", 1)
    ]


def test_a_missing_status_is_explained_too() -> None:
    [why] = [one for one in derive([a_ringout("Busy", to_caller("Busy"))]).explanation if one.field == "calleeStatus"]

    assert (why.value, why.rule, why.leg) == (None, "ringout-not-attempted", None)


def test_an_explanation_names_nobody() -> None:
    record = a_record(from_=PhoneParty(phone_number="anonymous", name="R. Okafor"))

    assert not any("Okafor" in one.because or "anonymous" in one.because for one in derive([record]).explanation)


def test_an_empty_record_has_an_outcome() -> None:
    derived = derive([CallLogRecord()])

    assert derived.outcome == "unknown"
    assert derived.record_ids == ()


def test_a_call_needs_a_record() -> None:
    with pytest.raises(ValueError, match="record"):
        derive([])
