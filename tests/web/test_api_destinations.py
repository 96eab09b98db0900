"""Destinations over the API: added, listed, shown, changed, removed, given a new secret."""

import pytest
from redis import Redis

from runtime import keys
from runtime.deliveries import destinations
from tests.web.api_client import PUBLIC, Client, an_app

SHOWN = {
    *("id", "url", "include", "accounts", "extensions", "outcomes", "directions", "numbers", "createOnly"),
    *("description", "fields", "mask", "operator", "state", "createdAt", "disabledBecause"),
}


def test_one_is_added_with_its_secret_which_is_never_shown_again(client: Client, redis: Redis) -> None:
    answer = client.ask("POST", "/destinations", {"url": PUBLIC})

    made = answer.json
    assert answer.status_code == 201
    assert made["state"] == "active"
    assert made["secret"].startswith("whsec_")
    assert set(made) == SHOWN | {"secret"}
    assert answer.headers["Location"] == f"/api/v1/destinations/{made['id']}"
    shown = client.ask("GET", f"/destinations/{made['id']}")
    assert (shown.status_code, made["secret"] in shown.text) == (200, False)
    assert made["secret"] not in client.ask("GET", "/destinations").text
    assert destinations.secrets(redis, made["id"], keys=()) == (made["secret"],)


def test_what_is_asked_for_is_what_there_is(client: Client) -> None:
    asked = {
        "url": PUBLIC,
        "include": "both",
        "accounts": ["default"],
        "extensions": ["60200101"],
        "outcomes": ["missed", "voicemail"],
        "directions": ["Inbound"],
        "numbers": ["+16505550101"],
        "createOnly": True,
        "description": "Sales",
        "fields": ["outcome", "from"],
        "mask": True,
    }

    made = client.add(**asked)

    assert {name: made[name] for name in asked} == asked


def test_a_secret_is_sealed_when_there_is_a_key(redis: Redis) -> None:
    made = Client(an_app(redis, keys=("a key",))).add()

    stored = redis.get(keys.secrets(made["id"]))
    assert isinstance(stored, bytes)
    assert made["secret"].encode() not in stored
    assert destinations.secrets(redis, made["id"], keys=("a key",)) == (made["secret"],)


@pytest.mark.parametrize(
    "url", ["http://93.184.215.14/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "ftp://x/"]
)
def test_a_url_that_leads_inside_is_refused_with_the_reason_on_adding_and_on_changing(client: Client, url: str) -> None:
    made = client.add()

    for answer in (
        client.ask("POST", "/destinations", {"url": url}),
        client.ask("PATCH", f"/destinations/{made['id']}", {"url": url}),
    ):
        assert answer.status_code == 422
        assert answer.json["type"] == "urn:legwork:problems:forbidden-address"
        assert answer.json["detail"]
        assert answer.json["errors"][0]["pointer"] == "/url"
    assert client.ask("GET", f"/destinations/{made['id']}").json["url"] == PUBLIC
    assert len(client.ask("GET", "/destinations").json["items"]) == 1


def test_a_network_that_is_allowed_may_be_reached(redis: Redis) -> None:
    client = Client(an_app(redis, allow="127.0.0.0/8"))

    assert client.add(url="http://127.0.0.1:9000/hook")["url"] == "http://127.0.0.1:9000/hook"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"url": PUBLIC, "include": "all"}, "/include: Invalid enum value 'all'"),
        ({"url": PUBLIC, "outcomes": "missed"}, "/outcomes: Expected `array`, got `str`"),
        ({"url": PUBLIC, "outcome": ["missed"]}, "Object contains unknown field `outcome`"),
        ({}, "Object missing required field `url`"),
    ],
)
def test_the_sentence_for_people_says_once_where_the_fault_is(client: Client, body: object, detail: str) -> None:
    assert client.ask("POST", "/destinations", body).json["detail"] == detail


@pytest.mark.parametrize(
    ("asked", "pointer"), [({"fields": ["mood"]}, "/fields/0"), ({"directions": ["Up"]}, "/directions/0")]
)
def test_words_that_do_not_exist_are_refused_with_their_place(
    client: Client, asked: dict[str, object], pointer: str
) -> None:
    answer = client.ask("POST", "/destinations", {"url": PUBLIC} | asked)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_one_is_paused_and_goes_on_and_keeps_what_is_not_named(client: Client) -> None:
    made = client.add(outcomes=["missed"])
    path = f"/destinations/{made['id']}"

    paused = client.ask("PATCH", path, {"state": "paused", "description": "on holiday"}).json
    active = client.ask("PATCH", path, {"state": "active"}).json

    assert (paused["state"], paused["outcomes"], paused["description"]) == ("paused", ["missed"], "on holiday")
    assert (active["state"], active["description"]) == ("active", "on holiday")


