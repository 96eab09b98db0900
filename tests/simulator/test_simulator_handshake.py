"""The handshake's rules, and the life of a subscription."""

from typing import Any

import pytest

from scripts.simulator import RunningSimulator
from tests.simulator.client import Client
from tests.simulator.conftest import Play
from tests.simulator.webhook import Webhook

ADDRESS_TAKEN_BY_NOBODY = "http://127.0.0.1:9/webhook"


def a_request(address: str, **more: object) -> dict[str, object]:
    mode = {"transportType": "WebHook", "address": address, "verificationToken": "secret"}
    return {"eventFilters": ["/restapi/v1.0/account/~/telephony/sessions"], "deliveryMode": mode, **more}


def test_a_webhook_that_echoes_is_subscribed(client: Client, webhook: Webhook) -> None:
    answer = client.send("POST", "/subscription", a_request(webhook.url, expiresIn=1000)).json()

    assert answer["status"] == "Active"
    assert answer["eventFilters"] == ["/restapi/v1.0/account/400131426008/telephony/sessions"]
    assert 998 <= answer["expiresIn"] <= 1000
    assert "verificationToken" not in answer["deliveryMode"]
    assert client.get("/subscription").json()["records"][0]["id"] == answer["id"]


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ({"status": 500}, "SUB-522"),
        ({"status": 204}, "SUB-522"),
        ({"echo": "something else"}, "SUB-525"),
        ({"content_type": "text/html"}, "SUB-525"),
        ({"body": b"x" * 1000}, "SUB-525"),
    ],
)
def test_a_webhook_that_breaks_a_rule_is_refused(
    client: Client, webhook: Webhook, flaw: dict[str, Any], code: str
) -> None:
    for name, value in flaw.items():
        setattr(webhook.answer, name, value)

    answer = client.send("POST", "/subscription", a_request(webhook.url))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    assert client.get("/subscription").json()["records"] == []


def test_a_webhook_nobody_answers_at_is_refused(client: Client) -> None:
    answer = client.send("POST", "/subscription", a_request(ADDRESS_TAKEN_BY_NOBODY))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "SUB-524")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"eventFilters": []}, "CMN-101"),
        ({"eventFilters": ["nonsense"]}, "SUB-508"),
        ({"eventFilters": ["/restapi/v1.0/subscription/~?threshold=60&interval=15"]}, "SUB-515"),
        ({"expiresIn": 0}, "CMN-101"),
        ({"deliveryMode": {"transportType": "PubNub"}}, "CMN-101"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: Client, webhook: Webhook, change: dict[str, Any], code: str
) -> None:
    answer = client.send("POST", "/subscription", {**a_request(webhook.url), **change})

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)


def test_a_filter_the_user_may_not_see_is_disabled_not_refused(client: Client, webhook: Webhook) -> None:
    foreign = "/restapi/v1.0/account/400131426008/extension/1/telephony/sessions"
    filters = ["/restapi/v1.0/account/~/telephony/sessions", foreign]

    answer = client.send("POST", "/subscription", a_request(webhook.url) | {"eventFilters": filters}).json()

    assert [one["filter"] for one in answer["disabledFilters"]] == [foreign]
    assert foreign not in answer["eventFilters"]


def test_without_the_permission_the_filter_of_calls_is_disabled_and_served_once_it_is_asked_for_with_it(
    client: Client, simulator: RunningSimulator, webhook: Webhook
) -> None:
    simulator.fault("forbid", endpoint="telephony/sessions")
    created = client.send("POST", "/subscription", a_request(webhook.url)).json()
    simulator.fault("forbid", endpoint="telephony/sessions", on=False)

    changed = client.send("PUT", f"/subscription/{created['id']}", a_request(webhook.url)).json()

    assert (created["eventFilters"], [one["reason"] for one in created["disabledFilters"]]) == ([], ["CMN-401"])
    assert (len(changed["eventFilters"]), "disabledFilters" in changed) == (1, False)


def test_the_thirty_first_subscription_is_refused(client: Client, webhook: Webhook) -> None:
    answers = [client.send("POST", "/subscription", a_request(webhook.url)).status_code for _ in range(31)]

    assert answers == [200] * 30 + [403]


def test_a_subscription_is_renewed_changed_and_deleted(client: Client, webhook: Webhook) -> None:
    created = client.send("POST", "/subscription", a_request(webhook.url, expiresIn=100)).json()
    path = f"/subscription/{created['id']}"

    changed = client.send("PUT", path, {"eventFilters": created["eventFilters"], "expiresIn": 5000}).json()
    renewed = client.send("POST", f"{path}/renew")
    deleted = client.send("DELETE", path)

    assert changed["expiresIn"] > 4990
    assert renewed.status_code == 200
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(path).json()["errorCode"] == "CMN-102"
    assert client.send("POST", f"{path}/renew").json()["errorCode"] == "SUB-507"


def test_a_subscription_that_was_given_up_is_not_served_again_by_being_renewed(
    simulator: RunningSimulator, client: Client, webhook: Webhook, play: Play
) -> None:
    created = client.send("POST", "/subscription", a_request(webhook.url)).json()
    simulator.fault("blacklist_subscriptions")

    renewed = client.send("POST", f"/subscription/{created['id']}/renew").json()
    play(1)

    assert renewed["status"] == "Blacklisted"
    assert webhook.received == []


def test_a_subscription_is_renewed_for_as_long_as_it_was_made_for_however_often(
    client: Client, simulator: RunningSimulator, webhook: Webhook
) -> None:
    created = client.send("POST", "/subscription", a_request(webhook.url, expiresIn=100)).json()
    one = simulator._box.subscriptions._all[created["id"]]
    one.created_at, one.expires_at = one.created_at - 60, one.expires_at - 60

    renewed = [client.send("POST", f"/subscription/{one.id}/renew").json()["expiresIn"] for _ in range(2)]

    assert all(98 <= seconds <= 100 for seconds in renewed)


def test_a_blacklisted_subscription_says_so_and_gets_nothing(
    client: Client, simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    subscription_id = simulator.subscribe(webhook.url)
    simulator.fault("blacklist_subscriptions")

    play(1)

    answer = client.get(f"/subscription/{subscription_id}").json()
    assert answer["status"] == "Blacklisted"
    assert answer["blacklistedData"]["reason"]
    assert webhook.received == []


def test_an_expired_subscription_is_gone(
    client: Client, simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    subscription_id = simulator.subscribe(webhook.url)
    simulator.fault("expire_subscriptions")

    play(1)

    assert client.get(f"/subscription/{subscription_id}").status_code == 404
    assert webhook.received == []
