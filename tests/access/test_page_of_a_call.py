"""The page of a call: what became of it, its legs, who was rung, and what changed; and nothing that is not known."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from redis import Redis

from runtime import keys
from telephony.agent_rules import AgentStatus
from telephony.agents import Agent
from telephony.events import CallEvent
from telephony.times import iso_ms
from telephony.words import LegStatus, Outcome
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.builders.events import unresolved
from tests.builders.kept_calls import START, a_session_of, an_end_of, an_outcome_of, erase, publish, see

PATH = "/calls/s-0001"


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis, names=("acme",)))


def saying(event: CallEvent, **data: Any) -> CallEvent:
    """Have an event say something else."""
    return replace(event, data=replace(event.data, **data))


def parts(client: FlaskClient) -> str:
    """Give what the page says above its time line."""
    page = client.get(PATH).text
    return " ".join(re.sub(r"<[^>]+>", " ", page[: page.index('id="line"')]).split())


def test_what_the_call_log_says_is_shown_and_what_is_asked_of_it_still(client: FlaskClient, redis: Redis) -> None:
    publish(redis, saying(an_outcome_of(1), reason="No Answer", type="Fax"))
    redis.zadd(keys.due("acme"), {"s-0001": START.timestamp()})

    told = text_of(client, PATH, "answer")

    assert "confirms it, and is looked at again at 02 Mar 09:00:00" in told
    assert "RingCentral says Accepted No Answer Revision 1 webhook Extensions 60200101 Account acme" in told
    assert "Inbound fax 02 Mar 09:01:00" in parts(client)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/events.json"])
def test_a_call_that_was_erased_is_said_to_be_and_not_to_wait_for_its_record(
    client: FlaskClient, redis: Redis, path: str
) -> None:
    erase(redis, 1)

    answer = client.get(path)

    assert answer.status_code == 404
    assert "This call was erased" in answer.text


def test_what_the_call_log_does_not_confirm_is_told_with_whose_word_it_is(client: FlaskClient, redis: Redis) -> None:
    def lead(event: CallEvent) -> str:
        publish(redis, event)
        return text_of(client, PATH, "answer").partition(" Length")[0].partition(" . ")[0]

    known = saying(an_outcome_of(1), confirmed=False)
    assert "That is what the notifications tell; its record in the call log is waited for." in lead(an_end_of(1))
    assert "That is what its record in the call log tells, which never became final." in lead(known)
    given_up = unresolved(a_session_of(1, code="Disconnected"), revision=2, now=START)
    assert "The call log never showed a record that was written after the call." in lead(given_up)


def test_what_nobody_says_of_a_call_is_not_shown(client: FlaskClient, redis: Redis) -> None:
    bare = {"result": None, "caller_status": None, "callee_status": None, "extensions": (), "duration_seconds": None}
    publish(redis, saying(an_outcome_of(1), **bare))

    told = text_of(client, PATH, "answer")

    assert "Inbound call" in parts(client)
    for word in (
        "looked at again",
        "RingCentral says",
        "Caller\N{RIGHT SINGLE QUOTATION MARK}s leg",
        "Callee\N{RIGHT SINGLE QUOTATION MARK}s leg",
        "Extensions",
        "Length",
    ):
        assert word not in told


@pytest.mark.parametrize(
    ("callee", "said"),
    [
        ({"callee_status": "NoAnswer", "callee_outcome": Outcome.MISSED}, "NoAnswer"),
        ({"callee_status": None, "callee_outcome": Outcome.MISSED}, "missed"),
    ],
)
def test_of_a_ringout_both_legs_are_told_of(
    client: FlaskClient, redis: Redis, callee: dict[str, Any], said: str
) -> None:
    publish(redis, saying(an_outcome_of(1), caller_status="Success", **callee))

    assert (
        f"Caller\N{RIGHT SINGLE QUOTATION MARK}s leg Success Callee\N{RIGHT SINGLE QUOTATION MARK}s leg {said} "
        in text_of(client, PATH, "answer")
    )


def test_of_a_call_that_is_on_it_is_said_for_how_long_and_nothing_of_an_outcome(
    client: FlaskClient, redis: Redis
) -> None:
    see(redis, a_session_of(1))

    told = text_of(client, PATH, "answer")

    assert "The call is on, for" in told
    assert "Revision" not in told


def test_each_leg_is_told_with_what_it_became_when_and_for_how_long(client: FlaskClient, redis: Redis) -> None:
    event = an_outcome_of(1)
    first, second = event.data.legs
    unknown = replace(second, start_time=None, duration_seconds=None, status=LegStatus.MISSED, result="No Answer")
    legs, answered = (replace(first, master=True), unknown), iso_ms(START + timedelta(seconds=12))
    publish(redis, saying(event, legs=legs, answer_time=answered))

    told = text_of(client, PATH, "legs")

    assert "caller, master answered Accepted began 0.0 s after the first 30 s" in told
    assert "agent missed No Answer when is not known \N{EN DASH}" in told
    assert "The line marks where somebody took the call, at 09:00:12" in told
    page = client.get(PATH).text
    assert page.count('class="mark"') == 2
    assert page.count('y="4" width=') == 1


def test_where_nobody_took_the_call_no_line_marks_it(client: FlaskClient, redis: Redis) -> None:
    publish(redis, saying(an_outcome_of(1), answer_time=None))

    assert "The line marks" not in text_of(client, PATH, "legs")
    assert 'class="mark"' not in client.get(PATH).text


def test_of_who_was_rung_it_is_told_for_how_long_where_that_is_known(client: FlaskClient, redis: Redis) -> None:
    rung = (
        Agent("60200101", "Mira Holm", AgentStatus.ANSWERED, 5, 20),
        Agent("60200102", None, AgentStatus.MISSED, 7, None),
        Agent("60200103", "Tom Reyes", AgentStatus.MISSED, None, None),
    )
    publish(redis, saying(an_outcome_of(1), agents=rung))

    told = text_of(client, PATH, "agents")

    assert "answered rang 5 s, talked 20 s Mira Holm 60200101" in told
    assert "missed rang 7 s extension 60200102" in told
    assert "missed Tom Reyes 60200103" in told


def test_who_was_rung_is_not_told_where_nobody_is_known_to_have_been(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))

    assert 'id="agents"' not in client.get(PATH).text


def test_what_a_revision_changed_is_told_and_a_first_one_changed_nothing(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))
    assert 'class="diff"' not in client.get(PATH).text

    publish(redis, saying(an_outcome_of(1, revision=2), outcome=Outcome.MISSED))

    assert "revision 2, confirmed outcome answered missed" in text_of(client, PATH, "line")


def test_what_happens_days_later_is_told_by_its_day(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))
    redis.zadd(keys.due("acme"), {"s-0001": (START + timedelta(days=2)).timestamp()})

    told = text_of(client, PATH, "line")

    assert "09:00:41.000 Published: answered" in told
    assert "04 Mar 09:00:00 Next look at the call log" in told


def test_what_a_leg_told_is_explained_with_which_leg_that_was(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))

    told = text_of(client, PATH, "why")

    assert "(leg 1) answer-within-call" in told
    assert "result Accepted because the call has one record only-record" in told
