"""Subscriptions, asked for over HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.budget import Group
from tests.ringcentral.conftest import MakeClient
from tests.ringcentral.server import Reply, Server, fails, says
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import NotFound, Refused
from workers.ringcentral.subscriptions import Subscriptions, seen

PATH = "/restapi/v1.0/subscription"
FILTER = "/restapi/v1.0/account/~/telephony/sessions"


def a_subscription(**changes: Any) -> dict[str, Any]:
    return {
        "id": "sub-1",
        "uri": f"https://platform.example{PATH}/sub-1",
        "status": "Active",
        "creationTime": "2025-10-01T12:00:00.000Z",
        "expirationTime": "2025-10-31T12:00:00.000Z",
        "expiresIn": 2591999,
        "eventFilters": [FILTER.replace("~", "1")],
        "deliveryMode": {"transportType": "WebHook", "encryption": False, "address": "https://crm.example/hook"},
    } | changes


@pytest.fixture
def subscriptions(client: RingCentral) -> Subscriptions:
    return Subscriptions(client)


def test_expires_in_stands_beside_the_delivery_mode(server: Server, subscriptions: Subscriptions) -> None:
    server.on(PATH, says(a_subscription()))

    made = subscriptions.create(
        [FILTER], address="https://crm.example/hook", verification_token="shared", expires_in=2592000
    )

    assert json.loads(server.asked(PATH)[0].body) == {
        "eventFilters": [FILTER],
        "expiresIn": 2592000,
        "deliveryMode": {
            "transportType": "WebHook",
            "address": "https://crm.example/hook",
            "verificationToken": "shared",
        },
    }
    assert (made.id, made.status, made.delivery_mode.address) == ("sub-1", "Active", "https://crm.example/hook")


def test_a_failed_handshake_is_refused_with_its_code(server: Server, subscriptions: Subscriptions) -> None:
    server.on(PATH, fails(400, "SUB-522"))

    with pytest.raises(Refused) as raised:
        subscriptions.create([FILTER], address="https://crm.example/", verification_token="shared", expires_in=60)
    assert raised.value.codes == ("SUB-522",)


def test_filters_that_are_not_served_and_blacklisting_are_seen(server: Server, subscriptions: Subscriptions) -> None:
    disabled = [{"filter": FILTER, "reason": "CMN-401", "message": "no"}]
    blacklisted = {"blacklistedAt": "2025-10-02T05:24:00.720Z", "reason": "[Read timed out]"}
    listed = a_subscription(status="Blacklisted", disabledFilters=disabled, blacklistedData=blacklisted)
    server.on(PATH, says({"uri": "x", "records": [listed, {"id": "sub-2"}]}))

    first, second = subscriptions.all()

    assert first.status == "Blacklisted"
    assert first.disabled_filters[0].reason == "CMN-401"
    assert first.blacklisted_data is not None
    assert first.blacklisted_data.reason == "[Read timed out]"
    assert first.delivery_mode.address == "https://crm.example/hook"
    assert (second.id, second.status, second.expiration_time) == ("sub-2", None, None)


@pytest.mark.parametrize("written", ["2025-10-31T12:00:00.000Z", "2025-10-31T14:00:00+0200", "2025-10-31T12:00:00"])
def test_a_time_is_read_whether_it_has_a_zone_or_not(
    server: Server, subscriptions: Subscriptions, written: str
) -> None:
    listed = a_subscription(expirationTime=written, blacklistedData={"blacklistedAt": written})
    server.on(PATH, says({"records": [listed]}))

    (one,) = map(seen, subscriptions.all())

    assert (one.expires_at, one.blacklisted_at) == (datetime(2025, 10, 31, 12, tzinfo=UTC),) * 2


def test_a_time_that_is_none_hides_no_subscription(server: Server, subscriptions: Subscriptions) -> None:
    server.on(PATH, says({"records": [a_subscription(expirationTime="never"), a_subscription(id="sub-2")]}))

    assert [(one.id, one.expires_at is None) for one in map(seen, subscriptions.all())] == [
        ("sub-1", True),
        ("sub-2", False),
    ]


def test_one_is_renewed_changed_and_deleted(server: Server, subscriptions: Subscriptions) -> None:
    one = f"{PATH}/sub-1"
    server.on(one, says(a_subscription()), Reply(204, b""))
    server.on(f"{one}/renew", says(a_subscription()))

    subscriptions.renew("sub-1")
    subscriptions.update("sub-1", [FILTER], expires_in=60)
    subscriptions.delete("sub-1")

    assert [(seen.method, seen.path) for seen in server.seen[1:]] == [
        ("POST", f"{one}/renew"),
        ("PUT", one),
        ("DELETE", one),
    ]


def test_an_expired_one_is_not_found(server: Server, subscriptions: Subscriptions) -> None:
    server.on(f"{PATH}/sub-1/renew", fails(404, "SUB-507"))

    with pytest.raises(NotFound):
        subscriptions.renew("sub-1")


def test_each_request_is_counted_in_its_group(server: Server, a_client: MakeClient) -> None:
    groups: list[str] = []
    subscriptions = Subscriptions(a_client(observe=lambda group, _status: groups.append(group)))
    one = f"{PATH}/sub-1"
    server.on(PATH, says(a_subscription()), says({"records": []}))
    server.on(one, says(a_subscription()), Reply(204, b""))
    server.on(f"{one}/renew", says(a_subscription()))

    subscriptions.create([FILTER], address="https://crm.example/", verification_token="shared", expires_in=60)
    subscriptions.all()
    subscriptions.update("sub-1", [FILTER], expires_in=60)
    subscriptions.delete("sub-1")
    subscriptions.renew("sub-1")

    assert groups == [Group.AUTH, *(Group(word) for word in ("medium", "light", "medium", "medium", "light"))]
