"""The control API: what a demonstration or another process steers the simulator with."""

from typing import Any

import pytest
import requests

from scripts.simulator import SCENARIOS, RunningSimulator
from scripts.simulator.scenarios import A_ROUND, DEALT
from tests.simulator.client import Client
from tests.simulator.conftest import Play


def ask(simulator: RunningSimulator, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{simulator.url}/simulator{path}", json=body, timeout=5)


def test_calls_are_played_on_request_and_the_truth_told(simulator: RunningSimulator) -> None:
    ids = ask(simulator, "POST", "/calls", {"count": 3, "rate": 100, "speed": 50}).json()["telephonySessionIds"]

    rows = ask(simulator, "GET", "/truth").json()["items"]

    assert [row["telephonySessionId"] for row in rows] == ids
    assert set(rows[0]) == {
        *("telephonySessionId", "scenario", "direction", "outcome", "callerStatus", "calleeStatus"),
        *("callerOutcome", "calleeOutcome", "linkedSessions", "conversation", "agents"),
        *("played", "heard", "acknowledged", "endedAt", "recorded", "recordVisibleAt"),
    }


def test_the_truth_of_every_scenario_is_the_one_in_its_table(simulator: RunningSimulator, play: Play) -> None:
    play(A_ROUND)

    rows = {row["telephonySessionId"]: row for row in ask(simulator, "GET", "/truth").json()["items"]}

    assert {row["scenario"] for row in rows.values()} == {scenario.name for scenario in DEALT}
    for row in rows.values():
        truths = [session.truth for session in SCENARIOS[row["scenario"]].sessions]
        assert (row["direction"], row["outcome"], row["callerStatus"], row["calleeStatus"]) in [
            (truth.direction, truth.outcome, truth.caller_status, truth.callee_status) for truth in truths
        ]
        assert all(row["telephonySessionId"] in rows[other]["linkedSessions"] for other in row["linkedSessions"])
        assert all(row["conversation"]["id"] == rows[other]["conversation"]["id"] for other in row["linkedSessions"])
        assert (row["conversation"]["role"] == "only") is (not row["linkedSessions"])


def test_one_kind_can_be_asked_for(simulator: RunningSimulator) -> None:
    ask(simulator, "POST", "/calls", {"count": 2, "scenario": "fax_out", "speed": 50})

    assert {row["outcome"] for row in simulator.truth()} == {"fax_sent"}


def test_a_call_not_ended_has_no_end_and_no_record(simulator: RunningSimulator) -> None:
    simulator.play(count=1)

    (row,) = simulator.truth()

    assert (row["played"], row["endedAt"], row["recordVisibleAt"]) == (False, None, None)


def test_the_status_counts_calls(simulator: RunningSimulator, play: Play) -> None:
    play(3)
    simulator.play(count=2, rate=0.001)

    calls = ask(simulator, "GET", "/status").json()["calls"]

    assert (calls["planned"], calls["played"], calls["recordsVisible"]) == (5, 3, 3)


def test_a_running_session_shows_its_parties(simulator: RunningSimulator, client: Client) -> None:
    (telephony_session_id,) = simulator.play(count=1, scenario="inbound_direct_answered", speed=0.01)

    session = client.get(f"/account/~/telephony/sessions/{telephony_session_id}").json()

    assert session["id"] == telephony_session_id
    assert [party["id"][-2:] for party in session["parties"]] == ["-1"]
    assert session["parties"][0]["owner"] == {"accountId": "400131426008"}


def test_an_ended_session_is_not_found(client: Client, play: Play) -> None:
    (telephony_session_id,) = play(1)

    answer = client.get(f"/account/~/telephony/sessions/{telephony_session_id}")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "CMN-102")


@pytest.mark.parametrize("body", [{"count": 0}, {"count": 1, "rate": 0}, {"count": 1, "scenario": "none"}, {}, []])
def test_a_play_that_makes_no_sense_is_refused(simulator: RunningSimulator, body: Any) -> None:
    answer = ask(simulator, "POST", "/calls", body)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_every_request_is_listed(simulator: RunningSimulator, client: Client) -> None:
    client.get("/subscription")

    (_, seen) = ask(simulator, "GET", "/requests").json()["items"]

    assert (seen["group"], seen["method"], seen["status"]) == ("light", "GET", 200)


def test_what_is_not_simulated_is_not_found(client: Client) -> None:
    answer = client.get("/glip/posts")

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["errors"]) == (404, "AGW-404", [])
