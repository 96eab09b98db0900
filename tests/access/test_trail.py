"""The trail says to what something was done, by whichever door it was."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import actions, keys
from runtime.deliveries import destinations
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import ADMIN, DRAFT, LIST, an_app, ask
from tests.access.test_pages import text_of
from tests.scripts.publishing import outcome_of, publish
from web.api import ringouts

SINCE = {"level": "refetch", "since": "2026-11-01T00:00"}


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis))


def did(redis: Redis) -> tuple[str, str, str]:
    """Give what was done last, to what, and what more is said of it."""
    last = actions.page(redis).items[0]
    return last.what, last.target, last.detail


def test_a_destination_that_was_added_by_the_dashboard_is_named(client: FlaskClient, redis: Redis) -> None:
    client.post("/destinations", data={**DRAFT, "token": form_token(client)})

    (made,) = destinations.all(redis)
    assert did(redis) == ("add destination", made.id, "")


def test_it_is_written_down_who_did_it_by_which_door_and_from_where(client: FlaskClient, redis: Redis) -> None:
    ahead = {"X-Forwarded-For": "198.51.100.7"}
    client.post("/destinations", data={**DRAFT, "token": form_token(client)}, headers=ahead)
    nameless = an_app(redis).test_client()
    nameless.post("/login", data={"password": ADMIN})
    nameless.post("/destinations", data={**DRAFT, "token": form_token(nameless)})

    second, first = (one for one in actions.page(redis).items if one.what == "add destination")

    assert (first.who, first.via, first.address) == ("Mara", "dashboard", "198.51.100.7")
    assert (second.who, second.via, second.address) == ("admin", "dashboard", "127.0.0.1")


def test_who_logged_in_is_written_down_and_what_was_refused_is_not(client: FlaskClient, redis: Redis) -> None:
    client.post("/destinations", data={"url": "ftp://x", "token": form_token(client)})
    client.post("/destinations/dst_none/pause", data={"token": form_token(client)})
    client.post("/login", data={"password": "guess"})

    assert [(one.who, one.what) for one in actions.page(redis).items] == [("Mara", "log in")]


def test_a_replay_is_named_by_who_begins_it_and_who_cancels_it(client: FlaskClient, redis: Redis) -> None:
    token = form_token(client)
    begun = client.post("/replays", data={**SINCE, "dryRun": "on", "token": token})
    name = begun.headers["Location"].removeprefix("/replays/").partition("?")[0]

    assert did(redis) == ("begin replay", name, "refetch, dry run")

    client.post(f"/replays/{name}/cancel", data={"token": token})
    assert did(redis) == ("cancel replay", name, "")


def test_of_one_call_s_replay_it_is_said_which_it_is_and_how_it_is_done(client: FlaskClient, redis: Redis) -> None:
    publish(redis, outcome_of("s-1"))

    client.post("/calls/s-1/replay", data={"level": "raw", "token": form_token(client)})

    assert did(redis) == ("replay call", "s-1", "raw")


@pytest.mark.parametrize(("dry_run", "detail"), [(True, "raw, dry run"), (False, "raw")])
def test_a_replay_that_is_asked_for_over_the_api_is_named_too(redis: Redis, detail: str, *, dry_run: bool) -> None:
    wish = {"level": "raw", "calls": ["s-1"], "dryRun": dry_run}

    made = ask(an_app(redis), "POST", path="/api/v1/replays", json=wish).json["id"]

    assert did(redis) == ("ask for replay", made, detail)


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        ({"from": {"phoneNumber": "+16505550101"}, "to": {"phoneNumber": "+12125550111"}}, "place"),
        ({"ringOutId": "s-1"}, "follow"),
    ],
)
def test_of_a_ringout_it_is_said_whether_it_is_placed_or_followed_and_never_whom_it_calls(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, wish: dict[str, object], detail: str
) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)

    made = ask(an_app(redis), "POST", path="/api/v1/ringouts", json=wish).json["id"]

    assert did(redis) == ("place ringout", made, detail)


def test_what_somebody_discards_is_named(client: FlaskClient, redis: Redis) -> None:
    redis.xadd(keys.quarantine("default"), {"reason": "no JSON", "body": "{"}, id="1700000000000-0")

    client.post("/quarantine/default/1700000000000-0/discard", data={"token": form_token(client)})

    assert did(redis) == ("discard", "default/1700000000000-0", "")


def test_of_a_destination_that_is_changed_the_fields_are_named_and_not_what_they_hold(redis: Redis) -> None:
    app = an_app(redis)
    made = ask(app, "POST", json=DRAFT).json["id"]

    ask(app, "PATCH", path=f"{LIST}/{made}", json={"numbers": ["+16505550101"], "createOnly": True, "state": "paused"})

    assert did(redis) == ("change destination", made, "numbers, createOnly, state paused")


def test_what_is_only_counted_is_not_told_as_sent_again(redis: Redis) -> None:
    app = an_app(redis)
    made = ask(app, "POST", json=DRAFT).json["id"]

    ask(app, "POST", path=f"{LIST}/{made}/redrive", json={"everything": True, "dryRun": True})
    assert did(redis) == ("send again", made, "everything, dry run")

    ask(app, "POST", path=f"{LIST}/{made}/redrive")
    assert did(redis) == ("send again", made, "")


def test_the_page_tells_who_did_what_to_what_and_what_more_is_said_of_it(client: FlaskClient, redis: Redis) -> None:
    begun = client.post("/replays", data={**SINCE, "dryRun": "on", "token": form_token(client)})
    name = begun.headers["Location"].removeprefix("/replays/").partition("?")[0]

    told = text_of(client, "/trail", "done")

    assert f"Mara begin replay refetch, dry run {name} dashboard 127.0.0.1" in told
    assert "older entries" not in told
    assert "Who did what older entries" in text_of(client, f"/trail?after={actions.page(redis).items[0].id}", "done")
    redis.delete(keys.ACTIONS)
    assert "Nobody did anything by hand." in text_of(client, "/trail", "done")
