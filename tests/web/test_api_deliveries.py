"""What becomes of a destination's events, over the API: how it fares, its attempts, a test, and sending again."""

from typing import Any

import pytest
from redis import Redis

from runtime import keys
from runtime.bells import Stage
from tests.builders.attempts import a_dead_letter, an_attempt, bury, keep
from tests.scripts.publishing import outcome_of, publish
from tests.web.api_client import Client

NONE = "/destinations/dst_none"


@pytest.fixture
def path(client: Client) -> str:
    return f"/destinations/{client.add()['id']}"


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


def test_how_a_destination_fares_is_told_with_it(client: Client, redis: Redis, path: str) -> None:
    publish(redis, outcome_of("s-1"), outcome_of("s-2"))
    keep(redis, an_attempt(id_of(path), verdict="temporary", blame="theirs", status=503))

    status = client.ask("GET", path).json["status"]

    assert (status["backlog"], status["unread"], status["dead"]) == (2, 2, 0)
    assert status["oldest"].endswith("Z")
    assert status["lagSeconds"] >= 0
    assert [one["status"] for one in status["lastAttempts"]] == [503]


def test_attempts_are_told_newest_first_page_by_page(client: Client, redis: Redis, path: str) -> None:
    keep(redis, *(an_attempt(id_of(path), number=number) for number in (1, 2, 3)))

    first = client.ask("GET", f"{path}/attempts?limit=2").json
    second = client.ask("GET", f"{path}/attempts?limit=2&after={first['next']}").json

    assert [one["number"] for one in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next"] is None


def test_an_attempt_tells_all_its_fields_and_its_time_as_text(client: Client, redis: Redis, path: str) -> None:
    keep(redis, an_attempt(id_of(path)), an_attempt(id_of(path), account="globex"))

    told, of_before = client.ask("GET", f"{path}/attempts").json["items"]  # the latter as an earlier version noted it

    assert of_before["account"] is None
    assert told == {
        "id": told["id"],
        "at": "2026-03-02T09:00:41.250Z",
        "destinationId": id_of(path),
        "account": "globex",
        "eventId": "s-1/1",
        "telephonySessionId": "s-1",
        "number": 1,
        "verdict": "delivered",
        "blame": None,
        "status": 204,
        "seconds": 0.042,
        "excerpt": "",
        "error": None,
        "nextAt": None,
    }


def test_a_test_is_asked_for_and_named_by_its_event(client: Client, redis: Redis, path: str) -> None:
    answer = client.ask("POST", f"{path}/test")

    assert answer.status_code == 202
    assert answer.json["id"].startswith(f"{id_of(path)}/test/")
    assert redis.zcard(keys.asked(id_of(path))) == 1
    assert redis.zscore(keys.BELLS, f"{Stage.DELIVER}|{id_of(path)}") is not None
    assert redis.xlen(keys.OUTCOMES) == 0


def given_up(redis: Redis, path: str) -> None:
    """Have two events that were given up, one for each side's fault."""
    publish(redis, *(outcome_of(f"s-{number}") for number in (1, 2)))
    entries: Any = redis.xrange(keys.OUTCOMES)
    places = [place.decode() for place, _ in entries]
    bury(
        redis,
        id_of(path),
        a_dead_letter("s-1/1", places[0]),
        a_dead_letter("s-2/1", places[1], blame="network", because="exhausted"),
    )


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (None, 2),
        ({}, 2),
        ({"blame": ["theirs"]}, 1),
        ({"blame": ["network", "theirs"]}, 2),
        ({"blame": ["ours"]}, 0),
        ({"since": "2000-01-01T00:00:00Z", "until": "2000-01-02T00:00:00+02:00"}, 0),
        ({"everything": True}, 2),
        ({"everything": True, "since": "1960-01-01T00:00:00Z"}, 2),
        ({"everything": True, "until": "1960-01-01T00:00:00Z"}, 0),
    ],
)
def test_what_failed_is_counted_first_and_then_sent_again(
    client: Client, redis: Redis, path: str, body: dict[str, object] | None, count: int
) -> None:
    given_up(redis, path)

    rehearsed = client.ask("POST", f"{path}/redrive", (body or {}) | {"dryRun": True})
    assert (rehearsed.status_code, rehearsed.json) == (200, {"count": count, "dryRun": True})
    assert redis.zcard(keys.asked(id_of(path))) == 0

    for _ in range(2):  # asking twice is asking once
        done = client.ask("POST", f"{path}/redrive", body)
        assert (done.status_code, done.json) == (202, {"count": count, "dryRun": False})
    assert redis.zcard(keys.asked(id_of(path))) == count


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"blame": ["fate"]}, "/blame/0"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-03-02T09:00:00"}, "/since"),
        ({"since": "2026-03-02T09:00:00Z", "until": "2026-03-02T08:59:59Z"}, "/until"),
        ({"perSecond": 0}, "/perSecond"),
        ({"perSecond": 0.009}, "/perSecond"),
        ({"perSecond": 1e9}, "/perSecond"),
        ({"dryrun": True}, "/dryrun"),
    ],
)
def test_a_redrive_that_does_not_fit_is_told_where(
    client: Client, path: str, body: dict[str, object], pointer: str
) -> None:
    answer = client.ask("POST", f"{path}/redrive", body)

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{NONE}/test"), ("POST", f"{NONE}/redrive"), ("POST", f"{NONE}/rotate"), ("GET", f"{NONE}/attempts")],
)
def test_one_that_is_not_there_is_told_so(client: Client, method: str, path: str) -> None:
    answer = client.ask(method, path)

    assert (answer.status_code, answer.json["type"]) == (404, "urn:legwork:problems:not-found")
