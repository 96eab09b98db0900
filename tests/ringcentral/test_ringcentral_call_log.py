"""Call-log records, asked for over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.settings import Scope
from tests.ringcentral.conftest import MakeAccount, MakeClient
from tests.ringcentral.server import Reply, Server, fails, says
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import Refused, Unavailable

PATH = "/restapi/v1.0/account/~/call-log"
FROM, TO = datetime(2025, 10, 1, 12, tzinfo=UTC), datetime(2025, 10, 1, 13, tzinfo=UTC)


def a_record(record_id: str, *, modified: str = "2025-10-01T12:30:00.000Z") -> dict[str, Any]:
    return {
        "id": record_id,
        "sessionId": "1",
        "telephonySessionId": f"s-{record_id}",
        "type": "Voice",
        "direction": "Inbound",
        "action": "Phone Call",
        "result": "Accepted",
        "startTime": "2025-10-01T12:20:00.000Z",
        "lastModifiedTime": modified,
    }


def a_page(*records: dict[str, Any], more: bool = False) -> Reply:
    elsewhere = {"uri": "https://elsewhere.example/restapi/v1.0/account/1/call-log?page=7"}
    return says({"records": list(records), "navigation": {"nextPage": elsewhere} if more else {}})


@pytest.fixture
def call_log(client: RingCentral) -> CallLog:
    return CallLog(client)


def test_a_window_is_asked_for_in_detail_and_in_the_largest_pages(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page(a_record("A")))

    pages = list(call_log.pages(FROM, TO))

    assert [record.id for page in pages for record in page.records] == ["A"]
    assert server.asked(PATH)[0].query == {
        "dateFrom": "2025-10-01T12:00:00.000Z",
        "dateTo": "2025-10-01T13:00:00.000Z",
        "view": "Detailed",
        "perPage": "1000",
        "page": "1",
    }


def test_all_pages_are_read_by_number_and_links_are_not_followed(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page(a_record("A"), more=True), a_page(a_record("B"), more=True), a_page(a_record("C")))

    pages = list(call_log.pages(FROM, TO))

    assert [[record.id for record in page.records] for page in pages] == [["A"], ["B"], ["C"]]
    assert [seen.query["page"] for seen in server.asked(PATH)] == ["1", "2", "3"]


def test_records_that_arrive_between_pages_neither_repeat_nor_hide_others(server: Server, call_log: CallLog) -> None:
    first = a_page(a_record("C"), a_record("B"), more=True)
    after_d_has_arrived = a_page(a_record("B"), a_record("A"))
    server.on(PATH, first, after_d_has_arrived)

    pages = list(call_log.pages(FROM, TO))

    assert [record.id for page in pages for record in page.records] == ["C", "B", "A"]
    assert {seen.query["dateTo"] for seen in server.asked(PATH)} == {"2025-10-01T13:00:00.000Z"}


def test_a_record_rewritten_between_pages_is_given_again(server: Server, call_log: CallLog) -> None:
    rewritten = a_record("A", modified="2025-10-01T12:40:00.000Z")
    server.on(PATH, a_page(a_record("A"), more=True), a_page(rewritten))

    assert [len(page.records) for page in call_log.pages(FROM, TO)] == [1, 1]


def test_a_page_is_asked_for_when_it_is_wanted_and_reading_can_go_on_later(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page(a_record("A"), more=True), fails(400, "CMN-101"), a_page(a_record("B")))
    pages = call_log.pages(FROM, TO)
    next(pages)
    assert len(server.asked(PATH)) == 1
    with pytest.raises(Refused):
        next(pages)

    list(call_log.pages(FROM, TO, first=2))

    assert [seen.query["page"] for seen in server.asked(PATH)] == ["1", "2", "2"]


def test_pages_end_when_there_are_no_more_records_whatever_the_links_say(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page(a_record("A"), more=True), a_page(more=True))

    assert len(list(call_log.pages(FROM, TO))) == 2


def test_a_page_of_nothing_readable_does_not_hide_those_behind_it(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page({"id": ["A"]}, more=True), a_page(a_record("B")))

    pages = list(call_log.pages(FROM, TO))

    assert [(len(page.records), len(page.malformed)) for page in pages] == [(0, 1), (1, 0)]


def test_the_extension_scope_asks_for_the_user_s_own_call_log(
    server: Server, a_client: MakeClient, an_account: MakeAccount
) -> None:
    path = "/restapi/v1.0/account/~/extension/~/call-log"
    server.on(path, a_page(a_record("A")))

    list(CallLog(a_client(an_account(scope=Scope.EXTENSION))).pages(FROM, TO))

    assert len(server.asked(path)) == 1


def test_a_window_cut_short_is_unavailable(server: Server, call_log: CallLog) -> None:
    server.on(PATH, Reply(body=b'{"records":[{"id":"A","startTi'))

    with pytest.raises(Unavailable):
        next(call_log.pages(FROM, TO))


def test_one_call_is_looked_up_from_a_stated_start(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page(a_record("A"), a_record("B")))

    page = call_log.by_telephony_session_id("s-1", FROM)

    assert [record.id for record in page.records] == ["A", "B"]
    query = server.asked(PATH)[0].query
    assert (query["telephonySessionId"], query["dateFrom"]) == ("s-1", "2025-10-01T12:00:00.000Z")


def test_a_call_without_a_record_yet_is_no_error(server: Server, call_log: CallLog) -> None:
    server.on(PATH, a_page())

    assert call_log.by_telephony_session_id("s-1", FROM).records == ()


def test_should_ringcentral_refuse_the_start_it_is_left_out(server: Server, call_log: CallLog) -> None:
    server.on(PATH, fails(400, "CLG-110"), a_page(a_record("A")))

    assert len(call_log.by_telephony_session_id("s-1", FROM).records) == 1
    assert "dateFrom" not in server.asked(PATH)[1].query


def test_other_refusals_are_the_caller_s(server: Server, call_log: CallLog) -> None:
    server.on(PATH, fails(400, "CMN-101"))

    with pytest.raises(Refused) as raised:
        call_log.by_telephony_session_id("s-1", FROM)
    assert raised.value.codes == ("CMN-101",)
