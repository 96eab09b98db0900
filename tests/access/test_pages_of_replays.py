"""The pages of replays: they say what the API says, and claim nothing that was not looked at."""

import re

import msgspec
import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import bells, keys, replays
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.leases import lease
from runtime.replays import Asked, Finding, Level, Progress, Replay, State
from telephony.destinations import Changes, DestinationState, Draft
from telephony.differences import Difference
from telephony.selection import Selection
from telephony.words import Outcome
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import READER, an_app
from tests.access.test_pages import text_of
from tests.builders.kept_calls import START
from tests.scripts.publishing import outcome_of, publish
from web.dashboard import replays as pages

NINE = START.timestamp()


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis))


def a_replay(
    redis: Redis, *found: Finding, level: Level = Level.REFETCH, dry: bool = False, of: str = "s-2", **progress: object
) -> Replay:
    """Ask for a replay, and have it come so far."""
    asked = Asked(level=level, selection=Selection(calls=("s-1", of)), dry_run=dry)
    made = replays.create(redis, "default", asked)
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

    assert (answer.status_code, answer.request.path) == (200, path_of(one))
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


@pytest.mark.parametrize(
    ("state", "why", "said"),
    [
        (State.RUNNING, "budget", "It waits for budget."),
        (State.FAILED, "Forbidden", "It ended because of Forbidden."),
        (State.DONE, "RingCentral has no answer for that", "done RingCentral has no answer for that."),
    ],
)
def test_a_replay_says_what_it_waits_for_what_ended_it_and_what_it_has_passed_over(
    client: FlaskClient, redis: Redis, state: State, why: str, said: str
) -> None:
    assert said in text_of(client, path_of(a_replay(redis, state=state, why=why)), "progress")


def test_events_that_are_sent_again_are_no_changes(client: FlaskClient, redis: Redis) -> None:
    one = a_replay(redis, Finding("s-1", 1, destinations=("dst_1",)), level=Level.DELIVER, state=State.DONE, total=2)

    assert "Sent again 1 to destinations" in text_of(client, path_of(one), "progress")
    assert "Deliver again · 2 calls 1 sent again" in text_of(client, "/replays", "replays")


def test_a_destination_that_is_sent_nothing_for_now_is_named(client: FlaskClient, redis: Redis) -> None:
    ids = [destinations.create(redis, Draft(url=f"https://{name}.example/"), keys=())[0].id for name in ("a", "b", "c")]
    for one in ids[1:]:
        destinations.update(redis, one, Changes(state=DestinationState.PAUSED))
    finding = Finding("s-1", 1, destinations=tuple(ids[:2]))

    told = text_of(client, path_of(a_replay(redis, finding, level=Level.DELIVER, state=State.DONE)), "progress")

    assert told.endswith("Nothing is sent to https://b.example/ while it is paused.")


def test_a_destination_that_is_left_alone_is_named_with_until_when(client: FlaskClient, redis: Redis) -> None:
    alone = destinations.create(redis, Draft(url="https://a.example/"), keys=())[0].id
    redis.srem(keys.LISTENING, alone)
    redis.zadd(keys.BELLS, {bells.member(Stage.DELIVER, alone): redis_time(redis) + 60})
    finding = Finding("s-1", 1, destinations=(alone,))

    told = text_of(client, path_of(a_replay(redis, finding, level=Level.DELIVER, state=State.DONE)), "progress")

    assert "Nothing is sent to https://a.example/ until" in told


def test_calls_of_which_nothing_is_stored_are_told_of_where_events_are_sent_again(
    client: FlaskClient, redis: Redis
) -> None:
    one = a_replay(redis, level=Level.DELIVER, state=State.DONE, total=2)
    with lease(redis, "default", "replay") as held:
        held.commit([replays.missed(one, "s-2")])

    assert "No event 1 is stored of them" in text_of(client, path_of(one), "progress")
    assert "No event is stored of it, or" in text_of(client, path_of(one), "findings")


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


def begun(redis: Redis) -> tuple[str, Asked]:
    """Give the account of the only replay there is, and what is asked for."""
    (one,), _ = replays.page(redis, ["acme", "default", "globex"], limit=9)
    return one.account, one.asked


