import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.call_log import MalformedPage, decode_page, decode_record, decode_sync
from telephony.legs import unknown_words
from telephony.records import CallLogRecord, PhoneParty, last_end
from telephony.settled import is_settled
from tests.builders.call_log import START, a_page, a_record, after, an_accept_leg, to_callee, to_caller

GOOD = a_record("Accepted", an_accept_leg(), id="good")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = [
    *("id", "sessionId", "telephonySessionId", "partyId", "result", "reason", "action", "direction", "type", "legType"),
    *("startTime", "lastModifiedTime", "duration", "durationMs", "finished", "master", "deleted", "from", "to", "legs"),
    *("recording", "message", "billing", "extension", "transferee", "transferTarget", "uri", "costIncluded"),
]
RECORD_LIKE = st.dictionaries(st.sampled_from(FIELDS), JSON)


def as_json(record: Any) -> bytes:
    return json.dumps(record).encode()


def test_a_page_gives_its_records_and_the_link_to_the_next() -> None:
    body = a_page(GOOD, navigation={"nextPage": {"uri": "https://platform.example/call-log?page=2"}})

    page = decode_page(body)

    assert page.records == (GOOD,)
    assert page.malformed == ()
    assert page.next_page == "https://platform.example/call-log?page=2"


def test_the_last_page_has_no_next() -> None:
    assert decode_page(a_page()).next_page is None
    assert decode_page(b'{"records":[]}').next_page is None


def test_one_bad_record_harms_no_other() -> None:
    page = decode_page(a_page(GOOD, b'{"id":"bad","legs":7}', GOOD, navigation={"nextPage": {"uri": "page 2"}}))

    assert page.records == (GOOD, GOOD)
    assert [(one.index, one.raw) for one in page.malformed] == [(1, b'{"id":"bad","legs":7}')]
    assert "legs" in page.malformed[0].error
    assert page.next_page == "page 2"


@pytest.mark.parametrize(
    "bad",
    [
        b"null",
        b"[]",
        b'"text"',
        b'{"id":"bad","legs":[7]}',
        b'{"id":"bad","from":"+16505550101"}',
        b'{"id":"bad","billing":' + b'{"x":' * 200 + b"1" + b"}" * 200 + b',"legs":1}',
    ],
)
def test_what_is_no_record_is_kept_as_evidence(bad: bytes) -> None:
    page = decode_page(a_page(bad, GOOD))

    assert page.records == (GOOD,)
    assert page.malformed[0].raw == bad


def test_a_broken_character_costs_neither_the_page_nor_the_record() -> None:
    for name in (rb'"Zo\ud800"', b'"Zo\xff"'):
        page = decode_page(a_page(b'{"id":"odd","from":{"name":' + name + b"}}", GOOD))

        assert [record.id for record in page.records] == ["odd", "good"]
        assert page.malformed == ()


def test_numbers_beyond_json_cost_neither_the_page_nor_the_record() -> None:
    body = a_page(b'{"id":"odd","duration":1e400,"durationMs":NaN,"billing":{"costIncluded":Infinity}}', GOOD)

    page = decode_page(body)

    assert [record.id for record in page.records] == ["odd", "good"]
    assert page.records[0].duration is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        a_page(GOOD)[:-9],
        b"[]",
        b"null",
        b'{"errorCode":"CMN-301","message":"Request rate exceeded","errors":[]}',
        b'{"records":null}',
        b'{"records":{}}',
        b"[" * 100_000,
        b'{"records":' + b"[" * 100_000,
        b"\xff\xfe{\x00",
    ],
)
def test_a_body_that_is_no_page_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPage):
        decode_page(body)


def test_ids_are_text_however_they_are_written() -> None:
    record = decode_record(
        as_json(
            {
                "id": 17,
                "sessionId": 575838550099,
                "extension": {"id": 60200101},
                "from": {"extensionId": 60200101, "dialerPhoneNumber": 16505550101},
                "to": {"dialedPhoneNumber": 12125550111, "extensionNumber": 101, "phoneNumber": 102},
                "message": {"id": 7700},
                "recording": {"id": 8801},
                "legs": [{"extension": {"id": "60200102"}}],
            }
        )
    )

    assert (record.id, record.session_id, record.extension_id) == ("17", "575838550099", "60200101")
    assert record.from_ is not None
    assert (record.from_.extension_id, record.from_.dialer_phone_number) == ("60200101", "16505550101")
    assert record.to is not None
    assert record.to.dialed_phone_number == "12125550111"
    assert (record.to.extension_number, record.to.phone_number) == ("101", "102")
    assert record.message is not None
    assert record.message.id == "7700"
    assert record.recording is not None
    assert record.recording.id == "8801"
    assert record.legs[0].extension_id == "60200102"


