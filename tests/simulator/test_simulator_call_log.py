"""Lists, pages and look-ups of the call log, and records that change."""

import pytest
from msgspec import structs

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.simulator.call_log import CallLog
from scripts.simulator.records import RecordWriter
from scripts.simulator.scenarios import A_ROUND, DEALT
from tests.simulator.client import Client
from tests.simulator.conftest import Play
from tests.simulator.schemas import RECORD
from tests.simulator.takes import NOON, a_take
from tests.simulator.waiting import wait_until


def test_all_records_are_listed_newest_first_over_pages(client: Client, play: Play) -> None:
    play(A_ROUND)

    whole = client.call_log(perPage="max")
    listed, page = [], client.call_log(perPage=7)
    while True:
        listed += page["records"]
        if "nextPage" not in page["navigation"]:
            break
        page = client.session.get(page["navigation"]["nextPage"]["uri"], timeout=5).json()

    assert listed == whole["records"]
    assert len(listed) == sum(len(session.records) for kind in DEALT for session in kind.sessions)
    starts = [record["startTime"] for record in listed]
    assert starts == sorted(starts, reverse=True)
    assert page["paging"] == {"page": 6, "perPage": 7, "pageStart": 35, "pageEnd": len(listed) - 1}
    for record in listed:
        RECORD.validate(record)


def test_the_window_is_about_the_start_of_the_call(client: Client, play: Play) -> None:
    play(10, rate=200)  # no two start in the same millisecond
    records = client.call_log()["records"]
    third, fifth = records[2]["startTime"], records[4]["startTime"]

    window = client.call_log(dateFrom=fifth, dateTo=third)["records"]

    assert [record["id"] for record in window] == [record["id"] for record in records[2:5]]


def test_a_session_is_found_by_either_of_its_ids(client: Client, play: Play) -> None:
    (telephony_session_id,) = play(1, "blind_transfer")

    by_new_id = client.call_log(telephonySessionId=telephony_session_id)["records"]
    by_old_id = client.call_log(sessionId=by_new_id[0]["sessionId"])["records"]

    assert len(by_new_id) == 2
    assert by_old_id == by_new_id


@pytest.mark.parametrize(
    ("other", "value"), [("extensionNumber", "101"), ("dateFrom", "2026-01-01T00:00:00Z"), ("direction", "Inbound")]
)
def test_the_old_session_id_stands_alone(client: Client, other: str, value: str) -> None:
    answer = client.get("/account/~/call-log", sessionId="1", **{other: value})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "CLG-110")
    assert other in answer.json()["message"]


def test_filters_narrow_the_list(client: Client, play: Play) -> None:
    play(A_ROUND)
    everything = client.call_log()["records"]

    faxes = client.call_log(type="Fax")["records"]
    outbound = client.call_log(direction="Outbound")["records"]
    number = faxes[0]["from"]["phoneNumber"].lstrip("+")
    by_number = client.call_log(phoneNumber=number)["records"]

    assert {record["action"] for record in faxes} == {"Incoming Fax", "Outgoing Fax"}
    assert outbound == [record for record in everything if record["direction"] == "Outbound"]
    assert faxes[0] in by_number


def test_an_extension_sees_the_calls_it_took_part_in(client: Client, play: Play) -> None:
    play(A_ROUND)
    agent = 400131426101

    answer = client.get(f"/account/~/extension/{agent}/call-log", view="Detailed").json()

    assert 0 < len(answer["records"]) < A_ROUND
    for record in answer["records"]:
        assert agent in {part["extension"]["id"] for part in (record, *record["legs"]) if "extension" in part}


def test_the_simple_view_has_no_legs(client: Client, play: Play) -> None:
    play(1, "inbound_missed")

    (record,) = client.call_log(view="Simple")["records"]

    assert "legs" not in record
    assert "billing" not in record
    assert record["uri"].endswith("?view=Simple")


def test_one_record_and_several_can_be_looked_up(client: Client, play: Play) -> None:
    play(2, "outbound_busy")
    first, second = (record["id"] for record in client.call_log()["records"])

    one = client.get(f"/account/~/call-log/{first}", view="Detailed")
    none = client.get("/account/~/call-log/unknown")
    batch = client.get(f"/account/~/call-log/{first},unknown,{second}", view="Detailed")

    assert one.json()["id"] == first
    assert (none.status_code, none.json()["errorCode"]) == (404, "CMN-102")
    assert batch.status_code == 207
    assert [(part["resourceId"], part["status"]) for part in batch.json()] == [
        (first, 200),
        ("unknown", 404),
        (second, 200),
    ]


@pytest.mark.parametrize("query", [{"view": "Full"}, {"page": "0"}, {"dateFrom": "yesterday"}, {"type": "SMS"}])
def test_a_parameter_that_makes_no_sense_is_named(client: Client, query: dict[str, str]) -> None:
    answer = client.get("/account/~/call-log", **query)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "CMN-101")
    assert answer.json()["parameterName"] in query


