"""How the outcome is decided: a test for every row of the table, and that some row always decides."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.claims import STRENGTH
from telephony.outcomes import derive
from telephony.precedence import RULES
from telephony.records import CallLogRecord, ExtensionRef, PhoneParty
from telephony.words import Outcome
from tests.builders.call_log import a_leg, a_record, a_ringout, a_voicemail, an_accept_leg, to_callee, to_caller
from tests.builders.notifications import MIRA, TOM
from tests.telephony.test_results import PUBLISHED


def decided(record: CallLogRecord, origin: str | None = None) -> tuple[str, str]:
    """Give the outcome and the name of the rule that decided it."""
    derived = derive([record], origin=origin)
    [why] = [one for one in derived.explanation if one.field == "outcome"]
    return derived.outcome, why.rule


INBOUND = {
    "911": "emergency",
    "Abandoned": "abandoned",
    "Accepted": "answered",
    "Answered Elsewhere": "answered_elsewhere",
    "Answered Not Accepted": "missed",
    "Blocked": "blocked",
    "Busy": "busy",
    "Call connected": "answered",
    "Callback requested": "callback_requested",
    "Declined": "rejected",
    "Fax Receipt Error": "fax_failed",
    "Hang Up": "abandoned",
    "IP Phone Offline": "failed",
    "In Progress": "unknown",
    "Missed": "missed",
    "No Answer": "missed",
    "Partial Receive": "fax_partial",
    "Phone Login": "answered",
    "Receive Error": "fax_failed",
    "Received": "fax_received",
    "Rejected": "rejected",
    "Reply": "replied",
    "Sent to Voicemail": "voicemail",
    "Stopped": "missed",
    "Unknown": "unknown",
    "Voicemail": "voicemail",
}
OUTBOUND = {
    "933": "emergency",
    "Busy": "busy",
    "Call Failed": "failed",
    "Call Failure": "failed",
    "Call connected": "answered",
    "Carrier is not active": "failed",
    "EDGE trunk misconfigured": "failed",
    "Fax Not Sent": "fax_failed",
    "Fax Partially Sent": "fax_partial",
    "Fax Poor Line": "fax_failed",
    "Fax on Demand": "fax_sent",
    "Hang Up": "cancelled",
    "Hang up": "cancelled",
    "IP Phone Offline": "failed",
    "Internal Error": "failed",
    "International Disabled": "blocked",
    "International Restricted": "blocked",
    "Missed": "no_answer",
    "No Answer": "no_answer",
    "No Calling Credit": "failed",
    "Not Allowed": "blocked",
    "Rejected": "rejected",
    "Restricted Number": "blocked",
    "Send Error": "fax_failed",
    "Sent": "fax_sent",
    "Stopped": "cancelled",
    "Suspended account": "failed",
    "Wrong Number": "failed",
}


def test_of_every_published_result_it_is_said_here_what_it_means() -> None:
    assert set(PUBLISHED) <= INBOUND.keys() | OUTBOUND.keys()


@pytest.mark.parametrize(("result", "outcome"), INBOUND.items())
def test_what_a_result_means_for_an_inbound_call(result: str, outcome: str) -> None:
    assert decided(a_record(result))[0] == outcome


@pytest.mark.parametrize(("result", "outcome"), OUTBOUND.items())
def test_what_a_result_means_for_an_outbound_call(result: str, outcome: str) -> None:
    assert decided(a_record(result, direction="Outbound"))[0] == outcome


@pytest.mark.parametrize("result", PUBLISHED)
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_every_published_result_decides_but_two(result: str, direction: str) -> None:
    outcome, _ = decided(a_record(result, direction=direction))

    assert (outcome == "unknown") == (result in {"Unknown", "In Progress"})


def test_an_emergency_outweighs_everything() -> None:
    assert decided(a_record("Call connected", a_leg(result="911"), direction="Outbound")) == ("emergency", "emergency")


@pytest.mark.parametrize(
    ("callee", "outcome"),
    [("Busy", "busy"), ("No Answer", "no_answer"), ("Hang Up", "cancelled"), ("Stopped", "cancelled")],
)
def test_a_ringout_is_not_answered_while_a_side_is_not_connected(callee: str, outcome: str) -> None:
    record = a_ringout("Call connected", to_caller(), to_callee(callee))

    assert decided(record) == (outcome, "ringout-side-not-connected")


def test_the_callee_decides_before_the_caller() -> None:
    assert decided(a_ringout("Call connected", to_caller("Rejected"), to_callee("Busy")))[0] == "busy"
    assert decided(a_ringout("Call connected", to_caller("Rejected")))[0] == "rejected"


def test_a_ringout_whose_caller_left_before_the_callee_was_called_is_cancelled() -> None:
    assert decided(a_ringout("Call connected", to_caller())) == ("cancelled", "ringout-side-not-connected")


def test_a_ringout_by_one_leg_is_answered_when_that_is() -> None:
    assert decided(a_ringout("Call connected", to_caller(family="OneLeg"))) == ("answered", "record-result")


def test_the_second_session_of_a_ringout_which_goes_to_its_own_extension_is_answered_when_that_is() -> None:
    leg = to_caller(extension=ExtensionRef(id=int(MIRA)))
    second = a_ringout("Call connected", leg, to=PhoneParty(extension_id=MIRA))

    assert decided(second) == ("answered", "record-result")
    assert decided(a_ringout("Call connected", to_caller(), to=second.to, extension=leg.extension))[0] == "answered"
    assert decided(msgspec.structs.replace(second, to=PhoneParty(extension_id=TOM)))[0] == "cancelled"


def test_a_session_that_is_known_to_be_the_second_is_answered_when_its_one_side_is() -> None:
    record = a_ringout("Call connected", to_caller())

    assert (derive([record]).outcome, derive([record], is_second=True).outcome) == ("cancelled", "answered")
    assert derive([a_record("Accepted")], is_second=True) == derive([a_record("Accepted")])


def test_a_side_without_a_result_leaves_it_to_the_record() -> None:
    assert decided(a_ringout("Call connected", to_caller(), to_callee(None))) == ("answered", "record-result")
    assert decided(a_ringout("Call connected", to_caller(None))) == ("answered", "record-result")


def test_an_accepted_call_that_left_a_voicemail_and_reached_nobody_is_voicemail() -> None:
    record = a_record("Accepted", an_accept_leg(), a_leg(result="Stopped"), message=a_voicemail())

    on_a_leg = a_record("Accepted", an_accept_leg(message=a_voicemail()), a_leg(result="Stopped"))

    assert decided(record) == ("voicemail", "voicemail-message")
    assert decided(on_a_leg) == ("voicemail", "voicemail-message")


def test_a_voicemail_after_somebody_answered_leaves_the_call_answered() -> None:
    record = a_record("Accepted", an_accept_leg(), a_leg(result="Accepted"), message=a_voicemail())

    assert decided(record) == ("answered", "record-result")


def test_a_voicemail_does_not_outweigh_a_result_that_claims_no_answer() -> None:
    assert decided(a_record("Missed", an_accept_leg("Missed"), message=a_voicemail())) == ("missed", "record-result")


def test_an_internal_call_that_only_a_colleagues_voicemail_took_is_voicemail() -> None:
    to_tom = {"direction": "Outbound", "to": PhoneParty(extension_number="102")}
    ours = a_leg("ExtensionToExtension", "Call connected", master=True)
    theirs = a_leg("ExtensionToExtension", "Voicemail", direction="Inbound", message=a_voicemail())
    took = a_leg("ExtensionToExtension", "Accepted", direction="Inbound")

    assert decided(a_record("Call connected", ours, theirs, **to_tom)) == ("voicemail", "colleagues-voicemail")
    assert decided(a_record("Call connected", ours, took, theirs, **to_tom)) == ("answered", "record-result")
    assert decided(a_record("Call connected", ours, **to_tom)) == ("answered", "record-result")
    assert decided(a_record("No Answer", ours, theirs, **to_tom)) == ("no_answer", "record-result")
    for outside in (None, PhoneParty(phone_number="+12125550111")):
        record = a_record("Call connected", ours, theirs, direction="Outbound", to=outside)
        assert decided(record) == ("answered", "record-result")
    both = a_ringout("Call connected", to_caller(), to_callee(), theirs, to=PhoneParty(extension_number="102"))
    assert decided(both) == ("answered", "record-result")


def test_the_records_own_result_outweighs_its_legs() -> None:
    record = a_record("Missed", an_accept_leg("Missed"), a_leg(result="Call connected"))

    assert decided(record) == ("missed", "record-result")


def test_a_word_never_seen_is_unknown_whatever_the_legs_say() -> None:
    assert decided(a_record("Beamed Up", an_accept_leg("Accepted"))) == ("unknown", "unseen-word")


def test_a_call_in_progress_is_unknown_whatever_the_legs_say() -> None:
    assert decided(a_record("In Progress", an_accept_leg("Accepted"))) == ("unknown", "in-progress")


@pytest.mark.parametrize("result", [None, "Unknown", "Stopped", "IP Phone Offline"])
def test_a_ringout_whose_record_says_less_is_what_its_callee_leg_says(result: str | None) -> None:
    assert decided(a_ringout(result, to_caller(), to_callee("No Answer"))) == ("no_answer", "ringout-side")
    assert decided(a_ringout(result, to_caller(), to_callee())) == ("answered", "ringout-side")
    assert decided(a_ringout(result, to_caller(), to_callee("Stopped"))) == ("cancelled", "ringout-side")


@pytest.mark.parametrize("result", [None, "Unknown", "Stopped", "IP Phone Offline"])
@pytest.mark.parametrize("callee", ["Call connected", "Accepted", "Unknown", None])
def test_a_ringout_whose_record_says_less_is_not_answered_either_while_the_caller_is_not(
    callee: str | None, result: str | None
) -> None:
    assert decided(a_ringout(result, to_caller("Busy"), to_callee(callee))) == ("busy", "ringout-side")


def test_with_nobody_else_called_it_is_what_the_caller_leg_says_unless_that_is_answered() -> None:
    assert decided(a_ringout(None, to_caller("Busy"))) == ("busy", "ringout-side")
    assert decided(a_ringout(None, to_caller())) == ("unknown", "nothing-known")


@pytest.mark.parametrize("result", [None, "Unknown", "Stopped", "IP Phone Offline"])
def test_where_the_record_says_less_the_strongest_leg_decides(result: str | None) -> None:
    legs = (an_accept_leg("Missed"), a_leg(result="Stopped"), a_leg(result="Call connected"))

    assert decided(a_record(result, *legs)) == ("answered", "strongest-leg")


def test_of_legs_that_must_decide_the_strongest_does_as_in_a_call_of_its_direction() -> None:
    assert decided(a_record(None, a_leg(result="Busy"), a_leg(result="Voicemail")))[0] == "voicemail"
    assert decided(a_record(None, a_leg(result="No Answer"), direction="Outbound"))[0] == "no_answer"
    assert decided(a_record(None, a_leg(result="No Answer")))[0] == "missed"


@pytest.mark.parametrize(
    ("record", "leg"),
    [
        (a_record("Accepted", an_accept_leg(), a_leg()), None),
        (a_record("Call connected", a_leg(), a_leg(result="911"), direction="Outbound"), 1),
        (a_record(None, a_leg(result="Stopped"), a_leg(result="Busy"), a_leg(result="Busy", duration=1)), 1),
        (a_ringout("Call connected", to_callee("Busy"), to_caller("Rejected")), 0),
        (a_ringout("Call connected", a_leg(), to_caller()), 1),
        (a_ringout(None, to_caller(), to_callee()), 1),
    ],
)
def test_the_leg_that_decided_is_named_where_it_was_not_the_record(record: CallLogRecord, leg: int | None) -> None:
    [why] = [one for one in derive([record]).explanation if one.field == "outcome"]

    assert why.leg == leg


@pytest.mark.parametrize("leg_type", ["SilentMonitoring", "Monitoring", "CallPark", "ParkLocation"])
def test_legs_of_supervisors_and_parking_do_not_decide(leg_type: str) -> None:
    assert decided(a_record(None, a_leg(leg_type))) == ("unknown", "nothing-known")


def test_a_phone_that_was_offline_does_not_decide_for_the_others() -> None:
    record = a_record("Stopped", a_leg(result="IP Phone Offline"), a_leg(result="Stopped"), direction="Outbound")

    assert decided(record) == ("cancelled", "one-phone")


def test_a_call_of_which_nothing_is_said_is_unknown() -> None:
    assert decided(CallLogRecord()) == ("unknown", "nothing-known")


@given(
    result=st.none() | st.text() | st.sampled_from(PUBLISHED),
    direction=st.none() | st.text(),
    origin=st.none() | st.text(),
)
def test_some_rule_always_decides(result: str | None, direction: str | None, origin: str | None) -> None:
    outcome, rule = decided(a_record(result, direction=direction), origin)

    assert outcome in set(Outcome)
    assert rule in {row.name for row in RULES}


def test_every_outcome_has_its_strength_once() -> None:
    listed = [word for row in STRENGTH for word in row]

    assert sorted(listed) == sorted(Outcome)