@pytest.mark.parametrize("changes", [{"state": "disabled"}, {"disabledBecause": "x"}, {"id": "dst_other"}, {"mode": 1}])
def test_what_is_not_for_people_to_change_is_refused(client: Client, changes: dict[str, object]) -> None:
    made = client.add()

    answer = client.ask("PATCH", f"/destinations/{made['id']}", changes)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(changes))}"


def test_one_that_is_removed_is_gone_with_its_secret(client: Client, redis: Redis) -> None:
    made = client.add()
    path = f"/destinations/{made['id']}"

    assert client.ask("DELETE", path).status_code == 204
    assert [client.ask(method, path, {}).status_code for method in ("GET", "PATCH", "DELETE")] == [404, 404, 404]
    assert not redis.exists(keys.secrets(made["id"]))


def test_the_list_goes_on_where_a_page_ended(client: Client) -> None:
    ids = sorted(client.add(description=str(number))["id"] for number in range(5))

    seen, after = [], ""
    for _ in range(3):
        page = client.ask("GET", f"/destinations?limit=2{after}").json
        seen.append(len(page["items"]))
        ids_left = [one["id"] for one in page["items"]]
        ids = [one for one in ids if one not in ids_left]
        after = f"&after={page['next']}"

    assert (seen, ids, page["next"]) == ([2, 2, 1], [], None)


def test_a_page_that_ends_with_the_newest_has_none_after_it_and_one_after_nobody_is_refused(client: Client) -> None:
    for _ in range(3):
        client.add()

    pages = [client.ask("GET", f"/destinations?limit={limit}").json for limit in (1, 2, 3)]
    refused = client.ask("GET", "/destinations?after=dst_none")

    assert [(len(page["items"]), page["next"] is None) for page in pages] == [(1, False), (2, False), (3, True)]
    assert [page["next"] for page in pages[:2]] == [page["items"][-1]["id"] for page in pages[:2]]
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "after")


def test_a_new_secret_signs_beside_the_old_one_for_a_day(client: Client, redis: Redis) -> None:
    made = client.add()

    answer = client.ask("POST", f"/destinations/{made['id']}/rotate")

    assert answer.status_code == 200
    assert answer.json == {"id": made["id"], "secret": answer.json["secret"]}
    assert destinations.secrets(redis, made["id"], keys=()) == (answer.json["secret"], made["secret"])


def test_a_secret_that_leaked_is_replaced_at_once(client: Client, redis: Redis) -> None:
    made = client.add()

    answer = client.ask("POST", f"/destinations/{made['id']}/rotate", {"overlapSeconds": 0})

    assert destinations.secrets(redis, made["id"], keys=()) == (answer.json["secret"],)


@pytest.mark.parametrize("overlap", [0, 30 * 86400])
def test_an_old_secret_may_sign_for_a_month_more_and_not_at_all(client: Client, overlap: int) -> None:
    answer = client.ask("POST", f"/destinations/{client.add()['id']}/rotate", {"overlapSeconds": overlap})

    assert answer.status_code == 200


@pytest.mark.parametrize("overlap", [-1, 30 * 86400 + 1, 1e9, "long"])
def test_an_overlap_out_of_bounds_is_refused(client: Client, overlap: object) -> None:
    made = client.add()

    answer = client.ask("POST", f"/destinations/{made['id']}/rotate", {"overlapSeconds": overlap})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/overlapSeconds")


def test_a_secret_whose_key_is_lost_is_said_so(redis: Redis) -> None:
    made = Client(an_app(redis, keys=("lost",))).add()

    answer = Client(an_app(redis, keys=("other",))).ask("POST", f"/destinations/{made['id']}/rotate")

    assert (answer.status_code, answer.json["type"]) == (409, "urn:legwork:problems:conflict")
    assert "SECRETS_KEY" in answer.json["detail"]


def test_an_account_that_the_settings_do_not_name_is_refused_with_its_place(client: Client) -> None:
    asked = {"url": PUBLIC, "accounts": ["default", "400131426008", "defaul"]}

    refused = client.ask("POST", "/destinations", asked)
    made = client.add(accounts=asked["accounts"][:2])

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/accounts/2")
    changed = client.ask("PATCH", f"/destinations/{made['id']}", {"accounts": ["defaul"]})
    assert (changed.status_code, changed.json["errors"][0]["pointer"]) == (422, "/accounts/0")
