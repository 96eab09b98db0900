"""The pages of replays: they say what the API says, and claim nothing that was not looked at."""

import msgspec
import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import replays
from runtime.leases import lease
from runtime.replays import Asked, Finding, Level, Progress, Replay, State
from telephony.selection import Selection
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from web.dashboard import replays as pages


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis))


def a_replay(redis: Redis, *found: Finding, level: Level = Level.REFETCH, **progress: object) -> Replay:
    """Ask for a replay, and have it come so far."""
    made = replays.create(redis, "default", Asked(level=level, selection=Selection(calls=("s-1", "s-2"))))
    after, kept = msgspec.convert(progress, Progress), 600.0
    is_over = after.state in replays.OVER
    with lease(redis, "default", "replay") as held:
        held.commit([replays.found(made, one) for one in found])
        held.commit(
            replays.ended(made, after, retention=kept)
            if is_over
            else replays.progressed(made, after, retention=kept, again_at=0.0)
        )
    return made


def path_of(one: Replay) -> str:
    return f"/replays/default/{one.id}"


def test_a_cancelled_replay_is_cancelled_on_its_page_and_for_the_api(client: FlaskClient, redis: Redis) -> None:
    one = a_replay(redis, state=State.RUNNING, total=2)

    answer = client.post(f"{path_of(one)}/cancel", data={"token": form_token(client)}, follow_redirects=True)

    assert text_of(client, path_of(one), "progress").startswith("cancelled")
    assert client.get(f"/api/v1/replays/{one.id}").json["state"] == "cancelled"  # type: ignore[index]  # it is there
    assert "/cancel" not in answer.text


@pytest.mark.parametrize(
    ("state", "level", "said"),
    [
        (State.DONE, Level.REFETCH, "Nothing differs."),
        (State.DONE, Level.DELIVER, "Nothing is sent again."),
        (State.FAILED, Level.REFETCH, "It ended early."),
        (State.RUNNING, Level.REFETCH, "Nothing yet."),
    ],
)
def test_that_nothing_was_found_says_no_more_than_that(
    client: FlaskClient, redis: Redis, state: State, level: Level, said: str
) -> None:
    assert said in text_of(client, path_of(a_replay(redis, state=state, level=level)), "findings")


def test_events_that_are_sent_again_are_no_changes(client: FlaskClient, redis: Redis) -> None:
    one = a_replay(redis, Finding("s-1", 1, destinations=("dst_1",)), level=Level.DELIVER, state=State.DONE, total=2)

    assert "Sent again 1 to destinations" in text_of(client, path_of(one), "progress")
    assert "Deliver again · 2 calls 1 sent again" in text_of(client, "/replays", "replays")


def test_of_many_findings_the_first_are_shown_and_that_is_said(
    client: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SHOWN", 2)
    one = a_replay(redis, *(Finding(f"s-{number}", 2) for number in range(3)), state=State.DONE)

    told = text_of(client, path_of(one), "findings")

    assert "the first 2 of 3" in told
    assert ("s-1" in told, "s-2" in told) == (True, False)


def test_a_form_that_said_too_little_comes_back_as_it_was(client: FlaskClient) -> None:
    answer = client.post("/replays", data={"token": form_token(client), "level": "raw", "dryRun": "on"})

    assert answer.status_code == 422
    assert 'value="raw" checked' in answer.text
    assert 'name="dryRun" checked' in answer.text
    assert 'name="failed">' in answer.text


def test_a_number_without_digits_is_told_and_not_looked_for(client: FlaskClient, redis: Redis) -> None:
    answer = client.post("/replays", data={"token": form_token(client), "level": "raw", "number": "Ada"})

    assert answer.status_code == 422
    assert "The number has no digits." in answer.text
    assert 'value="Ada"' in answer.text
    assert replays.page(redis, ["default"], limit=1) == ([], None)


def test_a_time_that_ends_before_it_begins_is_told_and_nothing_is_looked_for(client: FlaskClient, redis: Redis) -> None:
    times = {"since": "2026-03-02T10:00:00", "until": "2026-03-02T09:00:00"}

    answer = client.post("/replays", data={"token": form_token(client), "level": "raw", **times})

    assert answer.status_code == 422
    assert "The time ends before it begins." in answer.text
    assert replays.page(redis, ["default"], limit=1) == ([], None)
