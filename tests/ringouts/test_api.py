"""The API places, follows, shows and cancels RingOuts, and tells what RingCentral has against them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from runtime import keys
from runtime.ringouts import CANCEL_MEANINGS, Cancel, Placing, write
from scripts.simulator.fault_table import FaultRequest, switch
from tests.access.test_entry_to_the_api import an_app as of_several
from tests.ringouts.exchange import ACCOUNT, ADA, OUTSIDE, Exchange
from tests.web.api_client import ADMIN, Client
from web.api import ringouts
from web.create_app import create_app

BODY = {"from": {"phoneNumber": ADA}, "to": {"phoneNumber": OUTSIDE}}
FIELDS = {"id", "state", "live", "telephonySessionIds", "outcome"}


@pytest.fixture
def client(exchange: Exchange) -> Client:
    accounts = tuple(msgspec.structs.replace(one, verification_tokens=("v",)) for one in exchange.settings.accounts)
    settings = msgspec.structs.replace(exchange.settings, admin_token=ADMIN, accounts=accounts)
    return Client(create_app(settings, exchange.redis))


@contextmanager
def at_work(exchange: Exchange) -> Iterator[None]:
    """Have the workers work while something is asked for."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.02):
            exchange.pass_time(1)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def place(client: Client, body: Any = BODY, *, key: str | None = None) -> Any:
    return client.ask("POST", "/ringouts", body, headers={"Idempotency-Key": key} if key else {})


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["type"].removeprefix("urn:legwork:problems:")


def test_a_ringout_is_placed_and_shown_to_its_outcome(exchange: Exchange, client: Client) -> None:
    with at_work(exchange):
        placed = place(client)

    assert placed.status_code == 201
    assert set(placed.json) >= FIELDS
    assert placed.json["state"] == "calling"
    assert set(placed.json["live"]) == {"callStatus", "callerStatus", "calleeStatus"}
    path = placed.headers["Location"].removeprefix("/api/v1")
    exchange.pass_time(60)
    shown = client.ask("GET", path).json
    assert (shown["state"], shown["outcome"]["callerStatus"]) == ("resolved", "Call connected")
    assert [one["id"] for one in client.ask("GET", "/ringouts").json["items"]] == [shown["id"]]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (BODY | {"callerId": {}}, "/callerId/phoneNumber: Object missing required field `phoneNumber`"),
        (BODY | {"to": {"number": OUTSIDE}}, "/to/number: Object contains unknown field `number`"),
    ],
)
def test_of_a_fault_within_a_part_it_is_said_within_which(client: Client, body: object, detail: str) -> None:
    assert place(client, body).json["detail"] == detail


def test_a_refusal_of_ringcentrals_comes_back_in_the_answer_and_to_a_repeated_click(
    exchange: Exchange, client: Client
) -> None:
    exchange.plan(refuse="ringout_to_blocked")

    with at_work(exchange):
        refused = place(client, key="click")
    again = place(client, key="click")

    assert told(refused) == told(again) == (422, "ringout-not-placed")
    assert refused.json["detail"] == "The number to be called is on the list of blocked numbers. (TEL-101)"
    assert refused.json["errors"][0]["pointer"] == "/to"
    assert exchange.box.ringouts.asked == 1


def test_while_nobody_works_it_is_stored_and_shown_as_calling(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.1)

    placed = place(client)

    assert (placed.status_code, placed.json["state"], placed.json["placing"]) == (201, "calling", "asked")
    assert placed.json["live"] == {"callStatus": None, "callerStatus": None, "calleeStatus": None}


def test_each_account_has_keys_of_its_own(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)
    client = Client(of_several(exchange.redis, names=("acme", "globex")))

    placed = [place(client, BODY | {"account": name}, key="click").json for name in ("acme", "globex", "acme")]

    assert [one["account"] for one in placed] == ["acme", "globex", "acme"]
    assert placed[0]["id"] == placed[2]["id"] != placed[1]["id"]


