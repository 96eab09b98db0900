"""Calls over the API: found, shown, and not sent twice to who has them."""

from typing import Any

import pytest
from redis import Redis

from runtime import ledger
from runtime.deliveries import destinations
from runtime.deliveries.attempts import Attempt, written
from runtime.ledger import Resolution, State
from telephony.destinations import Draft
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app as of_several
from tests.builders.attempts import a_dead_letter, bury
from tests.builders.kept_calls import ACCOUNT, a_session_of, an_end_of, an_outcome_of, commit, erase, publish, see
from tests.web.api_client import Client, an_app

# The contract, section 3.
ROW = {
    "telephonySessionId",
    "state",
    "startTime",
    "endTime",
    "direction",
    "from",
    "to",
    "outcome",
    "callerStatus",
    "calleeStatus",
    "revision",
}
ADDED = {"parties", "notifications", "legs", "revisions", "attempts", "explanation"}


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(an_app(redis, account=ACCOUNT))


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.ask("GET", f"/calls?{query}")
    assert answer.status_code == 200, answer.text
    return [item["telephonySessionId"] for item in answer.json["items"]]


def test_a_call_of_a_list_has_the_fields_of_the_contract(client: Client, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))

    page: Any = client.ask("GET", "/calls").json

    (call,) = page["items"]
    assert set(call) == ROW
    assert (call["state"], call["outcome"], call["revision"]) == ("resolved", "answered", 1)
    assert call["from"]["phoneNumber"] == "+12125550111"
    assert page["next"] is None


def test_pages_follow_each_other_until_the_oldest_call(client: Client, redis: Redis) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(5)))

    first: Any = client.ask("GET", "/calls?limit=3").json
    second: Any = client.ask("GET", f"/calls?limit=3&after={first['next']}").json

    ids = [call["telephonySessionId"] for call in first["items"] + second["items"]]
    assert ids == ["s-0004", "s-0003", "s-0002", "s-0001", "s-0000"]
    assert second["next"] is None


def test_a_page_that_ends_with_the_oldest_call_has_none_after_it(client: Client, redis: Redis) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(4)))

    pages = [client.ask("GET", f"/calls?limit={limit}").json for limit in (3, 4)]

    assert [(len(page["items"]), page["next"] is None) for page in pages] == [(3, False), (4, True)]


@pytest.mark.parametrize(
    "query",
    [
        "number=%2B1%20(212)%20555-0111",
        "number=212%20555%200111",
        "extension=60200101",
        "outcome=answered",
        "delivery=dead",
        "state=resolved",
        "account=acme&state=resolved",
        "until=2026-03-02T09:01:00Z",
        "since=2026-03-02T09:01:00Z&until=2026-03-02T10:01:00%2B01:00",
        "until=2026-03-02T10:01:00+01:00&since=2026-03-02T10:01:00.000+01:00",
    ],
)
def test_a_call_is_found_by_each_filter(client: Client, redis: Redis, query: str) -> None:
    publish(redis, an_outcome_of(1))
    see(redis, a_session_of(2, caller="+442079460018", extension_id="60200109", direction="Outbound"))
    made = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())[0]
    bury(redis, made.id, a_dead_letter("s-0001/1", "1-1", account=ACCOUNT))

    assert listed(client, query) == ["s-0001"]


def test_calls_are_found_by_the_direction_that_they_have_for_the_company(client: Client, redis: Redis) -> None:
    publish(redis, an_outcome_of(1), an_outcome_of(2, direction="Outbound"))

    assert [listed(client, f"direction={one}") for one in ("Inbound", "Outbound")] == [["s-0001"], ["s-0002"]]


def test_calls_that_began_then_or_later_are_found(client: Client, redis: Redis) -> None:
    publish(redis, *map(an_outcome_of, range(3)))

    assert listed(client, "since=2026-03-02T09:01:00Z") == ["s-0002", "s-0001"]


def test_of_several_accounts_the_one_that_is_named_is_searched(redis: Redis) -> None:
    publish(redis, an_outcome_of(1))
    publish(redis, an_outcome_of(2), account="globex")
    client = log_in(of_several(redis, names=(ACCOUNT, "globex")))

    found = [
        [one["telephonySessionId"] for one in client.get(f"/api/v1/calls?{query}").json["items"]]  # type: ignore[index]
        for query in ("", "account=globex", f"account={ACCOUNT}")
    ]

    assert found == [["s-0002", "s-0001"], ["s-0002"], ["s-0001"]]