def test_what_the_form_says_is_what_is_replayed(client: FlaskClient, redis: Redis) -> None:
    told = {
        "level": "raw",
        "since": "2026-03-02T09:00:00",
        "until": "2026-03-02T10:00:00",
        "number": " (212) 555-0111 ",
        "outcome": "missed",
        "unresolved": "on",
        "failed": "on",
        "dryRun": "on",
    }

    answer = client.post("/replays", data={**told, "token": form_token(client)}, follow_redirects=True)

    meant = Selection(
        since=NINE, until=NINE + 3600, number="(212) 555-0111", outcomes=(Outcome.MISSED,), unresolved=True, failed=True
    )
    assert begun(redis) == ("default", Asked(level=Level.RAW, selection=meant, dry_run=True))
    assert "The replay has begun" in answer.text
    assert "From the start, only tried" in answer.text


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"unresolved": "on"}, Selection(unresolved=True)),
        ({"failed": "on"}, Selection(failed=True)),
        ({"outcome": "busy"}, Selection(outcomes=(Outcome.BUSY,))),
        ({"number": "212 555 0111"}, Selection(number="212 555 0111")),
        ({"until": "2026-03-02T09:00:00", "outcome": "splendid"}, Selection(until=NINE)),
    ],
)
def test_what_the_form_leaves_out_is_anything_and_is_not_only_tried(
    client: FlaskClient, redis: Redis, said: dict[str, str], meant: Selection
) -> None:
    client.post("/replays", data={**said, "level": "deliver", "token": form_token(client)})

    assert begun(redis) == ("default", Asked(level=Level.DELIVER, selection=meant))


@pytest.mark.parametrize("level", ["backfill", "x", ""])
def test_what_cannot_be_begun_on_a_page_is_not(client: FlaskClient, redis: Redis, level: str) -> None:
    publish(redis, outcome_of("s-1"))
    form = {"level": level, "since": "2026-03-02T09:00", "token": form_token(client)}

    answers = [client.post(path, data=form).status_code for path in ("/replays", "/calls/s-1/replay")]

    assert answers == [422, 404]
    assert replays.page(redis, ["default"], limit=1) == ([], None)


def test_from_the_page_of_a_call_that_call_is_replayed_in_whichever_account_it_is(redis: Redis) -> None:
    publish(redis, outcome_of("s-1"), account="globex")
    client = log_in(an_app(redis, names=("acme", "globex")))
    form = {"level": "refetch", "token": form_token(client)}

    answer = client.post("/calls/s-1/replay", data=form)
    unknown = client.post("/calls/s-2/replay", data=form)

    assert (answer.status_code, unknown.status_code) == (303, 404)
    assert begun(redis) == ("globex", Asked(level=Level.REFETCH, selection=Selection(calls=("s-1",))))


@pytest.mark.parametrize("path", ["/replays/default/rpl_000000000000", "/replays/globex/{id}", "/replays/default/*"])
def test_a_replay_that_is_not_there_is_neither_shown_nor_cancelled(
    client: FlaskClient, redis: Redis, path: str
) -> None:
    one = a_replay(redis, state=State.RUNNING, total=2)
    where = path.format(id=one.id)

    assert client.get(where).status_code == 404
    assert client.post(f"{where}/cancel", data={"token": form_token(client)}).status_code == 404
    assert not replays.load(redis, "default", one.id).cancelled  # type: ignore[union-attr]  # it is there


def test_how_far_a_replay_has_come_is_told_of_its_calls(client: FlaskClient, redis: Redis) -> None:
    one = a_replay(redis, state=State.RUNNING, total=4)
    redis.zadd(keys.replay_calls("default", one.id), {"s-1": 0.0})

    assert "Calls 4 75 % done" in text_of(client, path_of(one), "progress")


