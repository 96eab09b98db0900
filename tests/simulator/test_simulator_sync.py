"""The change feeds: full and incremental, their limits, and tokens that end."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from msgspec import structs
from requests import Response

from scripts.simulator import Configuration, RunningSimulator
from scripts.simulator.scenarios import A_ROUND
from tests.simulator.client import Client
from tests.simulator.conftest import Play

SYNC, EXTRACT = "/account/~/call-log-sync", "/account/~/call-log-extract-sync"


@pytest.fixture
def configuration(configuration: Configuration) -> Configuration:
    """Have every record change once, when it is listed."""
    return structs.replace(configuration, provisional_share=0.0, recording_share=0.0)


def ids(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["records"]]


def token(answer: Response) -> str:
    synced: str = answer.json()["syncInfo"]["syncToken"]
    return synced


Synced: TypeAlias = Callable[..., tuple[Response, set[str]]]


@pytest.fixture
def synced(client: Client, play: Play) -> Synced:
    """Sync fully, play some more, and give the first answer with the ids played since."""

    def synced(path: str, **query: object) -> tuple[Response, set[str]]:
        play(5)
        first = client.get(path, syncType="FSync", view="Detailed", **query)
        known = set(ids(first))
        play(5)
        everything = {record["id"] for record in client.call_log()["records"]}
        return first, everything - known

    return synced


@pytest.mark.parametrize("path", [SYNC, EXTRACT])
def test_what_came_since_the_token_is_shown_once(client: Client, synced: Synced, path: str) -> None:
    first, newer = synced(path, recordCount=100)

    second = client.get(path, syncType="ISync", syncToken=token(first))
    third = client.get(path, syncType="ISync", syncToken=token(second))

    assert set(ids(second)) >= newer
    assert not set(ids(third)) & newer


@pytest.mark.parametrize("path", [SYNC, EXTRACT])
def test_each_request_has_the_view_it_asks_for_and_the_simple_one_where_it_does_not(
    client: Client, synced: Synced, path: str
) -> None:
    first, _ = synced(path, recordCount=100)

    unsaid = client.get(path, syncType="ISync", syncToken=token(first)).json()["records"]
    detailed = client.get(path, syncType="ISync", syncToken=token(first), view="Detailed").json()["records"]

    assert [("legs" in one, "legs" in other) for one, other in zip(unsaid, detailed, strict=True)] == (
        [(False, True)] * len(unsaid)
    )
    assert unsaid


def test_an_extract_comes_in_pages(client: Client, play: Play) -> None:
    play(A_ROUND)
    everything = {record["id"] for record in client.call_log()["records"]}

    answer, collected, more = client.get(EXTRACT, recordCount=10), [], []
    while True:
        collected += ids(answer)
        more.append(answer.json()["syncInfo"]["newerRecordsExist"])
        if not more[-1]:
            break
        answer = client.get(EXTRACT, syncType="ISync", syncToken=token(answer))

    assert set(collected) == everything
    assert more == [True] * ((len(everything) - 1) // 10) + [False]


def test_a_rewritten_record_comes_again(client: Client, play: Play) -> None:
    (telephony_session_id,) = play(1, "queue_answered")
    records = client.get(EXTRACT).json()["records"]

    assert [record["telephonySessionId"] for record in records] == [telephony_session_id]
    assert records[0]["result"] == "Accepted"


def test_a_full_sync_shows_the_newest_calls(client: Client, play: Play) -> None:
    play(A_ROUND)
    newest = [record["id"] for record in client.call_log(perPage=4)["records"]]

    assert ids(client.get(SYNC, syncType="FSync", recordCount=4)) == newest


def test_missed_calls_can_be_synchronised_alone(client: Client, play: Play) -> None:
    play(A_ROUND)

    answer = client.get(SYNC, syncType="FSync", recordCount=100, statusGroup="Missed").json()

    assert {record["result"] for record in answer["records"]} == {"Missed", "Voicemail", "Hang Up", "Abandoned"}


def test_a_full_sync_needs_to_know_how_many(client: Client) -> None:
    answer = client.get(SYNC, syncType="FSync")

    assert (answer.status_code, answer.json()["parameterName"]) == (400, "recordCount")


@pytest.mark.parametrize("path", [SYNC, EXTRACT])
def test_a_token_that_was_forgotten_asks_for_a_full_sync(
    client: Client, simulator: RunningSimulator, path: str
) -> None:
    first = client.get(path, recordCount=10)
    simulator.fault("expire_sync_tokens")

    answer = client.get(path, syncType="ISync", syncToken=token(first))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "CLG-101")
    assert client.get(path, recordCount=10).status_code == 200


@pytest.mark.parametrize("made_up", ["", "nonsense", "W10="])
def test_a_token_that_was_made_up_is_invalid(client: Client, made_up: str) -> None:
    answer = client.get(SYNC, syncType="ISync", syncToken=made_up)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "CLG-104")


def test_the_feeds_do_not_take_each_others_tokens(client: Client) -> None:
    first = client.get(SYNC, recordCount=10)

    assert client.get(EXTRACT, syncType="ISync", syncToken=token(first)).status_code == 400


def test_more_changes_than_a_sync_carries_are_refused(client: Client, play: Play) -> None:
    first = client.get(SYNC, recordCount=10)
    play(260)

    answer = client.get(SYNC, syncType="ISync", syncToken=token(first))

    assert answer.status_code == 400
    assert "max sync record number limit" in answer.json()["message"]


@pytest.mark.parametrize(("fault", "status", "code"), [("forbid", 403, "CMN-408"), ("break", 500, "CMN-203")])
def test_each_lane_can_be_refused_and_broken_by_itself(
    client: Client, simulator: RunningSimulator, fault: str, status: int, code: str
) -> None:
    paths = {"call-log": "/account/~/call-log", "call-log-sync": SYNC, "call-log-extract-sync": EXTRACT}

    for endpoint in paths:
        simulator.fault(fault, endpoint=endpoint)
        answers = {name: client.get(path, recordCount=5) for name, path in paths.items()}
        simulator.fault(fault, endpoint=endpoint, on=False)

        assert {name for name, answer in answers.items() if answer.status_code == status} == {endpoint}
        assert answers[endpoint].json()["errorCode"] == code