def test_a_key_gives_the_same_ringout_and_is_for_one_request_only(exchange: Exchange, client: Client) -> None:
    with at_work(exchange):
        first, again = place(client, key="click"), place(client, key="click")
    other = place(client, BODY | {"to": {"phoneNumber": "+13035550112"}}, key="click")

    assert first.json["id"] == again.json["id"]
    assert told(other) == (422, "idempotency-key-reused")


def test_one_whose_record_was_erased_is_told_to_be_gone_and_not_placed_again(
    exchange: Exchange, client: Client
) -> None:
    with at_work(exchange):
        first = place(client, key="click").json["id"]
    exchange.redis.delete(keys.ringout(ACCOUNT, first))

    with at_work(exchange):
        again = place(client, key="click")

    assert told(again) == (409, "conflict")
    assert again.json["detail"].startswith("It was asked for before, and its record is gone")
    assert exchange.box.ringouts.asked == 1


def test_one_that_is_followed_is_not_followed_by_another_extension_unless_by_a_key_of_its_own(
    exchange: Exchange, client: Client
) -> None:
    body = {"ringOutId": exchange.placed_elsewhere()}
    first = place(client, body).json["id"]

    other = place(client, body | {"extension": "101"})
    by_key = place(client, body | {"extension": "101"}, key="click")

    assert told(other) == (409, "conflict")
    assert first in other.json["detail"]
    assert "Idempotency-Key" in other.json["detail"]
    assert (by_key.status_code, by_key.json["extension"]) == (201, "101")


def test_one_placed_elsewhere_is_followed(exchange: Exchange, client: Client) -> None:
    ring_out_id = exchange.placed_elsewhere()

    followed = place(client, {"ringOutId": ring_out_id})

    assert (followed.status_code, followed.json["ringOutId"]) == (201, ring_out_id)
    assert place(client, {"ringOutId": 144062279}).json["ringOutId"] == "144062279"


def test_cancelling_says_what_came_of_it(exchange: Exchange, client: Client) -> None:
    with at_work(exchange):
        exchange.plan(length=600.0)
        early = f"/ringouts/{place(client).json['id']}"
        assert client.ask("DELETE", early).status_code == 204
        exchange.plan(says=("Success", "Success", "Success"), length=2.0, gone="never", scenario="ringout_answered")
        late = f"/ringouts/{place(client).json['id']}"
        while client.ask("GET", late).json["state"] == "calling":
            pass

    assert client.ask("DELETE", early).status_code == 204
    with at_work(exchange):
        assert told(client.ask("DELETE", late)) == (409, "conflict")


def test_while_nobody_works_it_is_not_known_whether_one_is_cancelled(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)
    path = f"/ringouts/{place(client).json['id']}"

    answer = client.ask("DELETE", path)

    assert (answer.status_code, answer.json["cancel"], answer.json["placing"]) == (202, None, "asked")


def test_one_that_was_never_placed_cannot_be_cancelled(exchange: Exchange, client: Client) -> None:
    exchange.plan(refuse="ringout_to_blocked")
    with at_work(exchange):
        place(client)
    (refused,) = client.ask("GET", "/ringouts").json["items"]

    answer = client.ask("DELETE", f"/ringouts/{refused['id']}")

    assert told(answer) == (409, "conflict")
    assert answer.json["detail"] == "It was never placed."


def test_one_that_was_cancelled_before_it_was_placed_is_told_so_to_who_asked_for_it(
    exchange: Exchange, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)
    first = exchange.ringout(place(client, key="click").json["id"])
    withdrawn = msgspec.structs.replace(first, placing=Placing.WITHDRAWN)
    exchange.redis.execute_command(*write(withdrawn, retention=600))

    again = place(client, key="click")

    assert told(again) == (422, "ringout-not-placed")
    assert again.json["detail"] == "It was cancelled before it was placed."


