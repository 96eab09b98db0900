"""The completeness ledger over the API."""

import pytest
from redis import Redis

from runtime import keys
from runtime.clocks import redis_time
from tests.web.api_client import Client, an_app

HOUR = 3600


@pytest.fixture
def client(redis: Redis) -> Client:
    now = redis_time(redis)
    for ago in range(3):
        redis.zadd(keys.calls("default"), {f"s-{ago}": now - ago * HOUR})
    redis.zadd(keys.due("default"), {"s-0": now})
    return Client(an_app(redis))


def test_each_hour_says_where_its_calls_stand_and_names_those_that_are_nowhere(client: Client) -> None:
    items = client.ask("GET", "/audit").json["items"]

    *_, before, last = items
    assert len(items) == 25
    assert (last["account"], last["known"], last["waiting"], last["unexplained"]) == ("default", 1, 1, 0)
    assert [one["telephonySessionId"] for one in before["unexplainedCalls"]] == ["s-1"]
    assert last["hour"].endswith(":00:00.000Z")


def test_pages_follow_each_other_until_the_end(client: Client) -> None:
    whole = client.ask("GET", "/audit").json["items"]
    page = client.ask("GET", "/audit?limit=10").json
    found = page["items"]
    while page["next"]:
        page = client.ask("GET", f"/audit?limit=10&after={page['next']}").json
        found += page["items"]

    assert found == whole


@pytest.mark.parametrize("query", ["since=yesterday", "account=nobody", "after=1", "hour=1"])
def test_what_is_not_understood_is_refused(client: Client, query: str) -> None:
    assert client.ask("GET", f"/audit?{query}").status_code == 422
