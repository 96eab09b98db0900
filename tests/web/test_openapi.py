"""The OpenAPI document: every route for programs is in it, and nothing that is not there."""

import re
from typing import Any

import jsonschema
import msgspec
import pytest
from flask import Flask
from redis import Redis

from tests.builders.kept_calls import ACCOUNT, an_end_of, an_outcome_of, publish
from tests.web.api_client import Client, an_app
from web.api.described import description_of
from web.openapi import document

FOR_PEOPLE = "dashboard"
"""The blueprint of the pages no program asks for."""


@pytest.fixture
def app(redis: Redis) -> Flask:
    return an_app(redis, account=ACCOUNT)


def routes(app: Flask) -> set[tuple[str, str]]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] != FOR_PEOPLE]
    return {
        (method.lower(), re.sub(r"<.*?>", "{}", rule.rule))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_for_programs_is_in_the_document_and_nothing_else(app: Flask) -> None:
    paths = document(app)["paths"]

    told = {(method, re.sub(r"\{.*?\}", "{}", path)) for path, methods in paths.items() for method in methods}
    assert told == routes(app)


def test_every_route_of_the_api_says_what_it_takes_and_answers(app: Flask) -> None:
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and description_of(app.view_functions[rule.endpoint]) is None
    ]

    assert silent == []


def test_whoever_asks_is_told_the_document(app: Flask) -> None:
    answer: Any = app.test_client().get("/openapi.json")

    assert (answer.status_code, answer.json) == (200, msgspec.json.decode(msgspec.json.encode(document(app))))


def test_no_two_operations_have_the_same_name_and_no_reference_leads_nowhere(app: Flask) -> None:
    told = document(app)
    operations = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
    references = set(re.findall(r"#/components/schemas/([\w.]+)", str(told)))

    assert len(set(operations)) == len(operations)
    assert references <= set(told["components"]["schemas"])


def test_that_nothing_has_changed_is_described_wherever_it_is_answered(app: Flask, redis: Redis) -> None:
    publish(redis, an_end_of(1))
    client = Client(app)
    told = document(app)["paths"]
    lists = ("/audit", "/calls", "/destinations", "/outcomes", "/replays", "/ringouts")
    known = {one: client.ask("GET", one).headers["ETag"] for one in lists}

    again = {one: client.ask("GET", one, headers={"If-None-Match": tag}).status_code for one, tag in known.items()}

    assert set(again.values()) == {304}
    described = {path for path, methods in told.items() if "304" in methods.get("get", {}).get("responses", ())}
    assert described == {path for path in told if "/api/" in path and "get" in told[path]} - {"/api/v1/stream"}
    assert described >= {f"/api/v1{one}" for one in lists}


@pytest.mark.parametrize(
    "path",
    ["/calls", "/calls/s-0001", "/outcomes", "/destinations", "/destinations/{id}", "/destinations/{id}/attempts"],
)
def test_what_is_answered_is_what_the_document_says(app: Flask, redis: Redis, path: str) -> None:
    publish(redis, an_end_of(1), an_outcome_of(1))
    client = Client(app)
    where = path.replace("{id}", client.add()["id"])
    told = document(app)
    template = "/api/v1" + path.replace("{id}", "{destinationId}").replace("s-0001", "{telephonySessionId}")
    schema = told["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    jsonschema.validate(client.ask("GET", where).json, {**schema, "components": told["components"]})
