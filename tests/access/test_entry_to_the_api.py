"""The API's door with two tokens, the dashboard's session and a throttle behind it."""

from typing import Any

import pytest
from flask import Flask
from redis import Redis

from runtime import actions
from runtime.settings import Account, Scope, Settings, WebRole
from web.access.throttle import EACH, TOGETHER
from web.create_app import create_app

ADMIN, READER = "t0ken-of-the-admin", "t0ken-of-the-reader"
LIST = "/api/v1/destinations"
DRAFT = {"url": "https://93.184.215.14/hook"}


def an_app(redis: Redis, role: WebRole = WebRole.ALL, *, names: tuple[str, ...] = ("default",)) -> Flask:
    accounts = tuple(
        Account(name, "https://platform.example", Scope.ACCOUNT, None, ("verification",)) for name in names
    )
    settings = Settings(redis_url="", accounts=accounts, admin_token=ADMIN, read_token=READER, web_role=role)
    return create_app(settings, redis)


@pytest.fixture
def app(redis: Redis) -> Flask:
    return an_app(redis)


def ask(app: Flask, method: str = "GET", token: str = ADMIN, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
    return app.test_client().open(more.pop("path", LIST), method=method, headers=headers, **more)


def test_a_reader_sees_what_is_there_and_changes_nothing(app: Flask) -> None:
    refused = ask(app, "POST", READER, json=DRAFT)

    assert ask(app, token=READER).json == {"items": [], "next": None}
    assert (refused.status_code, refused.json["type"]) == (403, "urn:legwork:problems:read-only")
    assert ask(app).json["items"] == []


def test_who_guesses_too_often_is_told_when_to_come_back_and_not_whether_he_was_right(app: Flask) -> None:
    answers = [ask(app, token=f"guess-{number}").status_code for number in range(EACH.burst + 1)]
    right = ask(app)

    assert answers == [401] * EACH.burst + [429]
    assert right.status_code == 429
    assert 1 <= int(right.headers["Retry-After"]) <= EACH.seconds + 1


def test_asking_without_a_token_is_no_guess(app: Flask) -> None:
    for _ in range(EACH.burst + 1):
        assert app.test_client().get(LIST).status_code == 401

    assert ask(app).status_code == 200


def test_behind_a_proxy_of_ours_each_address_is_throttled_by_itself(app: Flask) -> None:
    for number in range(EACH.burst):
        ask(app, token="guess", headers={"X-Forwarded-For": f"10.9.9.{number}, 198.51.100.7"})

    assert ask(app, headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 429
    assert ask(app, headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 200


def test_whose_token_was_right_once_is_let_in_however_much_strangers_guess(app: Flask) -> None:
    ours, another = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "203.0.113.9"}
    assert ask(app, headers=ours).status_code == 200
    for number in range(TOGETHER.burst):
        ask(app, token="guess", headers={"X-Forwarded-For": f"198.51.100.{100 + number}"})

    assert ask(app, headers=another).status_code == 429
    assert ask(app, headers=ours).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Secret", "Bearers"])
def test_a_token_behind_another_word_than_bearer_is_none(app: Flask, scheme: str) -> None:
    assert ask(app, headers={"Authorization": f"{scheme} {ADMIN}"}).status_code == 401


def test_a_wrong_token_lets_nobody_in_who_brings_a_session_as_well(app: Flask) -> None:
    client = app.test_client()
    client.post("/login", data={"password": ADMIN})

    assert client.get(LIST).status_code == 200
    assert client.get(LIST, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_what_was_changed_is_written_down_and_what_was_looked_at_is_not(app: Flask, redis: Redis) -> None:
    made = ask(app, "POST", json=DRAFT).json["id"]
    ask(app, "POST", json={})
    ask(app)
    ask(app, "DELETE", path=f"{LIST}/{made}")

    trail = actions.page(redis).items

    assert [(one.who, one.via, one.what, one.target) for one in trail] == [
        ("admin", "api", "remove destination", made),
        ("admin", "api", "add destination", made),
    ]
    assert trail[0].at >= trail[1].at > 1_600_000_000


def test_the_trail_is_paged_newest_first(redis: Redis) -> None:
    for number in range(5):
        actions.record(redis, actions.Action(who="a", via="api", address="", what=f"w{number}"))

    first = actions.page(redis, limit=3)
    second = actions.page(redis, after=first.next, limit=3)

    assert [one.what for one in (*first.items, *second.items)] == ["w4", "w3", "w2", "w1", "w0"]
    assert second.next is None


@pytest.mark.parametrize(
    ("role", "webhook", "api"), [(WebRole.ALL, 401, 200), (WebRole.WEBHOOKS, 401, 404), (WebRole.OPS, 404, 200)]
)
def test_a_web_process_serves_what_its_role_says(redis: Redis, role: WebRole, webhook: int, api: int) -> None:
    app = an_app(redis, role)

    assert app.test_client().post("/webhooks/ringcentral").status_code == webhook
    assert ask(app).status_code == api
    assert app.test_client().get("/healthz").status_code == 200