@pytest.mark.parametrize(("length", "status"), [(0, 422), (1, 201), (255, 201), (256, 422)])
def test_a_key_has_a_length(client: Client, monkeypatch: pytest.MonkeyPatch, length: int, status: int) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)

    assert client.ask("POST", "/ringouts", BODY, headers={"Idempotency-Key": "k" * length}).status_code == status


@pytest.mark.parametrize(
    ("account", "status", "said"), [("globex", 201, "globex"), (None, 422, "there are several"), ("", 422, "/account")]
)
def test_of_several_accounts_it_is_said_who_calls(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, account: str | None, status: int, said: str
) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)
    client = Client(of_several(exchange.redis, names=("acme", "globex")))

    answer = place(client, BODY if account is None else BODY | {"account": account})

    assert (answer.status_code, said in answer.text) == (status, True)


def test_what_ringcentral_refused_to_cancel_can_be_asked_for_again(exchange: Exchange, client: Client) -> None:
    exchange.plan(length=600.0)
    with at_work(exchange):
        path = f"/ringouts/{place(client).json['id']}"
        switch(exchange.box, FaultRequest(fault="answer_status", group="heavy", status=409, count=1000))
        refused = client.ask("DELETE", path)
        switch(exchange.box, FaultRequest(fault="clear"))
        assert client.ask("DELETE", path).status_code == 204

    assert told(refused) == (409, "conflict")
    assert refused.json["detail"] == CANCEL_MEANINGS[Cancel.REFUSED]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/from"),
        ({"to": {"phoneNumber": OUTSIDE}}, "/from"),
        ({"from": {}, "to": {"phoneNumber": OUTSIDE}}, "/from"),
        ({"from": {"phoneNumber": ADA, "forwardingNumberId": "1"}, "to": {"phoneNumber": OUTSIDE}}, "/from"),
        ({"from": {"phoneNumber": ADA}}, "/to"),
        (BODY | {"ringOutId": "s-1"}, "/ringOutId"),
        ({"ringOutId": "../account"}, "/ringOutId"),
        (BODY | {"extension": "~/../.."}, "/extension"),
        (BODY | {"extension": "~\n"}, "/extension"),
        (BODY | {"account": "nobody"}, "/account"),
        (BODY | {"colour": "red"}, "/colour"),
    ],
)
def test_what_is_no_ringout_is_refused_with_its_place(client: Client, body: Any, pointer: str) -> None:
    answer = place(client, body)

    assert told(answer) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_list_passes_over_one_whose_record_is_gone(exchange: Exchange, client: Client) -> None:
    ids = [exchange.follow(f"s-{number}") for number in range(4)]
    asked = sorted(ids, key=lambda one: (exchange.ringout(one).asked_at, one), reverse=True)
    exchange.redis.delete(keys.ringout(ACCOUNT, asked[0]), keys.ringout(ACCOUNT, asked[2]))

    page = client.ask("GET", "/ringouts?limit=1").json
    rest = client.ask("GET", f"/ringouts?limit=1&after={page['next']}").json

    assert [one["id"] for one in (*page["items"], *rest["items"])] == [asked[1], asked[3]]
    assert rest["next"] is None


def test_a_page_after_what_is_gone_is_refused_for_the_list_would_begin_anew(exchange: Exchange, client: Client) -> None:
    exchange.follow("s-1")

    answer = client.ask("GET", "/ringouts?after=ro-0000000000000000")

    assert told(answer) == (422, "invalid")
    assert answer.json["errors"] == [{"detail": "names no RingOut (any more)", "parameter": "after"}]


def test_what_is_not_there_is_not_found(client: Client) -> None:
    for method in ("GET", "DELETE"):
        for name in ("ro-0000000000000000", "s-1", "*"):
            assert told(client.ask(method, f"/ringouts/{name}")) == (404, "not-found")
