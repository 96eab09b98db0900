"""The page of a destination: all that it is sent, what came of it, and what is said after something was asked for."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import destinations
from telephony.destinations import Changes, DestinationState, Draft
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.builders.attempts import an_attempt, keep

ALERT = "operator:destination.failing:dst_1:1000"


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis))


@pytest.fixture
def destination(redis: Redis) -> str:
    draft = Draft(url="https://crm.example/hook", fields=("outcome", "from"), operator=True)
    return destinations.create(redis, draft, keys=())[0].id


def test_everything_that_was_chosen_is_shown(client: FlaskClient, destination: str) -> None:
    told = text_of(client, f"/destinations/{destination}", "wants")

    assert "Fields outcome, from" in told
    assert "Alerts of Legwork yes" in told


def test_only_an_attempt_of_a_call_leads_to_one(client: FlaskClient, redis: Redis, destination: str) -> None:
    test = f"{destination}/test/7"
    keep(
        redis,
        an_attempt(destination, call=ALERT, event_id=f"{ALERT}/0"),
        an_attempt(destination, call=test, event_id=test),
    )
    keep(redis, an_attempt(destination, call="s-1", event_id="s-1/1"))

    page = client.get(f"/destinations/{destination}").text

    assert re.findall(r'href="(/calls/[^"]+)"', page) == ["/calls/s-1"]
    assert {"an alert", "a test"} <= set(re.findall(r"<td>([^<]+)</td>", page))


@pytest.mark.parametrize(
    ("state", "said"),
    [(DestinationState.ACTIVE, "A test is on its way."), (DestinationState.PAUSED, "when you resume")],
)
def test_a_test_is_said_to_wait_where_nothing_is_sent(
    client: FlaskClient, redis: Redis, destination: str, state: DestinationState, said: str
) -> None:
    destinations.update(redis, destination, Changes(state=state))

    answer = client.post(f"/destinations/{destination}/test", data={"token": form_token(client)}, follow_redirects=True)

    assert said in answer.text
