"""What the dashboard's pages tell: how well RingCentral is heard, and what to do where there is nothing."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from redis import Redis

from runtime import guarding, keys
from runtime.deliveries import destinations
from runtime.guarding import Guarded
from runtime.redis_client import INGEST, connect
from telephony.call_outcome import Endpoint
from telephony.destinations import Draft
from telephony.subscriptions import Health
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import an_app
from tests.scripts.publishing import outcome_of, publish
from tests.simulator.waiting import wait_until
from tests.web.conftest import NOBODY
from web.access import sessions
from web.dashboard.writing import side

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def app(redis: Redis) -> Flask:
    return an_app(redis)


def text_of(client: FlaskClient, path: str, part: str) -> str:
    found = re.search(rf'<section id="{part}".*?</section>', client.get(path).text, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


@pytest.mark.parametrize(("path", "part"), [("/", "vitals"), ("/accounts", "account-1")])
def test_the_subscription_is_shown_as_the_guardian_left_it(app: Flask, redis: Redis, path: str, part: str) -> None:
    redis.xadd(keys.inbox("default"), {"body": b"{}"})
    guarding.keep(redis, "default", Guarded(id="sub-1", health=Health.BLACKLISTED, checked_at=1.0))

    told = text_of(log_in(app), path, part)

    assert re.search(r"Subscription blacklisted .*last heard", told)


@pytest.mark.parametrize(("path", "part"), [("/", "vitals"), ("/accounts", "account-1")])
def test_before_the_first_look_nothing_is_claimed_of_the_subscription(app: Flask, path: str, part: str) -> None:
    assert "Subscription not looked at nothing heard yet" in text_of(log_in(app), path, part)


def test_what_hinders_the_guardian_is_told_beside_the_account(app: Flask, redis: Redis) -> None:
    guarding.keep(redis, "default", Guarded(checked_at=1.0, problem="Forbidden SUB-505"))

    assert "hindered: Forbidden SUB-505" in text_of(log_in(app), "/accounts", "account-1")


@pytest.mark.parametrize("path", ["/destinations/{id}", "/quarantine", "/trail"])
def test_a_page_that_no_page_leads_to_begins_anew(app: Flask, redis: Redis, path: str) -> None:
    made = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())[0]

    assert log_in(app).get(f"{path.format(id=made.id)}?after=x").status_code == 200


def test_a_person_who_went_astray_is_shown_the_way_and_the_page_is_guarded(app: Flask) -> None:
    for client in (app.test_client(), log_in(app)):
        answer = client.get("/nowhere/at/all", headers=HTML)

        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_who_is_in_and_went_astray_may_still_leave_and_while_redis_is_away_is_shown_the_way_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "BELIEVED_SECONDS", 0.0)

    told = [
        client.get("/nowhere", headers=HTML).text
        for client in (log_in(app), app.test_client(), log_in(an_app(connect(NOBODY, INGEST))))
    ]

    assert ["Log out" in text for text in told] == [True, False, False]
    assert re.search(r'name="token" value="\w+"', told[0])
    assert all("There is nothing here" in text for text in told)


def test_a_program_that_went_astray_gets_no_page(app: Flask) -> None:
    client = log_in(app)

    assert "Legwork" not in client.get("/nowhere").text
    assert client.get("/api/v1/nowhere").content_type == "application/problem+json"


def test_the_address_of_a_button_opened_without_it_shows_the_way_too(app: Flask) -> None:
    answer = log_in(app).get("/destinations/dst_1/rotate", headers=HTML)

    assert (answer.status_code, set(answer.allow)) == (405, {"OPTIONS", "POST"})
    assert "There is nothing here" in answer.text


def test_only_what_is_looked_at_is_tried_again_while_redis_is_away() -> None:
    client = log_in(an_app(connect(NOBODY, INGEST)))

    looked, asked = client.get("/trail"), client.post("/destinations/dst_1/test")

    assert (looked.status_code, asked.status_code) == (503, 503)
    assert "data-again" in looked.text
    assert "data-again" not in asked.text
    assert "was done, or was not" in asked.text


def test_what_somebody_took_out_of_quarantine_first_is_no_misspelt_address(app: Flask) -> None:
    client = log_in(app)

    answer = client.post("/quarantine/default/1-0/discard", data={"token": form_token(client)})

    assert (answer.status_code, "not in quarantine any more" in answer.text) == (404, True)


def test_what_a_record_says_that_never_became_final_is_not_said_to_be_heard(app: Flask, redis: Redis) -> None:
    outcome = outcome_of("s-1")
    publish(redis, replace(outcome, data=replace(outcome.data, confirmed=False)))

    assert "which never became final" in text_of(log_in(app), "/calls/s-1", "answer")


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00"),
        ("2026-03-02T10:00:00%2B01:00", "2026-03-02T09:00:00"),
        ("2026-03-02T09:00:00.123Z", "2026-03-02T09:00:00"),
        ("2026-03-02", "2026-03-02T00:00:00"),
        ("9999-12-31T23:59:59-05:00", ""),
        ("yesterday", ""),
    ],
)
def test_a_time_in_an_address_is_what_is_looked_for_and_what_its_field_shows(app: Flask, told: str, field: str) -> None:
    page = log_in(app).get(f"/calls?since={told}").text

    assert f'name="since" type="datetime-local" step="1" value="{field}"' in page
    assert ("No call is like that." in page) is bool(field)


def test_the_part_of_a_second_that_a_field_does_not_show_is_looked_through(app: Flask, redis: Redis) -> None:
    outcome = outcome_of("s-1")
    publish(redis, replace(outcome, data=replace(outcome.data, start_time="2026-03-02T09:00:00.500Z")))
    began = "2026-03-02T09:00:00.500Z"

    assert "/calls/s-1" in log_in(app).get(f"/calls?since={began}&until={began}").text


def test_a_name_from_right_to_left_leaves_the_number_beside_it_alone() -> None:
    told = side(Endpoint(phone_number="+16505550101", name="محمد"))

    assert told == '<bdi class="name">محمد</bdi> <bdi class="number">+1 650 555 0101</bdi>'


def test_now_and_completeness_tell_the_same_count(app: Flask, redis: Redis) -> None:
    client = log_in(app)
    wait_until(lambda: "accounted for" in client.get("/completeness").text, seconds=5)

    publish(redis, outcome_of("s-1"))

    assert "0 of 0" in text_of(client, "/completeness", "whole")
    assert "of 0 in the last day" in text_of(client, "/", "vitals")


def test_of_a_long_body_in_quarantine_the_beginning_is_listed_and_all_of_it_is_a_click_away(
    app: Flask, redis: Redis
) -> None:
    entry: bytes = redis.xadd(keys.quarantine("default"), {"reason": "not JSON", "body": b"<b>" + b"x" * 10_000})  # type: ignore[assignment]  # a synchronous client's
    client = log_in(app)

    listed, whole = client.get("/quarantine").text, client.get(f"/quarantine/default/{entry.decode()}")

    assert listed.count("x" * 3000) == 1
    assert "All of its 10,003 characters" in listed
    assert (whole.data, whole.mimetype) == (b"<b>" + b"x" * 10_000, "text/plain")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/quarantine/default/1-0").status_code == 404