@pytest.mark.parametrize(
    ("level", "dry", "done", "listed"),
    [
        (Level.DELIVER, True, "Would be sent again 1 nothing was sent", "only tried · 2 calls 1 would be sent again"),
        (Level.DELIVER, False, "Sent again 1 to destinations", "Deliver again · 2 calls 1 sent again"),
        (Level.RAW, True, "Would change 1 nothing was published", "only tried · 2 calls 1 would change"),
        (Level.RAW, False, "Changed 1 and published", "From the start · 2 calls 1 changed"),
    ],
)
def test_what_was_only_tried_is_told_as_what_would_be(
    client: FlaskClient, redis: Redis, level: Level, done: str, listed: str, *, dry: bool
) -> None:
    one = a_replay(redis, Finding("s-1", 1, destinations=("dst_1",)), level=level, dry=dry, state=State.DONE, total=2)

    told = text_of(client, path_of(one), "progress")

    assert f"Calls 2 in all {done}" in told
    assert ("Requests" in told) is (level is not Level.DELIVER)
    assert listed in text_of(client, "/replays", "replays")
    assert (", only tried" in client.get(path_of(one)).text) is dry
    assert ("for" if dry else "sent again to") + " 1 destination" in text_of(client, path_of(one), "findings")
    assert "the first" not in text_of(client, path_of(one), "findings")


def test_before_its_calls_are_chosen_none_are_counted_and_of_one_that_ended_early_it_is_said_what_is_left(
    client: FlaskClient, redis: Redis
) -> None:
    choosing = a_replay(redis, of="s-3", state=State.RUNNING)
    early = a_replay(redis, of="s-4", state=State.FAILED, total=5)
    going = a_replay(redis, of="s-5", state=State.RUNNING, total=4)
    for one, left in ((early, 3), (going, 1)):
        redis.zadd(keys.replay_calls("default", one.id), {f"s-{number}": 0.0 for number in range(left)})

    assert "Calls \N{EN DASH} 0 % done" in text_of(client, path_of(choosing), "progress")
    assert "Calls 5 3 not looked at" in text_of(client, path_of(early), "progress")
    listed = text_of(client, "/replays", "replays")
    for words in ("choosing calls 0 changed", "5 calls 0 changed, 3 not looked at", "4 calls 0 changed, 1 left"):
        assert words in listed


def test_only_what_goes_on_can_be_cancelled(client: FlaskClient, redis: Redis) -> None:
    assert "/cancel" in client.get(path_of(a_replay(redis, state=State.RUNNING))).text
    assert "/cancel" not in client.get(path_of(a_replay(redis, state=State.DONE))).text


def test_what_differs_is_told_field_by_field(client: FlaskClient, redis: Redis) -> None:
    changed = Finding("s-1", 2, differences=(Difference("outcome", "missed", "answered"),))
    one = a_replay(redis, changed, Finding("s-2", 1), state=State.DONE)

    assert "s-1 revision 2 outcome missed answered" in text_of(client, path_of(one), "findings")
    assert client.get(path_of(one)).text.count('class="diff"') == 1


@pytest.mark.parametrize(("accounts", "leads_to"), [(("default",), ""), (("default", "globex"), "?account=default")])
def test_what_was_found_leads_to_the_call_as_the_account_of_the_replay_saw_it(
    redis: Redis, accounts: tuple[str, ...], leads_to: str
) -> None:
    client = log_in(an_app(redis, names=accounts))
    one = a_replay(redis, Finding("s-1", 2), state=State.DONE)

    assert f'href="/calls/s-1{leads_to}"' in client.get(path_of(one)).text


def test_the_form_asks_for_a_try_unless_that_is_taken_back(client: FlaskClient) -> None:
    fresh = client.get("/replays").text
    chosen = {"level": "", "outcome": "missed", "unresolved": "on", "failed": "on"}
    refused = client.post("/replays", data={"token": form_token(client), **chosen}).text

    assert re.findall(r'(?:name|value)="(\w+)" checked', fresh) == ["refetch", "dryRun"]
    assert re.findall(r'(?:name|value)="(\w+)" checked', refused) == ["unresolved", "failed"]
    assert '<option value="missed" selected>' in refused
    assert "selected" not in fresh
    assert ('<details class="card" open>' in fresh, '<details class="card" open>' in refused) == (False, True)
    assert 'role="alert"' not in fresh


def test_where_nothing_was_replayed_it_is_said_what_a_replay_is(redis: Redis) -> None:
    looking = log_in(an_app(redis), READER)

    assert "Nothing was replayed yet." in text_of(looking, "/replays", "replays")
    assert "Look at many calls again" not in looking.get("/replays").text