@pytest.mark.parametrize(
    "text", ["2026-03-02T09:00:00.000Z", "2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000+0000", "2026-03-02T09:00:00"]
)
def test_times_are_read_in_every_spelling(text: str) -> None:
    assert decode_record(as_json({"id": "1", "startTime": text})).start_time == START


@pytest.mark.parametrize("field", ["startTime", "lastModifiedTime", "duration", "result", "legs", "from", "finished"])
def test_null_is_the_same_as_absent(field: str) -> None:
    assert decode_record(as_json({"id": "1", field: None})) == decode_record(b'{"id":"1"}')


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("19", 19), ("0", 0), (19.0, 19), (18.7, 19), (-1, None), (10**13, None), ("soon", None)],
)
def test_odd_durations_are_mended_or_left_out(written: Any, seconds: int | None) -> None:
    assert decode_record(as_json({"id": "1", "duration": written})).duration == seconds


def test_what_is_odd_in_a_leg_costs_neither_the_leg_nor_the_others() -> None:
    odd = {"duration": "soon", "startTime": "yesterday", "from": {"extensionId": 60200101}}

    record = decode_record(as_json({"id": "1", "legs": [odd, None, {"duration": 7}]}))

    assert [leg.duration for leg in record.legs] == [None, 7]
    assert record.legs[0].from_ == PhoneParty(extension_id="60200101")


def test_null_is_the_same_as_absent_also_where_something_else_is_mended() -> None:
    assert decode_record(as_json({"id": 17, "result": None, "sessionId": None})) == decode_record(b'{"id":"17"}')


def test_a_number_beyond_reason_costs_no_record() -> None:
    assert decode_record(b'{"id":17,"hologram":' + b"9" * 5000 + b"}").id == "17"


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_a_time_that_is_none_is_left_out(text: str) -> None:
    assert decode_record(as_json({"id": "1", "startTime": text})).start_time is None


@pytest.mark.parametrize("name", ["id", "sessionId", "telephonySessionId"])
def test_any_of_its_ids_makes_a_record(name: str) -> None:
    assert decode_record(as_json({name: "1"})).legs == ()


def test_of_several_records_the_latest_end_is_told_and_without_a_length_the_start_is_one() -> None:
    long, late = a_record(duration=40), a_record(start_time=after(50), duration=None)

    assert last_end([long, late]) == last_end([late, long, CallLogRecord()]) == after(50)
    assert last_end([a_record(start_time=after(30), duration=None), long]) == after(40)
    assert last_end([CallLogRecord()]) is None


def test_unknown_fields_are_passed_over() -> None:
    assert decode_record(as_json({"id": "1", "hologram": {"depth": [1, {"x": None}]}})).id == "1"


@pytest.mark.parametrize("body", [b"{}", b'{"errorCode":"CMN-102"}', b"[]", b"nothing", b""])
def test_a_single_record_must_name_a_call(body: bytes) -> None:
    with pytest.raises(MalformedPage):
        decode_record(body)


def test_the_change_feed_gives_the_token_to_go_on_with() -> None:
    feed = {"syncType": "ISync", "syncToken": "t2", "syncTime": "2026-03-02T09:00:00.000Z", "newerRecordsExist": True}

    page = decode_sync(a_page(GOOD, b"7", syncInfo=feed))

    assert (page.sync_token, page.newer_records_exist) == ("t2", True)
    assert page.records == (GOOD,)
    assert len(page.malformed) == 1


def test_a_feed_that_says_nothing_of_newer_records_has_none() -> None:
    assert not decode_sync(a_page(syncInfo={"syncToken": "t2"})).newer_records_exist


@pytest.mark.parametrize("envelope", [{}, {"syncInfo": {}}, {"syncInfo": None}])
def test_a_feed_without_a_token_is_malformed(envelope: dict[str, Any]) -> None:
    with pytest.raises(MalformedPage):
        decode_sync(a_page(GOOD, **envelope))


def test_a_record_survives_being_written_and_read() -> None:
    record = a_record("Call connected", to_caller(), to_callee())

    assert decode_record(msgspec.json.encode(record)) == record


@given(st.lists(RECORD_LIKE | JSON, max_size=4))
def test_every_element_of_any_page_is_a_record_or_evidence(records: list[Any]) -> None:
    page = decode_page(as_json({"records": records}))

    assert len(page.records) + len(page.malformed) == len(records)
    for record in page.records:
        is_settled(record)
        unknown_words(record)


@given(st.binary())
def test_any_bytes_are_a_page_or_a_malformed_page(body: bytes) -> None:
    try:
        decode_page(body)
    except MalformedPage:
        return
