import msgspec
import pytest

from telephony.records import CallLogRecord
from telephony.settled import Unsettled, is_settled, was_still_on, why_unsettled
from tests.builders.call_log import a_leg, a_record, a_ringout, an_accept_leg, to_callee, to_caller


def test_an_ordinary_record_is_settled() -> None:
    assert is_settled(a_record("Accepted", an_accept_leg(), a_leg()))


@pytest.mark.parametrize("result", ["In Progress", "in progress"])
def test_a_record_in_progress_is_not(result: str) -> None:
    assert why_unsettled(a_record(result)) is Unsettled.IN_PROGRESS


def test_a_record_with_a_leg_in_progress_is_not() -> None:
    assert why_unsettled(a_record("Accepted", an_accept_leg(), a_leg(result="In Progress"))) is Unsettled.IN_PROGRESS


@pytest.mark.parametrize("result", [None, ""])
def test_a_record_without_a_result_is_not(result: str | None) -> None:
    assert why_unsettled(a_record(result)) is Unsettled.NO_RESULT


def test_a_leg_without_a_result_does_not_keep_a_record_open() -> None:
    assert is_settled(a_ringout("Call connected", to_caller(), to_callee(None)))


def test_not_finished_outweighs_a_final_result() -> None:
    assert why_unsettled(a_record("Accepted", finished=False)) is Unsettled.NOT_FINISHED
    assert why_unsettled(a_record("Accepted", a_leg(finished=False))) is Unsettled.NOT_FINISHED


@pytest.mark.parametrize("result", ["Accepted", "Call connected", "Voicemail", "911", "A Word Never Seen"])
def test_a_connected_call_without_a_duration_is_not(result: str) -> None:
    assert why_unsettled(a_record(result, duration=None)) is Unsettled.NO_DURATION


@pytest.mark.parametrize(
    "result",
    ["Busy", "No Answer", "Hang Up", "Rejected", "Blocked", "Missed", "Wrong Number", "International Disabled"],
)
def test_a_call_that_was_never_connected_needs_no_duration(result: str) -> None:
    assert is_settled(a_record(result, duration=None))


def test_a_fax_needs_no_duration() -> None:
    assert is_settled(a_record("Sent", duration=None, type="Fax"))
    assert is_settled(a_record("Accepted", duration=None, type="Fax"))


def test_a_duration_of_nothing_or_in_milliseconds_is_a_duration() -> None:
    assert is_settled(a_record("Accepted", duration=0))
    assert is_settled(a_record("Accepted", duration=None, duration_ms=137))


@pytest.mark.parametrize(
    "record",
    [
        a_record("Accepted", duration=None),
        a_record("Accepted", an_accept_leg(), a_leg(result="In Progress")),
        a_record(None, an_accept_leg(None), a_leg()),
        a_record("In Progress"),
    ],
    ids=["no duration", "a leg in progress", "no result", "in progress"],
)
def test_a_record_said_to_be_finished_is_waited_for_no_longer(record: CallLogRecord) -> None:
    assert not is_settled(record)
    assert is_settled(msgspec.structs.replace(record, finished=True))


def test_a_leg_that_is_not_finished_keeps_a_finished_record_open() -> None:
    assert why_unsettled(a_record("Accepted", a_leg(finished=False), finished=True)) is Unsettled.NOT_FINISHED


@pytest.mark.parametrize("result", ["Stopped", "IP Phone Offline", "stopped"])
def test_a_queue_that_is_still_ringing_phones_is_not(result: str) -> None:
    ringing = [a_leg("PstnToSip", "Stopped"), a_leg("PstnToSip", "IP Phone Offline")]

    assert why_unsettled(a_record(result, *ringing, direction="Outbound")) is Unsettled.MID_CALL_SHAPE
    assert is_settled(a_record(result, *ringing, direction="Outbound", finished=True))


def test_the_callers_own_leg_ends_the_mid_call_shape() -> None:
    assert is_settled(a_record("Stopped", an_accept_leg(), a_leg("PstnToSip", "Stopped")))


def test_a_record_without_legs_has_no_shape() -> None:
    assert is_settled(a_record("IP Phone Offline"))


def test_a_phone_that_was_connected_ends_the_mid_call_shape_as_well() -> None:
    assert is_settled(a_record("Call connected", a_leg("PstnToSip"), direction="Outbound"))


@pytest.mark.parametrize(
    ("record", "still_on"),
    [
        (a_record("In Progress"), True),
        (a_record("Accepted", a_leg(result="In Progress")), True),
        (a_record("Stopped", a_leg("PstnToSip", "Stopped")), True),
        (a_record("Stopped", an_accept_leg()), False),
        (a_record(None), False),
        (a_record("Accepted", duration=None), False),
    ],
)
def test_a_record_was_written_while_the_call_was_on_if_it_is_in_progress_or_of_phones_that_ring(
    record: CallLogRecord, *, still_on: bool
) -> None:
    assert was_still_on(record) is still_on