@pytest.mark.parametrize(
    "query",
    [
        "number=anna",
        "outcome=splendid",
        "direction=inbound",
        "state=gone",
        "outcome=null",
        "direction=null",
        "state=Null",
        "delivery=null",
        "since=yesterday",
        "since=null",
        "since=1772442000",
        "until=2026",
        "since=2026-03-02T09:00:00",
        "until=2026-03-02T09:00:00Z&since=2026-03-02T09:00:01Z",
        "account=globex",
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=null",
        "limit=2.0",
        f"limit={'9' * 5000}",
        "after=x",
        "after=",
        "numbers=1",
        "state=open&state=ended",
    ],
)
def test_a_filter_that_is_unknown_or_says_nothing_is_refused_and_named(client: Client, query: str) -> None:
    answer = client.ask("GET", f"/calls?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == query.partition("=")[0]


def test_one_call_adds_all_that_is_known_of_it(client: Client, redis: Redis) -> None:
    see(redis, a_session_of(1))
    publish(redis, an_end_of(1), an_outcome_of(1))
    attempt = Attempt(at=2.5, destination_id="dst_1", event_id="s-0001/1", call="s-0001", number=1, verdict="delivered")
    commit(redis, written(ACCOUNT, attempt, retention=600))

    call: Any = client.ask("GET", "/calls/s-0001").json

    assert set(call) >= ROW | ADDED
    assert [event["data"]["revision"] for event in call["revisions"]] == [0, 1]
    assert [one["eventId"] for one in call["attempts"]] == ["s-0001/1"]
    assert call["parties"][0]["code"] == "Answered"
    assert {"rule", "because"} <= set(call["explanation"][0])
    assert call["legs"]


def test_of_two_accounts_that_know_a_call_the_one_asked_for_tells_it(redis: Redis) -> None:
    client = Client(of_several(redis, names=("acme", "globex")))
    publish(redis, an_outcome_of(1, result="Missed"))
    publish(redis, an_outcome_of(1), account="globex")

    told: Any = [client.ask("GET", f"/calls/s-0001?account={name}").json for name in ("acme", "globex")]

    assert [(one["account"], one["outcome"]) for one in told] == [("acme", "missed"), ("globex", "answered")]
    assert client.ask("GET", "/calls/s-0001?account=initech").status_code == 422


def test_a_call_that_is_on_is_shown_too(client: Client, redis: Redis) -> None:
    see(redis, a_session_of(1))

    call: Any = client.ask("GET", "/calls/s-0001").json

    assert (call["state"], call["outcome"], call["revision"], call["revisions"]) == ("open", None, None, [])
    assert call["from"]["phoneNumber"] == "+12125550111"


@pytest.mark.parametrize("state", [State.ENDED, State.RESOLVED, State.UNRESOLVED])
def test_a_call_that_goes_on_again_is_open_wherever_it_is_shown(client: Client, redis: Redis, state: State) -> None:
    publish(redis, an_end_of(1) if state is State.ENDED else an_outcome_of(1))
    commit(redis, [ledger.write_resolution(ACCOUNT, "s-0001", Resolution(state, 1), retention=600)])
    see(redis, a_session_of(1))

    call: Any = client.ask("GET", "/calls/s-0001").json
    (row,) = client.ask("GET", "/calls").json["items"]

    assert (row["state"], row["endTime"]) == ("open", None)
    assert {name: call[name] for name in row} == row


@pytest.mark.parametrize("name", ["s-9999", "*", "x" * 1000, "%00"])
def test_a_call_nobody_knows_is_not_found(client: Client, name: str) -> None:
    answer = client.ask("GET", f"/calls/{name}")

    assert (answer.status_code, answer.json["type"]) == (404, "urn:legwork:problems:not-found")


def test_a_call_that_was_erased_is_not_found_and_said_to_be_erased(client: Client, redis: Redis) -> None:
    erase(redis, 1)

    answer = client.ask("GET", "/calls/s-0001")

    assert (answer.status_code, answer.json["type"]) == (404, "urn:legwork:problems:not-found")
    assert "erased" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/calls", "/calls/s-0001", "/outcomes", "/destinations"])
def test_who_has_the_answer_already_is_told_so(client: Client, redis: Redis, path: str) -> None:
    publish(redis, an_outcome_of(1))
    tag = client.ask("GET", path).headers["ETag"]

    again = client.ask("GET", path, headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_who_has_another_answer_is_sent_the_new_one(client: Client, redis: Redis) -> None:
    publish(redis, an_end_of(1))
    tag = client.ask("GET", "/calls").headers["ETag"]
    publish(redis, an_outcome_of(1))

    again = client.ask("GET", "/calls", headers={"If-None-Match": tag})

    assert again.status_code == 200
    assert again.headers["ETag"] != tag
