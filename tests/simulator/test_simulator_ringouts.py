"""RingOuts placed through the API: their status moves and is forgotten, their calls are played and listed.

They are played by a clock that is set forward, so nothing is missed however long an answer takes.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from scripts.simulator import Configuration, RunningSimulator
from scripts.simulator.problems import PROBLEMS
from scripts.simulator.server import served
from tests.asking.clock import Clock
from tests.simulator.client import Client
from tests.simulator.waiting import wait_until
from tests.simulator.webhook import Webhook

ADA, OUTSIDE = "+16505550101", "+12125550111"
RINGOUT = "/account/~/extension/~/ring-out"
LENGTH = 20.0
LONG_ENOUGH = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(configuration: Configuration, clock: Clock) -> Iterator[RunningSimulator]:
    with served(configuration, clock=clock) as box:
        box.agenda.at = clock.at  # type: ignore[method-assign]  # its own thread would wait for the real clock
        simulator = RunningSimulator(box)
        simulator.plan_ringouts(length=LENGTH)
        yield simulator


def place(client: Client, to: str = OUTSIDE, path: str = RINGOUT, **fields: Any) -> Any:
    return client.send("POST", path, {"from": {"phoneNumber": ADA}, "to": {"phoneNumber": to}} | fields)


def status(client: Client, ringout_id: Any) -> tuple[str, ...] | None:
    answer = client.get(f"{RINGOUT}/{ringout_id}")
    if answer.status_code == 404:
        assert answer.json()["errorCode"] == "CMN-102"
        return None
    words: dict[str, str] = answer.json()["status"]
    return (words["callStatus"], words["callerStatus"], words["calleeStatus"])


@pytest.mark.parametrize("path", [RINGOUT, "/account/~/extension/~/ringout"])
def test_a_ringout_is_played_from_the_click_to_the_record(
    client: Client, simulator: RunningSimulator, webhook: Webhook, clock: Clock, path: str
) -> None:
    simulator.subscribe(webhook.url)
    simulator.plan_ringouts(length=LENGTH, gone=2.0)

    placed = place(client, path=path).json()
    seen: list[tuple[str, ...] | None] = [status(client, placed["id"])]
    while seen[-1] is not None:
        clock.pass_time(1.0)
        seen.append(status(client, placed["id"]))

    words = list(dict.fromkeys(seen))
    assert words[0] == ("InProgress", "InProgress", "InProgress")
    assert words[-2:] == [("Success", "Finished", "Finished"), None]
    clock.pass_time(LONG_ENOUGH)
    wait_until(lambda: simulator.truth()[-1]["played"])
    truth = simulator.truth()[-1]
    assert truth["telephonySessionId"] == placed["id"]
    (record,) = client.call_log(telephonySessionId=placed["id"])["records"]
    assert (record["from"]["phoneNumber"], record["to"]["phoneNumber"]) == (ADA, OUTSIDE)
    assert {leg["result"] for leg in record["legs"]} == {truth["callerStatus"], truth["calleeStatus"]}
    assert webhook.bodies[0]["origin"] == {"type": "RingOut"}


@pytest.mark.parametrize(
    ("ending", "outcome", "caller", "callee"),
    [
        ("0151", "busy", "Busy", None),
        ("0152", "busy", "Call connected", "Busy"),
        ("0153", "no_answer", "Call connected", "No Answer"),
        ("0154", "rejected", "Call connected", "Rejected"),
        ("0155", "failed", "Call connected", "Wrong Number"),
        ("0156", "failed", "Call connected", "No Calling Credit"),
        ("0157", "failed", "IP Phone Offline", None),
    ],
)
def test_the_number_called_says_what_becomes_of_it(
    client: Client, simulator: RunningSimulator, ending: str, outcome: str, caller: str, callee: str | None
) -> None:
    placed = place(client, to=f"+1212555{ending}")

    truth = simulator.truth()[-1]
    assert placed.status_code == 200
    assert (truth["outcome"], truth["callerStatus"], truth["calleeStatus"]) == (outcome, caller, callee)


@pytest.mark.parametrize(("gone", "found"), [("at_once", False), ("never", True)])
def test_the_status_may_be_gone_at_any_moment(
    client: Client, simulator: RunningSimulator, clock: Clock, gone: str, *, found: bool
) -> None:
    simulator.plan_ringouts(length=LENGTH, gone=gone)

    ringout_id = place(client).json()["id"]
    if found:
        clock.pass_time(LONG_ENOUGH)

    assert (status(client, ringout_id) is not None) is found


def test_the_status_may_say_any_words(client: Client, simulator: RunningSimulator, clock: Clock) -> None:
    simulator.plan_ringouts(gone="never", says=["NoAnsweringMachine", "NoSuchWord", "NosuchUser"])

    ringout_id = place(client).json()["id"]
    clock.pass_time(LONG_ENOUGH)

    assert status(client, ringout_id) == ("NoAnsweringMachine", "NoSuchWord", "NosuchUser")


def test_one_ringout_may_be_two_sessions_of_swapped_ends(
    client: Client, simulator: RunningSimulator, clock: Clock
) -> None:
    simulator.plan_ringouts(length=LENGTH, scenario="ringout_two_sessions")

    place(client)
    clock.pass_time(LONG_ENOUGH)

    first, second = sorted(client.call_log()["records"], key=lambda record: record["from"]["phoneNumber"], reverse=True)
    assert (first["from"]["phoneNumber"], first["to"]["phoneNumber"]) == (ADA, OUTSIDE)
    assert (second["from"]["phoneNumber"], second["to"]["phoneNumber"]) == (OUTSIDE, ADA)
    assert 1000 <= abs(int(first["sessionId"]) - int(second["sessionId"])) <= 4000
    assert all(row["linkedSessions"] for row in simulator.truth())


@pytest.mark.parametrize("form", ["session", "base64", "other", "integer"])
def test_the_id_may_be_the_sessions_or_not(client: Client, simulator: RunningSimulator, form: str) -> None:
    simulator.plan_ringouts(ids=form)

    ringout_id = place(client).json()["id"]

    session = simulator.truth()[-1]["telephonySessionId"]
    assert (str(ringout_id) == session) is (form in {"session", "base64"})
    assert isinstance(ringout_id, int) is (form == "integer")
    assert status(client, ringout_id) is not None


def test_a_ringout_that_is_not_connected_can_be_cancelled_once(
    client: Client, simulator: RunningSimulator, clock: Clock
) -> None:
    path = f"{RINGOUT}/{place(client).json()['id']}"
    clock.pass_time(1.0)

    answers = [client.send("DELETE", path).status_code for _ in range(2)]
    clock.pass_time(LONG_ENOUGH)

    assert answers == [204, 404]
    assert (simulator.truth()[-1]["played"], simulator.truth()[-1]["outcome"]) == (True, "cancelled")


@pytest.mark.parametrize(
    ("after", "callee", "outcomes"),
    [(1.0, None, ["cancelled", "cancelled"]), (6.0, "Hang Up", ["cancelled", "answered"])],
)
def test_a_ringout_of_two_sessions_is_cancelled_in_both(
    client: Client, simulator: RunningSimulator, clock: Clock, after: float, callee: str | None, outcomes: list[str]
) -> None:
    path = f"{RINGOUT}/{place(client, to='+12125550158').json()['id']}"
    clock.pass_time(after)

    client.send("DELETE", path)
    clock.pass_time(0.5)

    first, second = simulator.truth()
    assert [first["outcome"], second["outcome"]] == outcomes
    assert (first["calleeStatus"], second["calleeStatus"]) == (callee, None)
    assert all(row["played"] and row["endedAt"] and row["linkedSessions"] for row in (first, second))


def test_a_ringout_that_is_connected_cannot_be_cancelled(
    client: Client, simulator: RunningSimulator, clock: Clock
) -> None:
    simulator.plan_ringouts(length=LENGTH)
    ringout_id = place(client).json()["id"]
    clock.pass_time(LENGTH - 1.0)
    assert status(client, ringout_id) == ("Success",) * 3

    assert client.send("DELETE", f"{RINGOUT}/{ringout_id}").status_code == 404


def test_notifications_may_be_withheld_until_after_the_end(
    client: Client, simulator: RunningSimulator, webhook: Webhook, clock: Clock
) -> None:
    simulator.subscribe(webhook.url)
    simulator.plan_ringouts(length=LENGTH, withheld=5.0)

    place(client)
    clock.pass_time(LENGTH + 1.0)
    assert simulator.truth()[-1]["endedAt"] is not None
    assert simulator._box.deliveries.sent == 0

    clock.pass_time(5.0)
    wait_until(lambda: simulator.truth()[-1]["played"])
    assert len(webhook.bodies) == 6


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"from": {}}, (400, "TEL-108")),
        ({"to": {"phoneNumber": "12"}}, (400, "TEL-109")),
        ({"callerId": {"phoneNumber": "+13035550199"}}, (400, "TEL-107")),
        ({"from": {"forwardingNumberId": "1"}}, (404, "CMN-102")),
        ({"playPrompt": "yes"}, (400, "CMN-101")),
        ({"from": "me"}, (400, "CMN-101")),
    ],
)
def test_what_is_wrong_with_a_request_is_told_as_the_platform_does(
    client: Client, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = place(client, **body)

    assert (answer.status_code, answer.json()["errorCode"]) == expected


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.startswith("ringout_")])
def test_every_documented_refusal_can_be_had(client: Client, simulator: RunningSimulator, name: str) -> None:
    simulator.plan_ringouts(refuse=name)

    answer = place(client)

    assert (answer.status_code, answer.json()["errorCode"]) == (PROBLEMS[name].status, PROBLEMS[name].code)
    assert not simulator.truth()


def test_a_forwarding_number_stands_for_its_number(client: Client, clock: Clock) -> None:
    client.send("POST", RINGOUT, {"from": {"forwardingNumberId": "7000000100"}, "to": {"phoneNumber": OUTSIDE}})
    clock.pass_time(LONG_ENOUGH)

    assert client.call_log()["records"][0]["from"]["phoneNumber"] == ADA
