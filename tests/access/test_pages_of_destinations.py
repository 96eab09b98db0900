"""The page of a destination: all that it is sent, what came of it, and what is said after something was asked for."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from telephony.destinations import Changes, Destination, DestinationState, Draft, Include
from telephony.words import Outcome
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import READER, an_app
from tests.access.test_pages import text_of
from tests.access.test_pages_of_many_accounts import next_of
from tests.builders.attempts import a_dead_letter, an_attempt, bury, keep
from tests.builders.kept_calls import START
from tests.scripts.publishing import outcome_of, publish
from tests.web.api_client import PUBLIC

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


def test_until_when_it_is_left_alone_is_shown_and_what_ends_that(
    client: FlaskClient, redis: Redis, destination: str
) -> None:
    assert "left alone" not in text_of(client, f"/destinations/{destination}", "standing")
    redis.srem(keys.LISTENING, destination)
    redis.zadd(keys.BELLS, {bells.member(Stage.DELIVER, destination): redis_time(redis) + 60})

    told = text_of(client, f"/destinations/{destination}", "standing")

    assert "It is left alone until" in told
    assert "Pause and resume it" in told


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


def test_an_attempt_leads_to_the_call_as_the_account_saw_it_whose_event_was_sent(
    redis: Redis, destination: str
) -> None:
    of_before = an_attempt(destination, event_id="s-0/1")  # as an earlier version noted it
    keep(redis, of_before, an_attempt(destination, account="globex"))

    page = log_in(an_app(redis, names=("default", "globex"))).get(f"/destinations/{destination}").text

    assert set(re.findall(r'href="(/calls/[^"]+)"', page)) == {"/calls/s-0", "/calls/s-1?account=globex"}


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
    assert redis.zcard(keys.asked(destination)) == 1


def test_that_what_was_given_up_cannot_be_sent_again_is_not_told_as_that_nothing_failed(
    client: FlaskClient, redis: Redis, destination: str
) -> None:
    bury(redis, destination, a_dead_letter("s-1/1", "1-0", because="retention"))

    answer = client.post(f"/destinations/{destination}/redrive", data={"token": form_token(client)})

    assert "cannot be sent again: the log holds it no more" in client.get(answer.location).text


@pytest.mark.parametrize("action", ["test", "redrive"])
def test_what_is_asked_for_of_one_that_is_left_alone_is_said_to_wait(
    client: FlaskClient, redis: Redis, destination: str, action: str
) -> None:
    publish(redis, outcome_of("s-1"))
    entries: Any = redis.xrange(keys.OUTCOMES)
    bury(redis, destination, a_dead_letter("s-1/1", entries[0][0].decode()))
    redis.srem(keys.LISTENING, destination)
    redis.zadd(keys.BELLS, {bells.member(Stage.DELIVER, destination): redis_time(redis) + 60})

    answer = client.post(f"/destinations/{destination}/{action}", data={"token": form_token(client)})

    assert "it is left alone for now" in client.get(answer.location).text
    assert redis.zcard(keys.asked(destination)) == 1


def post(client: FlaskClient, path: str, **form: object) -> TestResponse:
    return client.post(path, data={**form, "token": form_token(client)})


def test_what_the_form_says_is_what_a_new_destination_is_sent(client: FlaskClient, redis: Redis) -> None:
    said = {
        "url": f" {PUBLIC} ",
        "description": " Our CRM ",
        "include": "both",
        "outcomes": ["missed", "voicemail"],
        "directions": ["Inbound"],
        "accounts": ["default"],
        "extensions": "60200101, 60200102,",
        "numbers": " +16505550101 ",
        "createOnly": "on",
        "mask": "on",
    }

    answer = post(client, "/destinations", **said)

    (made,) = destinations.all(redis)
    assert made == Destination(
        id=made.id,
        created_at=made.created_at,
        url=PUBLIC,
        description="Our CRM",
        include=Include.BOTH,
        outcomes=(Outcome.MISSED, Outcome.VOICEMAIL),
        directions=("Inbound",),
        accounts=("default",),
        extensions=("60200101", "60200102"),
        numbers=("+16505550101",),
        create_only=True,
        mask=True,
    )
    assert answer.status_code == 201
    assert destinations.secrets(redis, made.id, keys=())[0] in answer.text
    assert "The one before" not in answer.text


def test_the_form_offers_every_outcome_and_every_direction(client: FlaskClient) -> None:
    form = client.get("/destinations/new").text

    assert re.findall(r'name="outcomes" value="([^"]+)"', form) == list(Outcome)
    assert re.findall(r'name="directions" value="([^"]+)"', form) == ["Inbound", "Outbound"]


def test_what_the_form_leaves_out_is_all_outcomes_as_they_are(client: FlaskClient, redis: Redis) -> None:
    post(client, "/destinations", url=PUBLIC)

    (made,) = destinations.all(redis)
    assert made == Destination(id=made.id, created_at=made.created_at, url=PUBLIC)


@pytest.mark.parametrize(
    "said",
    [{"url": "https://127.0.0.1/"}, {"url": ""}, {"include": "all"}, {"outcomes": ["splendid"]}],
)
def test_what_no_destination_can_be_is_refused_and_the_form_comes_back(
    client: FlaskClient, redis: Redis, said: dict[str, object]
) -> None:
    answer = post(client, "/destinations", **{"url": PUBLIC, "description": "Our CRM"} | said)

    assert answer.status_code == 422
    assert 'value="Our CRM"' in answer.text
    assert destinations.all(redis) == ()


def test_one_is_paused_resumed_and_removed(client: FlaskClient, redis: Redis, destination: str) -> None:
    path, seen = f"/destinations/{destination}", []

    for action in ("pause", "resume"):
        answer = post(client, f"{path}/{action}")
        seen.append((answer.headers["Location"], destinations.all(redis)[0].state))
    removed = post(client, f"{path}/remove")

    assert seen == [
        (f"{path}?done=paused", DestinationState.PAUSED),
        (f"{path}?done=resumed", DestinationState.ACTIVE),
    ]
    assert (removed.headers["Location"], destinations.all(redis)) == ("/destinations?done=removed", ())


@pytest.mark.parametrize(
    ("state", "failed", "said"),
    [
        (DestinationState.ACTIVE, True, "What failed is being sent again."),
        (DestinationState.PAUSED, True, "What failed is sent again when you resume"),
        (DestinationState.ACTIVE, False, "Nothing has failed"),
        (DestinationState.PAUSED, False, "Nothing has failed"),
    ],
)
def test_what_failed_is_sent_again_and_it_is_said_when(
    client: FlaskClient, redis: Redis, destination: str, state: DestinationState, said: str, *, failed: bool
) -> None:
    destinations.update(redis, destination, Changes(state=state))
    bury(redis, destination, *[a_dead_letter("s-1/1", "1-0")] * failed)

    answer = client.post(
        f"/destinations/{destination}/redrive", data={"token": form_token(client)}, follow_redirects=True
    )

    assert said in answer.text
    assert redis.zcard(keys.asked(destination)) == failed


def test_a_new_secret_is_shown_this_once_and_the_old_one_still_signs(
    client: FlaskClient, redis: Redis, destination: str
) -> None:
    (old,) = destinations.secrets(redis, destination, keys=())

    shown = post(client, f"/destinations/{destination}/rotate").text

    new, still = destinations.secrets(redis, destination, keys=())
    assert (still, new in shown, old in shown) == (old, True, False)
    assert "The one before still signs for a day" in shown
    assert new not in client.get(f"/destinations/{destination}").text


@pytest.mark.parametrize("action", ["pause", "resume", "remove", "redrive", "test", "rotate", ""])
def test_one_that_is_not_there_is_told_so_whatever_is_asked_of_it(client: FlaskClient, action: str) -> None:
    path = f"/destinations/dst_none/{action}".rstrip("/")

    answer = post(client, path) if action else client.get(path)

    assert (answer.status_code, "There is no such destination" in answer.text) == (404, True)


def test_that_its_secrets_cannot_be_opened_is_said_with_what_mends_it(client: FlaskClient, redis: Redis) -> None:
    sealed, _ = destinations.create(redis, Draft(url=PUBLIC), keys=("lost",))

    answer = post(client, f"/destinations/{sealed.id}/rotate")

    assert (answer.status_code, "Its secrets cannot be read" in answer.text) == (409, True)


def test_attempts_are_shown_page_by_page(client: FlaskClient, redis: Redis, destination: str) -> None:
    keep(redis, *(an_attempt(destination, f"s-{number:02}/1") for number in range(26)))
    path = f"/destinations/{destination}"

    following = next_of(client, path)

    assert "s-25/1" in text_of(client, path, "attempts")
    assert following is not None
    assert "s-00/1" in text_of(client, following, "attempts")
    assert "s-01/1" not in text_of(client, following, "attempts")
    assert text_of(client, following, "attempts").startswith("Attempts older ones")


def test_the_list_says_of_each_how_it_fares(client: FlaskClient, redis: Redis, destination: str) -> None:
    named, _ = destinations.create(redis, Draft(url=PUBLIC, description="Our CRM"), keys=())
    destinations.update(redis, destination, Changes(state=DestinationState.DISABLED, disabled_because="HTTP 410: Gone"))
    well = text_of(client, "/destinations", "every")
    publish(redis, outcome_of("s-1"), outcome_of("s-2"))
    bury(redis, named.id, a_dead_letter("s-0/1", "1-1"))

    told = text_of(client, "/destinations", "every")

    assert "disabled outcome https://crm.example/hook Behind" in told
    assert f"active outcome Our CRM {PUBLIC} Behind" in told
    assert told.count(PUBLIC) == 1
    assert "HTTP 410: Gone" in told
    assert well.count("Behind nothing Lag \N{EN DASH} Given up 0") == 2
    assert re.search(r"Our CRM \S+ Behind 2 events Lag \S+ \S+ Given up 1", told)


def test_where_there_is_none_it_is_said_what_one_is(client: FlaskClient) -> None:
    assert "No destination yet." in text_of(client, "/destinations", "every")


def test_who_may_only_look_is_offered_to_add_none(redis: Redis) -> None:
    assert "Add a destination" in log_in(an_app(redis)).get("/destinations").text
    assert "Add a destination" not in log_in(an_app(redis), READER).get("/destinations").text


def test_one_that_is_on_can_be_paused_and_one_that_is_not_resumed(
    client: FlaskClient, redis: Redis, destination: str
) -> None:
    path = f"/destinations/{destination}"
    assert (f"{path}/pause" in client.get(path).text, f"{path}/resume" in client.get(path).text) == (True, False)

    destinations.update(redis, destination, Changes(state=DestinationState.DISABLED, disabled_because="HTTP 410: Gone"))

    assert (f"{path}/pause" in client.get(path).text, f"{path}/resume" in client.get(path).text) == (False, True)
    assert "HTTP 410: Gone" in text_of(client, path, "standing")


def test_it_is_told_what_came_of_each_attempt(client: FlaskClient, redis: Redis, destination: str) -> None:
    refused: dict[str, Any] = {
        "verdict": "retry",
        "blame": "theirs",
        "status": 503,
        "excerpt": "Come again",
        "number": 2,
    }
    lost: dict[str, Any] = {
        "verdict": "retry",
        "blame": "ours",
        "status": None,
        "error": "no route",
        "next_at": START.timestamp(),
    }
    keep(redis, an_attempt(destination), an_attempt(destination, **refused), an_attempt(destination, **lost))

    told = text_of(client, f"/destinations/{destination}", "attempts")

    assert "s-1/1 attempt 2" in told
    assert "theirs 0.04 s 503 Come again" in told
    assert "ours 0.04 s no route again 02 Mar 09:00:00" in told


def test_what_it_is_sent_is_told_in_words(client: FlaskClient, redis: Redis) -> None:
    wanted = Draft(url=PUBLIC, outcomes=(Outcome.MISSED, Outcome.VOICEMAIL), create_only=True, mask=True)
    some, _ = destinations.create(redis, wanted, keys=())
    usual, _ = destinations.create(redis, Draft(url=PUBLIC), keys=())

    told, other = (text_of(client, f"/destinations/{one.id}", "wants") for one in (some, usual))

    assert "Outcomes missed, voicemail Directions both" in told
    assert "Once for each call yes Numbers and names masked Alerts of Legwork no" in told
    assert "Outcomes all Directions both" in other
    assert "Once for each call no Numbers and names as they are Alerts of Legwork no" in other


def test_how_far_behind_it_is_is_told_and_what_was_given_up(
    client: FlaskClient, redis: Redis, destination: str
) -> None:
    path = f"/destinations/{destination}"
    well = text_of(client, path, "standing")
    publish(redis, outcome_of("s-1"))
    bury(redis, destination, a_dead_letter("s-0/1", "1-1"))

    told = text_of(client, path, "standing")

    assert "Behind 0 up to date" in well
    assert "Given up 0 none" in well
    assert "Behind 1 the oldest for" in told
    assert "Given up 1 sent again when you ask" in told


def test_a_form_that_is_refused_says_where_and_keeps_what_was_chosen(client: FlaskClient) -> None:
    chosen = {"outcomes": ["missed"], "directions": ["Inbound"], "include": "both", "mask": "yes"}

    fresh = client.get("/destinations/new").text
    refused = post(client, "/destinations", url="https://127.0.0.1/", **chosen).text

    assert "Not added yet: 1 field needs a look." in refused
    assert re.findall(r'<p class="fault" id="([^"]+)"', refused) == ["url-fault"]
    assert re.findall(r'id="([^"]+)"[^>]* aria-describedby="[^"]*-fault" aria-invalid="true"', refused) == ["url"]
    assert re.findall(r'value="([^"]+)" checked', refused) == ["both", "missed", "Inbound", "yes"]
    assert "<details open>" in refused
    assert re.findall(r'value="([^"]+)" checked', fresh) == ["outcome"]
    assert ("<details open>" in fresh, "fault" in fresh, "Not added yet" in fresh) == (False, False, False)
    assert re.findall(r'id="([^"]+)"[^>]* required', fresh) == ["url"]
    assert fresh.count("<i>(optional)</i>") == 3
