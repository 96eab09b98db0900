"""Who may enter the API, and how whatever goes wrong in it is told."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError

from runtime.redis_client import INGEST, connect
from tests.web.api_client import ADMIN, Client, an_app
from web.api import problems
from web.api.problems import Kind, Problem
from web.body import MAX_BODY

LIST = "/api/v1/destinations"


@pytest.fixture
def app(redis: Redis) -> Flask:
    return an_app(redis)


@pytest.fixture
def client(app: Flask) -> Client:
    return Client(app)


def told(answer: Any) -> tuple[int, str]:
    """Give a problem's status and word, having checked that it is a whole problem document."""
    document = answer.json
    assert answer.mimetype == "application/problem+json"
    assert document["status"] == answer.status_code
    assert document["title"]
    return answer.status_code, document["type"].removeprefix("urn:legwork:problems:")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {ADMIN}x",
        f"Bearer {ADMIN[:-1]}",
        f"Basic {ADMIN}",
        ADMIN,
        "Bearer t\xf6ken",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_stranger_is_refused(app: Flask, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = app.test_client().get(LIST, headers=headers)

    assert told(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_who_has_the_token_is_let_in(app: Flask, scheme: str) -> None:
    assert app.test_client().get(LIST, headers={"Authorization": f"{scheme} {ADMIN}"}).status_code == 200


def test_a_token_may_be_any_text(redis: Redis) -> None:
    app = an_app(redis, admin_token="tök€n")
    header = "Bearer tök€n".encode().decode("latin-1")  # as WSGI hands it over

    assert app.test_client().get(LIST, headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("header", ["Bearer ", "Bearer None", f"Bearer {ADMIN}"])
def test_without_a_token_the_api_is_closed_to_everybody(redis: Redis, token: str | None, header: str) -> None:
    answer: Any = an_app(redis, admin_token=token).test_client().get(LIST, headers={"Authorization": header})

    assert told(answer) == (503, "admin-token-not-set")
    assert "ADMIN_TOKEN" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/destinations", LIST])
def test_a_stranger_learns_nothing_from_trying_paths(app: Flask, path: str) -> None:
    assert told(app.test_client().get(path)) == (401, "unauthorized")
    assert told(app.test_client().open(path, method="PURGE")) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/calls", 405)])
def test_who_takes_html_is_told_of_problems_as_everybody_else(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.ask(method, path, headers={"Accept": "text/html, image/gif, *; q=.2, */*; q=.2"})

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_what_is_not_the_api_is_left_alone(app: Flask) -> None:
    client = app.test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/apical").status_code == 404
    assert client.get("/apical").mimetype == "text/html"


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", "/nothing", {}, (404, "not-found")),
        ("GET", "/destinations/dst_none", {}, (404, "not-found")),
        ("PUT", "/destinations", {"body": {}}, (405, "method-not-allowed")),
        ("POST", "/destinations", {}, (415, "unsupported-media-type")),
        ("POST", "/destinations", {"body": b"url=x", "content_type": "text/plain"}, (415, "unsupported-media-type")),
        ("POST", "/destinations", {"body": b"{"}, (400, "not-json")),
        ("POST", "/destinations", {"body": b'{"url": "\xff"}'}, (400, "not-json")),
        ("POST", "/destinations", {"body": b""}, (400, "not-json")),
        ("POST", "/destinations", {"body": b"[" * 100_000}, (422, "invalid")),
        ("POST", "/destinations", {"body": b'{"url": ' + b"[" * 100_000}, (422, "invalid")),
        ("POST", "/destinations", {"body": b"x" * (MAX_BODY + 1)}, (413, "too-large")),
        ("GET", "/destinations?limit=0", {}, (422, "invalid")),
    ],
)
def test_whatever_goes_wrong_is_a_problem_document(
    client: Client, method: str, path: str, more: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert told(client.ask(method, path, **more)) == expected


def test_a_method_that_is_not_for_this_path_is_told_which_are(client: Client) -> None:
    assert set(client.ask("PUT", "/destinations", {}).headers["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ([], ""),
        ({"url": 1}, "/url"),
        ({"url": "x", "colour": "red"}, "/colour"),
        ({"url": "x", "a/b~c": "red"}, "/a~1b~0c"),
        ({"url": "x", "accounts": ["a", 1]}, "/accounts/1"),
        ({"url": "x", "createOnly": "yes"}, "/createOnly"),
        ({"url": "x", "outcomes": ["lost"]}, "/outcomes/0"),
    ],
)
def test_a_body_that_does_not_fit_is_told_where(client: Client, body: object, pointer: str) -> None:
    answer = client.ask("POST", "/destinations", body)

    assert told(answer) == (422, "invalid")
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_a_parameter_nobody_knows_is_refused_rather_than_passed_over(client: Client) -> None:
    answer = client.ask("GET", "/destinations?limt=3")

    assert told(answer) == (422, "invalid")
    assert answer.json["errors"][0]["parameter"] == "limt"


def test_no_route_passes_over_a_parameter_nobody_knows(app: Flask, client: Client) -> None:
    routes = [
        (method, re.sub(r"<.*?>", "x", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    assert len(routes) > 20

    passed = [route for route in routes if told(client.ask(*route, query_string="dryrun=true")) != (422, "invalid")]

    assert passed == []


def test_a_fault_of_ours_is_told_without_its_insides(app: Flask) -> None:
    def fails() -> str:
        raise ZeroDivisionError("secret inside")

    app.add_url_rule("/api/v1/fails", view_func=fails)

    answer = Client(app).ask("GET", "/fails")

    assert told(answer) == (500, "internal")
    assert "secret" not in answer.text


def test_a_fault_of_ours_is_told_so_also_where_another_project_has_flask_debug(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")

    test_a_fault_of_ours_is_told_without_its_insides(an_app(redis))


def test_a_redis_that_is_away_is_said_so() -> None:
    away = connect("unix:///nowhere/redis.sock", INGEST)

    answer = Client(an_app(away)).ask("GET", "/destinations")

    assert told(answer) == (503, "redis-away")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'.", status_code="OOM"),
        ReadOnlyError("You can't write against a read only replica.", status_code="READONLY"),
        ResponseError("MISCONF Redis is configured to save RDB snapshots, but"),
        RedisConnectionError("max number of clients reached", status_code="ERR"),
    ],
)
def test_a_redis_that_cannot_do_it_just_now_is_away(app: Flask, error: RedisError) -> None:
    def fails() -> str:
        raise error

    app.add_url_rule("/api/v1/fails", view_func=fails)

    assert told(Client(app).ask("GET", "/fails")) == (503, "redis-away")


def test_what_redis_takes_for_a_mistake_is_a_fault_of_ours_and_no_reason_to_ask_again(app: Flask, redis: Redis) -> None:
    def fails() -> str:
        return str(redis.xrange("legwork:outcomes", min="no place"))

    app.add_url_rule("/api/v1/fails", view_func=fails)

    answer = Client(app).ask("GET", "/fails")

    assert told(answer) == (500, "internal")
    assert "Retry-After" not in answer.headers


def test_no_cache_keeps_an_answer(client: Client) -> None:
    assert client.ask("GET", "/destinations").headers["Cache-Control"] == "no-store"
    assert client.ask("GET", "/nothing").headers["Cache-Control"] == "no-store"


def every_kind(of: Callable[[Kind], object]) -> list[object]:
    return [of(kind) for kind in problems.KINDS]


def test_each_kind_of_problem_has_a_word_of_its_own() -> None:
    assert len(set(every_kind(lambda kind: kind.word))) == len(problems.KINDS)
    assert set(problems.KINDS) == {kind for kind in vars(problems).values() if isinstance(kind, Kind)}


def test_a_problem_without_detail_leaves_it_out() -> None:
    document = msgspec.json.decode(Problem(problems.NOT_FOUND).response().data)

    assert document.keys() == {"type", "title", "status"}
