"""The outcome log over the API."""

import msgspec
import pytest
from redis import Redis

from runtime.keys import OUTCOMES
from telephony.events import encode
from tests.scripts.publishing import outcome_of, publish
from tests.web.api_client import Client, an_app

EVENTS = [outcome_of(f"s-{number}") for number in range(5)]


@pytest.fixture
def client(redis: Redis) -> Client:
    publish(redis, *EVENTS)
    return Client(an_app(redis))


def test_items_are_the_events_word_for_word_the_oldest_first(client: Client) -> None:
    page = client.ask("GET", "/outcomes").json

    assert page == {"items": [msgspec.json.decode(encode(event)) for event in EVENTS], "next": None}


def test_pages_follow_each_other_until_the_end(client: Client) -> None:
    first = client.ask("GET", "/outcomes?limit=3").json
    second = client.ask("GET", f"/outcomes?limit=3&after={first['next']}").json

    assert [len(page["items"]) for page in (first, second)] == [3, 2]
    assert [event["id"] for event in first["items"] + second["items"]] == [event.id for event in EVENTS]
    assert second["next"] is None


def test_what_comes_later_is_found_by_asking_for_the_last_page_again(client: Client, redis: Redis) -> None:
    first = client.ask("GET", "/outcomes?limit=3").json
    publish(redis, outcome_of("s-later"))

    again = client.ask("GET", f"/outcomes?after={first['next']}").json

    assert [event["subject"] for event in again["items"]] == ["s-3", "s-4", "s-later"]


def test_a_time_will_do_for_a_place(client: Client, redis: Redis) -> None:
    redis.delete(OUTCOMES)
    for second in (1, 2, 3):
        redis.xadd(OUTCOMES, {"event": encode(EVENTS[second]), "account": "default"}, id=f"176423000{second}000-0")

    told = client.ask("GET", "/outcomes?after=1764230002000-0").json

    assert [event["id"] for event in told["items"]] == [EVENTS[3].id]


def test_whoever_gives_a_date_for_a_place_is_told_how_places_are_written(client: Client) -> None:
    refused = client.ask("GET", "/outcomes?after=2026-11-27")

    assert refused.status_code == 422
    assert refused.json["detail"] == "after: must match ^[0-9]{1,15}-[0-9]{1,15}$"


def test_a_page_that_ends_with_the_last_event_has_none_after_it(client: Client) -> None:
    assert client.ask("GET", "/outcomes?limit=5").json["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=-1",
        "limit=%D9%A3",
        "limit=",
        "after=x",
        "after=$",
        "after=0-0%0A",
        "after=",
        "since=1",
    ],
)
def test_a_parameter_out_of_bounds_is_refused_and_named(client: Client, query: str) -> None:
    answer = client.ask("GET", f"/outcomes?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == query.partition("=")[0]


def test_before_anything_was_published_there_is_nothing(redis: Redis) -> None:
    assert Client(an_app(redis)).ask("GET", "/outcomes").json == {"items": [], "next": None}
