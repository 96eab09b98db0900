"""*Now*: what is on, what was published last and how it all stands, as one look tells it."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import guarding, keys
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.guarding import Guarded
from runtime.showing import glance
from telephony.destinations import Changes, DestinationState, Draft
from telephony.events import encode
from telephony.subscriptions import Health
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.access.test_what_needs_somebody import needs
from tests.builders.kept_calls import a_session_of, an_end_of, an_outcome_of, publish, see
from tests.scripts.publishing import outcome_of
from web.dashboard.subscriptions import Hearing, worst


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis, names=("acme", "globex")))


def a_destination(redis: Redis) -> str:
    return destinations.create(redis, Draft(url="https://crm.example/hook", description="Our CRM"), keys=())[0].id


def late(redis: Redis, seconds: float) -> None:
    """Publish an event so many seconds ago."""
    place = f"{int((redis_time(redis) - seconds) * 1000)}-0"
    redis.xadd(keys.OUTCOMES, {"event": encode(outcome_of("s-1")), "account": "acme"}, id=place)


def test_calls_that_are_on_are_shown_with_what_they_are_doing_and_since_when_and_lead_to_their_pages(
    client: FlaskClient, redis: Redis
) -> None:
    see(redis, a_session_of(1), a_session_of(2, code="Hold"))

    told, page = text_of(client, "/", "on"), client.get("/").text

    assert re.search(r"on hold \d+ \w.*\+1 212 555 0111 .*talking \d+ \w", told)
    on = page[page.index('id="on"') : page.index('id="published"')]
    assert re.findall(r'href="/calls/(s-\d+)\?account=acme"', on) == ["s-0002", "s-0001"]


def test_where_more_are_on_than_are_shown_the_others_are_a_click_away(
    client: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "CALLS", 2)
    see(redis, *map(a_session_of, range(3)))

    page = client.get("/").text

    assert 'href="/calls?state=open"' in page
    assert "s-0000" not in page[page.index('id="on"') :]


def test_what_was_published_last_is_shown_first_and_whether_it_is_the_last_word(
    client: FlaskClient, redis: Redis
) -> None:
    publish(redis, an_end_of(1))
    publish(redis, an_outcome_of(2), an_outcome_of(2, revision=2))

    rows = re.findall(
        r'<li><a href="/calls/(s-\d+)\?account=acme">.*?<span class="soft">(\w*)</span>',
        client.get("/").text,
        re.DOTALL,
    )

    assert rows == [("s-0002", "corrected"), ("s-0002", ""), ("s-0001", "ended")]


def test_what_two_accounts_tell_of_one_call_is_shown_of_either_and_leads_to_the_call_as_that_one_saw_it(
    client: FlaskClient, redis: Redis
) -> None:
    publish(redis, an_outcome_of(1, result="Missed"))
    publish(redis, an_outcome_of(1), account="globex")

    rows = re.findall(r'<li><a href="/calls/(s-0001\?account=\w+)">.*?</i>(\w+)', client.get("/").text, re.DOTALL)

    assert rows == [("s-0001?account=globex", "answered"), ("s-0001?account=acme", "missed")]


def test_where_there_is_nothing_yet_it_is_said_what_brings_something(client: FlaskClient) -> None:
    page = client.get("/").text

    assert "No call is on. As soon as RingCentral tells of one" in text_of(client, "/", "on")
    assert "Nothing was published yet. The first outcome comes" in text_of(client, "/", "published")
    assert "No CRM is told yet. Add a destination, and every outcome is sent to it." in text_of(client, "/", "told")
    assert 'href="/destinations/new">Add a destination' in page


def test_each_destination_is_shown_with_how_far_behind_it_is_and_leads_to_its_page(
    client: FlaskClient, redis: Redis
) -> None:
    behind = a_destination(redis)
    destinations.update(redis, behind, Changes(state=DestinationState.PAUSED))
    publish(redis, an_outcome_of(1))
    well = a_destination(redis)

    told = text_of(client, "/", "told")

    assert told == "Destinations paused 1 event behind Our CRM active up to date Our CRM"
    assert re.findall(r'href="/destinations/(dst_\w+)"', client.get("/").text) == [behind, well]


def test_the_parts_that_change_can_be_told_apart_and_are_named_by_what_is_on_the_page(client: FlaskClient) -> None:
    page = client.get("/").text
    ids = re.findall(r'\sid="([^"]+)"', page)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'\s(?:aria-labelledby|for)="([^"]+)"', page)) <= set(ids)
    assert re.findall(r'<section id="(\w+)" data-part aria-labelledby="\1-title"', page)[-4:] == [
        "on",
        "published",
        "told",
        "fuel",
    ]


def test_an_open_page_asks_for_its_parts_alone(client: FlaskClient) -> None:
    whole, parts = client.get("/").text, client.get("/", headers={"X-Parts": "1"}).text

    assert whole.startswith("<!doctype html>")
    assert parts.lstrip().startswith("<section")
    assert parts in whole


def test_calls_and_events_of_all_accounts_and_destinations_are_added_up(client: FlaskClient, redis: Redis) -> None:
    for _ in range(2):
        a_destination(redis)
    see(redis, a_session_of(1))
    see(redis, a_session_of(2), a_session_of(3), account="globex")
    publish(redis, an_outcome_of(4))

    told = text_of(client, "/", "vitals")

    assert "On now 3 one silent for" in told
    assert "To be delivered 2 2 destinations" in told


def test_the_call_that_was_silent_for_longest_is_named_whichever_account_s_it_is(
    client: FlaskClient, redis: Redis
) -> None:
    see(redis, a_session_of(2))
    see(redis, a_session_of(1), account="globex")

    page = client.get("/").text

    assert 'href="/calls/s-0001?account=globex">one silent for' in page


@pytest.mark.parametrize(("count", "said"), [(8, ""), (9, "1 more account"), (10, "2 more accounts")])
def test_the_limits_of_the_first_accounts_are_shown_and_how_many_there_are_besides(
    redis: Redis, count: int, said: str
) -> None:
    names = tuple(f"account-{number}" for number in range(count))

    client = log_in(an_app(redis, names=names))
    told = text_of(client, "/", "fuel")

    assert (f'<a href="/accounts">{said}</a>' in client.get("/").text) is bool(said)
    assert ("account-7" in told, "account-8" in told) == (True, False)
    assert "auth" not in told
    assert re.findall(r"\d more accounts?", told) == [said] * bool(said)


def test_what_may_be_sent_to_ringcentral_at_once_is_shown_of_each_account_and_group(client: FlaskClient) -> None:
    left = "light 10 now, 50 a minute medium 8 now, 40 a minute heavy 2 now, 10 a minute"

    assert text_of(client, "/", "fuel").endswith(f"Group Left Limit acme {left} globex {left}")


@pytest.mark.parametrize(
    ("seconds", "state", "said"),
    [
        (110, DestinationState.ACTIVE, set()),
        (125, DestinationState.ACTIVE, {"Our CRM is behind by 2 m"}),
        (125, DestinationState.PAUSED, set()),
    ],
)
def test_a_destination_that_is_behind_needs_somebody_unless_it_is_paused(
    redis: Redis, seconds: float, state: DestinationState, said: set[str]
) -> None:
    made = a_destination(redis)
    destinations.update(redis, made, Changes(state=state))
    late(redis, seconds)

    assert {text.rpartition(" ")[0].rpartition(" ")[0] for text in needs(redis)} == said


def a_hearing(health: Health, heard_at: float | None, *, account: str = "acme") -> Hearing:
    return Hearing(account, Guarded(health=health, checked_at=1.0), heard_at)


def test_the_subscription_to_look_at_first_is_one_that_is_not_well_or_was_silent_for_longest() -> None:
    well, silent, never = (a_hearing(Health.ACTIVE, at) for at in (200.0, 100.0, None))
    ill = a_hearing(Health.BLACKLISTED, 300.0)

    assert worst([well, silent]) is silent
    assert worst([well, silent, never]) is never
    assert worst([well, silent, never, ill]) is ill
    assert worst([]) is None


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (Health.ACTIVE, "active nothing heard"),
        (Health.MISSING, "missing there is none; nothing heard"),
        (Health.BLACKLISTED, "blacklisted RingCentral gave up delivering; nothing heard"),
        (Health.UNMANAGED, "unmanaged without PUBLIC_URL and RC_VERIFICATION_TOKEN nobody guards it; nothing heard"),
    ],
)
def test_what_is_wrong_with_a_subscription_is_said_beside_the_account(redis: Redis, health: Health, said: str) -> None:
    guarding.keep(redis, "default", Guarded(id="sub-1", health=health, checked_at=1.0))

    assert f"Subscription {said}" in text_of(log_in(an_app(redis)), "/accounts", "account-1")


def test_whose_subscription_it_is_is_said_where_there_are_several_accounts(redis: Redis) -> None:
    guarding.keep(redis, "acme", Guarded(id="sub-1", health=Health.ACTIVE, checked_at=1.0))
    guarding.keep(redis, "globex", Guarded(id="sub-2", health=Health.MISSING, checked_at=1.0))

    several, one = (
        text_of(log_in(an_app(redis, names=names)), "/", "vitals") for names in (("acme", "globex"), ("acme",))
    )

    assert "Subscription missing globex: nothing heard yet" in several
    assert "Subscription active nothing heard yet" in one
