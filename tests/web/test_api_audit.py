"""The completeness ledger over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from runtime import keys
from runtime.clocks import redis_time
from telephony.times import any_time, iso_ms_at
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app as of_several
from tests.web.api_client import Client, an_app

HOUR = 3600
BACKWARDS = "until=2026-03-02T09:00:00Z&since=2026-03-02T09:00:01Z"


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


@pytest.fixture
def hours(redis: Redis) -> Callable[[str], list[tuple[str, int]]]:
    """Have two accounts; give the account of each hour that is answered, and how many hours ago it is."""
    client = log_in(of_several(redis, names=("globex", "acme")))
    now = redis_time(redis) // HOUR

    def ask(query: str) -> list[tuple[str, int]]:
        found, after = [], ""
        while True:
            page: Any = client.get(f"/api/v1/audit?{query}{after}").json
            found += [(one["account"], round(now - read(one["hour"]) / HOUR)) for one in page["items"]]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    return ask


def read(text: str) -> float:
    moment = any_time(text)
    assert moment is not None
    return moment.timestamp()


def ago(redis: Redis, count: float) -> str:
    """Name the beginning of the hour that was so many hours ago."""
    return iso_ms_at((redis_time(redis) // HOUR - count) * HOUR)


@pytest.mark.parametrize("limit", [7, 25, 500])
def test_of_several_accounts_one_follows_the_other_page_by_page(
    hours: Callable[[str], list[tuple[str, int]]], limit: int
) -> None:
    assert hours(f"limit={limit}") == [(name, number) for name in ("acme", "globex") for number in range(24, -1, -1)]


def test_the_hours_of_one_account_are_given(hours: Callable[[str], list[tuple[str, int]]], redis: Redis) -> None:
    assert hours(f"account=globex&since={ago(redis, 1)}") == [("globex", 1), ("globex", 0)]


def test_hours_are_given_from_and_until_a_moment_as_far_as_calls_are_kept(
    hours: Callable[[str], list[tuple[str, int]]], redis: Redis
) -> None:
    def numbers(query: str) -> list[int]:
        return [number for _, number in hours(f"account=acme&limit=500&{query}")]

    assert numbers(f"since={ago(redis, 3)}&until={ago(redis, 1.5)}") == [3, 2]
    assert numbers(f"since={ago(redis, 1)}&until={ago(redis, -9)}") == [1, 0]
    assert numbers(f"until={ago(redis, 22.5)}") == [24, 23]
    assert numbers(f"since={ago(redis, -2)}") == numbers(f"until={ago(redis, 30)}") == []
    assert len(numbers("since=2000-01-01T00:00:00Z")) == 7 * 24 + 1


@pytest.mark.parametrize("query", ["since=yesterday", "account=nobody", "after=1", "hour=1", BACKWARDS])
def test_what_is_not_understood_is_refused(client: Client, query: str) -> None:
    assert client.ask("GET", f"/audit?{query}").status_code == 422
