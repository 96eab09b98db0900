"""Faults: each does what its row says, and clears."""

import socket
import time
from contextlib import suppress
from typing import Any

import pytest
import requests
from flask import Request

from scripts.simulator import RunningSimulator
from scripts.simulator.api.spoiled import spoil
from scripts.simulator.box import Box
from scripts.simulator.clock import read_clock
from scripts.simulator.configuration import Configuration
from scripts.simulator.fault_table import FAULTS
from scripts.simulator.faults import BadAnswer
from tests.simulator.client import Client
from tests.simulator.conftest import Play
from tests.simulator.waiting import wait_until
from tests.simulator.webhook import Webhook


def test_dropped_webhooks_never_come(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    simulator.fault("drop_webhooks", share=1.0)

    play(3)

    assert webhook.received == []
    assert simulator.status()["webhooks"]["dropped"] > 0


def test_dropped_final_webhooks_leave_the_rest(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    simulator.fault("drop_final_webhooks")

    play(3)

    codes = {body["parties"][0]["status"]["code"] for body in webhook.bodies}
    assert "Proceeding" in codes
    assert not codes & {"Disconnected", "Gone"}


def test_duplicates_have_the_same_uuid(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    simulator.fault("duplicate_webhooks")

    play(1, "outbound_busy")

    uuids = [notification["uuid"] for _, notification in webhook.received]
    assert len(uuids) == 10
    assert len(set(uuids)) == 5


def test_shuffled_webhooks_all_come_in_another_order(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    simulator.fault("shuffle_webhooks", seconds=0.2)

    (telephony_session_id,) = play(1, "queue_answered")

    wait_until(lambda: len(webhook.of(telephony_session_id)) == 10)
    sequences = [body["sequence"] for body in webhook.of(telephony_session_id)]
    assert sorted(sequences) == list(range(2, 12))
    assert sequences != sorted(sequences)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_so_many_answers_of_a_group_are_5xx(client: Client, simulator: RunningSimulator, status: int) -> None:
    simulator.fault("answer_status", group="heavy", count=2, status=status)

    heavy = [client.get("/account/~/call-log").status_code for _ in range(3)]

    assert heavy == [status, status, 200]
    assert client.get("/subscription").status_code == 200


def test_a_503_may_say_when_to_come_back(client: Client, simulator: RunningSimulator) -> None:
    simulator.fault("answer_status", status=503, seconds=30)

    answer = client.get("/account/~/call-log")

    assert (answer.headers["Retry-After"], answer.json()["errorCode"]) == ("30", "CMN-201")


def test_a_web_page_comes_with_200(client: Client, simulator: RunningSimulator) -> None:
    simulator.fault("answer_html")

    answer = client.get("/account/~/call-log")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


@pytest.mark.parametrize("fault", ["truncate", "reset", "stall"])
def test_an_answer_that_breaks_off_is_a_connection_error(
    client: Client, simulator: RunningSimulator, fault: str
) -> None:
    simulator.fault(fault, count=1, **({"seconds": 0.05} if fault == "stall" else {}))

    with pytest.raises(requests.RequestException):
        client.get("/account/~/call-log")

    assert client.get("/account/~/call-log").status_code == 200
    assert simulator.status()["requests"]["heavy"] == {"0": 1, "200": 1}


@pytest.mark.parametrize("kind", ["truncated", "reset", "stall"])
def test_nobody_is_hung_up_on_before_the_answer_is_handed_over(kind: str) -> None:
    """The guard notes it first, so that whoever was hung up on finds it counted."""
    theirs, ours = socket.socketpair()
    asked = Request({"simulator.connection": ours})
    with theirs, ours:
        answer = spoil(BadAnswer(kind), Box(Configuration(), "http://127.0.0.1", read_clock), asked)

        with pytest.raises(BlockingIOError):
            theirs.recv(1, socket.MSG_DONTWAIT)
        assert answer.get_data() == b""
        theirs.recv(4096)  # the last words, or the end


def test_a_penalty_can_be_provoked(client: Client, simulator: RunningSimulator) -> None:
    simulator.fault("rate_limit", group="heavy", seconds=5, retryAfter="absent")

    answer = client.get("/account/~/call-log")

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
    simulator.fault("clear")
    assert client.get("/account/~/call-log").status_code == 200


def test_records_can_be_late(simulator: RunningSimulator, client: Client) -> None:
    simulator.fault("extra_lag", seconds=600)
    (late,) = simulator.play(count=1, scenario="outbound_busy", speed=100)
    wait_until(lambda: simulator.truth()[0]["played"])

    simulator.fault("clear")
    begun_later = simulator.play(count=5, scenario="outbound_busy", speed=100, rate=2000)
    wait_until(lambda: len(client.call_log()["records"]) == len(begun_later))

    assert late not in {record["telephonySessionId"] for record in client.call_log()["records"]}


def test_deleted_subscriptions_are_gone(simulator: RunningSimulator, client: Client, webhook: Webhook) -> None:
    simulator.subscribe(webhook.url)

    simulator.fault("delete_subscriptions")

    assert client.get("/subscription").json()["records"] == []


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - {"clear"}))
def test_that_a_fault_made_a_difference_is_counted(
    simulator: RunningSimulator, client: Client, webhook: Webhook, play: Play, name: str
) -> None:
    simulator.subscribe(webhook.url)
    token = client.get("/account/~/call-log-extract-sync").json()["syncInfo"]["syncToken"]
    simulator.fault(name, seconds=0.05)

    play(1)
    client.ask_for_token()
    for query in ({"syncType": "FSync"}, {"syncType": "ISync", "syncToken": token}):
        with suppress(requests.RequestException):
            client.get("/account/~/call-log-extract-sync", **query)
    with suppress(requests.RequestException):
        client.get("/account/~/call-log")

    assert set(simulator.status()["felt"]) == {name}


def test_a_fault_that_nobody_met_is_not_felt(simulator: RunningSimulator) -> None:
    simulator.fault("answer_status", group="heavy")
    simulator.fault("rate_limit", group="light")
    simulator.fault("clear")

    assert simulator.status()["felt"] == {}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_switched_over_http(simulator: RunningSimulator, name: str) -> None:
    answer = requests.post(f"{simulator.url}/simulator/faults", json={"fault": name}, timeout=5)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "body", [{"fault": "nonsense"}, {"fault": "stall", "speed": 1}, {}, {"fault": "rate_limit", "retryAfter": "x"}]
)
def test_a_fault_that_makes_no_sense_is_refused(simulator: RunningSimulator, body: Any) -> None:
    answer = requests.post(f"{simulator.url}/simulator/faults", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_stalled_answer_keeps_whoever_asked_waiting(client: Client, simulator: RunningSimulator) -> None:
    client.get("/account/~/call-log")
    simulator.fault("stall", seconds=0.3)
    began = time.monotonic()

    with pytest.raises(requests.RequestException):
        client.get("/account/~/call-log")

    assert time.monotonic() - began >= 0.3


def test_clearing_switches_everything_off(simulator: RunningSimulator, client: Client) -> None:
    for name in FAULTS:
        simulator.fault(name)

    simulator.fault("clear")

    assert simulator.status()["faults"] == {}
    assert client.ask_for_token().status_code == 200