def test_a_record_is_not_there_before_its_lag_has_passed() -> None:
    with running_simulator(Configuration(lag=(1000.0, 1000.0), provisional_share=0.0)) as simulator:
        client = Client(simulator.url)
        simulator.play(count=1, scenario="outbound_busy", speed=25)
        wait_until(lambda: simulator.truth()[0]["endedAt"] is not None)

        listed, (row,) = client.call_log()["records"], simulator.truth()
        client.session.close()

    assert listed == []
    assert row["recordVisibleAt"] is None


def test_the_lag_begins_at_the_end_of_the_call() -> None:
    take = a_take("warm_transfer", lag=(5.0, 5.0))

    assert take.record_at - take.ends_at == pytest.approx(5.0)


def test_a_queue_call_is_listed_mid_call_and_rewritten() -> None:
    writer, call_log = RecordWriter("http://127.0.0.1", "1"), CallLog()
    take = a_take("queue_answered")
    assert take.listed_mid_call_at is not None

    (early,) = writer.provisional(take, now=take.listed_mid_call_at)
    call_log.put(early, now=take.listed_mid_call_at)
    (final,) = writer.final(take, recorded=False, now=take.record_at)
    call_log.put(final, now=take.record_at)

    assert (early["direction"], early["result"], early["action"]) == ("Outbound", "Stopped", "VoIP Call")
    assert {leg["legType"] for leg in early["legs"]} == {"PstnToSip"}
    assert (final["direction"], final["result"]) == ("Inbound", "Accepted")
    assert final["id"] == early["id"]
    assert final["startTime"] < early["startTime"]
    assert [entry.result for entry in call_log.started_between(0, NOON * 2)] == ["Accepted"]


def test_another_call_listed_mid_call_is_in_progress() -> None:
    take = a_take("inbound_direct_answered")

    (early,) = RecordWriter("http://127.0.0.1", "1").provisional(take, now=take.begins_at + 1)

    assert early["result"] == "In Progress"
    assert "duration" not in early
    assert {leg["result"] for leg in early["legs"]} == {"In Progress"}


def test_a_recording_is_added_later_and_changes_the_time_of_the_record() -> None:
    writer, take = RecordWriter("http://127.0.0.1", "1"), a_take("inbound_direct_answered", recording_share=1.0)
    assert take.recording_at is not None
    assert take.recording_at > take.record_at

    (before,) = writer.final(take, recorded=False, now=take.record_at)
    (after,) = writer.final(take, recorded=True, now=take.recording_at)

    assert "recording" not in before
    assert after["lastModifiedTime"] > before["lastModifiedTime"]
    assert after["legs"][0]["recording"] == after["recording"]


def test_calls_nobody_answered_have_no_recording() -> None:
    take = a_take("inbound_missed")

    (record,) = RecordWriter("http://127.0.0.1", "1").final(take, recorded=True, now=take.record_at)

    assert "recording" not in record


class TestRecordings:
    @pytest.fixture
    def configuration(self, configuration: Configuration) -> Configuration:
        return structs.replace(configuration, recording_share=1.0)

    def test_a_recording_comes_through_the_call_log(
        self, simulator: RunningSimulator, client: Client, play: Play
    ) -> None:
        play(1, "outbound_answered")

        wait_until(lambda: "recording" in client.call_log()["records"][0])
        wait_until(lambda: simulator.truth()[0]["recorded"])

    def test_the_truth_says_of_no_other_call_that_it_has_one(self, simulator: RunningSimulator, play: Play) -> None:
        play(1, "outbound_busy")
        play(1, "outbound_answered")

        wait_until(lambda: simulator.truth()[1]["recorded"])
        assert not simulator.truth()[0]["recorded"]


def test_a_page_of_a_very_long_log_is_not_a_walk_over_it() -> None:
    call_log, writer = CallLog(), RecordWriter("http://127.0.0.1", "1")
    (document,) = writer.final(a_take("inbound_missed"), recorded=False, now=NOON)
    for number in range(3000):
        call_log.put({**document, "id": f"{number:06}"}, now=NOON + number)

    entries = call_log.started_between(0, NOON * 2)

    assert next(entries).id == "002999"
    assert next(call_log.changed_between(2998, 3000)).id == "002998"


def test_a_forgotten_record_is_nowhere() -> None:
    call_log, writer = CallLog(), RecordWriter("http://127.0.0.1", "1")
    take = a_take("blind_transfer")
    for document in writer.final(take, recorded=False, now=NOON):
        call_log.put(document, now=NOON)

    call_log.forget(take.ids.record_ids)

    assert len(call_log) == 0
    assert call_log.of_session(take.ids.telephony_session_id) == []
    assert list(call_log.started_between(0, NOON * 2)) == []
    assert list(call_log.changed_between(0, call_log.changes)) == []
