"""Whole bodies as RingCentral writes them, one for each kind of call: read, judged and derived."""

from pathlib import Path
from typing import NamedTuple

import pytest

from telephony.call_log import decode_page, decode_record, decode_sync
from telephony.legs import unknown_words
from telephony.outcomes import derive
from telephony.settled import Unsettled, why_unsettled

SAMPLES = Path(__file__).parent.parent / "samples" / "call_log"


class Expected(NamedTuple):
    outcome: str
    roles: str
    answered_after: float | None = None
    unsettled: Unsettled | None = None
    caller: str | None = None
    callee: str | None = None


RECORDS = {
    "inbound_forwarded_to_mobile": Expected("answered", "caller agent agent", 0),
    "outbound_connected_recorded": Expected("answered", "callee", 0),
    "inbound_missed": Expected("missed", "caller agent"),
    "inbound_voicemail": Expected("voicemail", "voicemail agent"),
    "inbound_hung_up_before_answer": Expected("abandoned", "caller agent"),
    "fax_sent": Expected("fax_sent", "fax"),
    "fax_received": Expected("fax_received", "fax"),
    "queue_midcall": Expected("cancelled", "callee " * 6, unsettled=Unsettled.MID_CALL_SHAPE),
    "queue_final": Expected("answered", "caller " + "agent " * 7, 21),
    "ringout_both_connected": Expected(
        "answered", "callee caller", 0.25, caller="Call connected", callee="Call connected"
    ),
    "ringout_web_both_connected": Expected(
        "answered", "callee caller", 7, caller="Call connected", callee="Call connected"
    ),
    "ringout_device_both_connected": Expected(
        "answered", "caller callee", 7, caller="Call connected", callee="Call connected"
    ),
    "ringout_caller_busy": Expected("busy", "caller", caller="Busy"),
    "ringout_callee_busy": Expected("busy", "caller callee", caller="Call connected", callee="Busy"),
    "ringout_callee_no_answer": Expected("no_answer", "callee caller", caller="Call connected", callee="No Answer"),
    "ringout_in_progress": Expected(
        "unknown", "callee caller", unsettled=Unsettled.IN_PROGRESS, caller="In Progress", callee="In Progress"
    ),
    "ringout_one_leg": Expected("answered", "caller", 0, caller="Call connected"),
    "transfer_attended": Expected("answered", "caller agent transfer", 4),
    "unseen_words": Expected("unknown", "other agent"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_what_it_shows(name: str) -> None:
    expected = RECORDS[name]
    record = decode_record((SAMPLES / f"{name}.json").read_bytes())

    derived = derive([record])

    assert derived.outcome == expected.outcome
    assert [str(leg.role) for leg in derived.legs] == expected.roles.split()
    assert (derived.caller_status, derived.callee_status) == (expected.caller, expected.callee)
    assert why_unsettled(record) is expected.unsettled
    moment = None if expected.answered_after is None else f"2026-03-02T09:00:{expected.answered_after:06.3f}Z"
    assert derived.answer_time == moment


@pytest.mark.parametrize(
    ("name", "outcomes", "more"),
    [
        ("inbound_answered_recorded", ["answered"], False),
        ("list_simple_two_calls", ["answered", "answered"], False),
        ("list_empty", [], False),
        ("list_ringout_web_and_fax_more_pages", ["answered", "fax_sent"], True),
    ],
)
def test_a_page_gives_every_call_on_it(name: str, outcomes: list[str], more: bool) -> None:  # noqa: FBT001 - a column
    page = decode_page((SAMPLES / f"{name}.json").read_bytes())

    assert [derive([record]).outcome for record in page.records] == outcomes
    assert page.malformed == ()
    assert (page.next_page is not None) == more


@pytest.mark.parametrize(
    ("name", "outcomes", "token", "more"),
    [
        ("sync_full", ["unknown", "answered"], "full-sync-token", False),
        ("sync_incremental", ["answered"], "next-token", False),
        ("sync_extract_deleted_more_to_come", ["missed"], "extract-token", True),
    ],
)
def test_the_change_feed_gives_every_call_and_its_token(
    name: str,
    outcomes: list[str],
    token: str,
    more: bool,  # noqa: FBT001 - a column
) -> None:
    page = decode_sync((SAMPLES / f"{name}.json").read_bytes())

    assert [derive([record]).outcome for record in page.records] == outcomes
    assert (page.sync_token, page.newer_records_exist) == (token, more)


def test_words_never_seen_are_named_for_counting() -> None:
    record = decode_record((SAMPLES / "unseen_words.json").read_bytes())

    assert unknown_words(record) == (("legType", "HologramLeg"), ("result", "Beamed Up"))


def test_every_sample_is_tried() -> None:
    elsewhere = {"inbound_answered_recorded"}
    pages = {path.stem for path in SAMPLES.glob("*.json") if path.stem.startswith(("list_", "sync_"))}

    assert {path.stem for path in SAMPLES.glob("*.json")} == RECORDS.keys() | pages | elsewhere
