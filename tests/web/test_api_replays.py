"""Replays over the API: asked for, looked at, and stopped."""

import pytest
from redis import Redis

from runtime import keys, replays
from runtime.leases import lease
from runtime.replays import Asked, Finding, Level
from telephony.differences import Difference
from telephony.selection import Selection
from telephony.words import Outcome
from tests.access.test_entry_to_the_api import an_app as of_several
from tests.scripts.publishing import outcome_of, publish
from tests.web.api_client import Client
from web.api import asked

ACCOUNT = "default"


def test_a_replay_is_asked_for_and_looked_at(client: Client, redis: Redis) -> None:
    made = client.ask("POST", "/replays", {"level": "refetch", "calls": ["s-1", "s-2"], "dryRun": True})

    assert (made.status_code, made.json["state"], made.json["dryRun"]) == (201, "waiting", True)
    assert made.headers["Location"] == f"/api/v1/replays/{made.json['id']}"
    shown = client.ask("GET", f"/replays/{made.json['id']}").json
    assert (shown["level"], shown["selection"]) == ("refetch", {"calls": ["s-1", "s-2"]})
    assert redis.zscore(keys.BELLS, f"replay|{ACCOUNT}") is not None


def test_asking_twice_for_the_same_gives_the_same_replay(client: Client) -> None:
    body = {"level": "raw", "since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}

    first, second = (client.ask("POST", "/replays", body).json["id"] for _ in range(2))

    assert first == second
    assert [one["id"] for one in client.ask("GET", "/replays").json["items"]] == [first]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"level": "refetch"}, ""),
        ({"level": "backfill", "since": "2026-11-01T00:00:00Z"}, "/level"),
        ({"level": "raw", "calls": ["s 1"]}, "/calls/0"),
        ({"level": "raw", "calls": ["s-1\n"]}, "/calls/0"),
        ({"level": "raw", "since": "yesterday"}, "/since"),
        ({"level": "deliver", "failed": True, "destination": "dst_unheard_of"}, "/destination"),
        ({"level": "raw", "calls": ["s-1"], "account": "globex"}, "/account"),
        ({"level": "raw", "number": "private"}, "/number"),
        ({"level": "raw", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/until"),
        ({"level": "raw", "cals": ["s-1"]}, "/cals"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_place(client: Client, body: dict[str, object], pointer: str) -> None:
    answer = client.ask("POST", "/replays", body)

    assert answer.status_code == 422
    assert [fault.get("pointer") for fault in answer.json["errors"]] == [pointer]


def test_what_was_found_is_listed_page_by_page(client: Client, redis: Redis) -> None:
    replay_id = client.ask("POST", "/replays", {"level": "raw", "unresolved": True}).json["id"]
    replay = replays.load(redis, ACCOUNT, replay_id)
    assert replay is not None
    with lease(redis, ACCOUNT, "replay") as held:
        difference = Difference("outcome", "missed", "answered")
        held.commit([replays.found(replay, Finding(f"s-{number}", 2, (difference,))) for number in range(3)])

    first = client.ask("GET", f"/replays/{replay_id}/changes?limit=2").json
    second = client.ask("GET", f"/replays/{replay_id}/changes?limit=2&after={first['next']}").json

    assert [one["telephonySessionId"] for page in (first, second) for one in page["items"]] == ["s-0", "s-1", "s-2"]
    assert second["next"] is None
    assert client.ask("GET", f"/replays/{replay_id}/changes?limit=3").json["next"] is None
    assert first["items"][0]["differences"] == [{"field": "outcome", "before": "missed", "after": "answered"}]
    assert client.ask("GET", f"/replays/{replay_id}").json["changed"] == 3


def test_the_pages_of_replays_hold_all_there_are(client: Client, redis: Redis) -> None:
    ids = [
        replays.create(redis, ACCOUNT, Asked(level=Level.RAW, selection=Selection(calls=(f"s-{number}",)))).id
        for number in range(asked.MOST + 1)
    ]

    first = client.ask("GET", f"/replays?limit={asked.MOST}").json
    second = client.ask("GET", f"/replays?limit={asked.MOST}&after={first['next']}").json

    assert sorted(one["id"] for page in (first, second) for one in page["items"]) == sorted(ids)
    assert second["next"] is None


def test_a_page_after_what_is_gone_is_refused_for_the_list_would_begin_anew(client: Client) -> None:
    client.ask("POST", "/replays", {"level": "raw", "calls": ["s-1"]})

    answer = client.ask("GET", "/replays?after=rpl_000000000000")

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"detail": "names no replay (any more)", "parameter": "after"}]


@pytest.mark.parametrize(
    "stretch",
    [
        {"since": "0001-01-01T00:00:00+23:59"},
        {"since": "9999-12-31T23:59:59-23:59"},
        {"since": "2026-11-01T00:00:00Z", "until": "9999-12-31T23:59:59.999999Z"},
    ],
)
def test_times_at_the_end_of_the_calendar_break_neither_a_replay_nor_the_list(
    client: Client, stretch: dict[str, str]
) -> None:
    assert client.ask("POST", "/replays", {"level": "refetch", **stretch}).status_code == 201
    assert client.ask("GET", "/replays").status_code == 200


@pytest.mark.parametrize(
    ("said", "account"),
    [
        ({"calls": ["s-1"]}, "acme"),
        ({"calls": ["s-1", "s-2"]}, "acme"),
        ({"calls": ["s-3"]}, "globex"),
        ({"calls": ["s-3"], "account": "acme"}, "acme"),
        ({"since": "2026-11-01T00:00:00Z", "account": "globex"}, "globex"),
        ({"calls": ["s-1", "s-3"]}, None),
        ({"calls": ["s-1", "s-unknown"]}, None),
        ({"calls": ["s-of-both"]}, None),
        ({"calls": ["s-of-both", "s-3"]}, "globex"),
        ({"calls": ["s-unknown"]}, None),
        ({"since": "2026-11-01T00:00:00Z"}, None),
    ],
)
def test_of_several_accounts_a_replay_is_of_the_one_that_is_named_or_has_all_its_calls(
    redis: Redis, said: dict[str, object], account: str | None
) -> None:
    publish(redis, outcome_of("s-1"), outcome_of("s-2"), outcome_of("s-of-both"), account="acme")
    publish(redis, outcome_of("s-3"), outcome_of("s-of-both"), account="globex")
    client = Client(of_several(redis, names=("acme", "globex")))

    answer = client.ask("POST", "/replays", {"level": "raw", **said})

    if account is None:
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/account")
    else:
        assert (answer.status_code, answer.json["account"]) == (201, account)


def test_what_is_asked_for_is_what_is_replayed(client: Client, redis: Redis) -> None:
    destination = client.add()["id"]
    body = {
        "level": "deliver",
        "calls": ["s-1"],
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00Z",
        "number": "+1 212 555 0111",
        "extension": "101",
        "outcomes": ["missed"],
        "destination": destination,
        "unresolved": True,
        "failed": True,
    }

    made = client.ask("POST", "/replays", body).json

    replay = replays.load(redis, ACCOUNT, made["id"])
    assert replay is not None
    assert replay.asked == Asked(
        level=Level.DELIVER,
        selection=Selection(
            calls=("s-1",),
            since=1793491200.0,
            until=1793577600.0,
            number="+1 212 555 0111",
            extension="101",
            outcomes=(Outcome.MISSED,),
            destination=destination,
            unresolved=True,
            failed=True,
        ),
    )


def test_a_replay_is_stopped(client: Client) -> None:
    replay_id = client.ask("POST", "/replays", {"level": "raw", "unresolved": True}).json["id"]

    assert client.ask("DELETE", f"/replays/{replay_id}").json["state"] == "cancelled"


@pytest.mark.parametrize("replay_id", ["rpl_000000000000", "nonsense", "rpl_0000000000001"])
def test_a_replay_that_is_not_there_is_said_so(client: Client, replay_id: str) -> None:
    assert client.ask("GET", f"/replays/{replay_id}").status_code == 404
    assert client.ask("DELETE", f"/replays/{replay_id}").status_code == 404
