"""Pages of very many accounts: some at a time, whoever needs somebody first, and each found by its name."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import bells, keys, operator_log, replays, ringout_wishes
from runtime.bells import MOST_QUEUED, Stage
from runtime.budget import Budget, Group
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.replays import Asked, Level
from telephony.operator_events import What
from telephony.selection import Selection
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.builders.kept_calls import a_session_of, see
from tests.simulator.waiting import wait_until
from web.dashboard.many_accounts import MOST, Chosen, Offered

NAMES = tuple(f"acct-{number:03}" for number in range(2 * MOST + 1))


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis, names=NAMES))


def shown(client: FlaskClient, path: str) -> list[str]:
    """Give the names of the accounts on a page."""
    return re.findall(r'<h2 id="account-title-\d+">([\w-]+)', client.get(path).text)


def next_of(client: FlaskClient, path: str) -> str | None:
    """Give where the page leads on."""
    found = re.search(r'rel="next" href="([^"]+)"', client.get(path).text)
    return None if found is None else found[1].replace("&amp;", "&")


def park(redis: Redis, name: str) -> None:
    operator_log.raise_alert(redis, What.ACCOUNT_PARKED, name, "Not accepted.", account=name)


def test_page_by_page_every_account_comes_once(client: FlaskClient) -> None:
    names, path = [], next_of(client, "/accounts")
    names += shown(client, "/accounts")
    while path is not None:
        names += shown(client, path)
        path = next_of(client, path)

    assert names == list(NAMES)


def test_whichever_account_needs_somebody_comes_first(client: FlaskClient, redis: Redis) -> None:
    park(redis, NAMES[77])
    redis.zadd(keys.due(NAMES[99]), {"s-1": redis_time(redis) - 301})

    assert shown(client, "/accounts")[:3] == [NAMES[77], NAMES[99], NAMES[0]]
    assert "Not accepted." in text_of(client, "/accounts", "account-78")


def test_an_account_is_found_by_a_part_of_its_name_and_first_by_all_of_it(client: FlaskClient, redis: Redis) -> None:
    park(redis, NAMES[10])

    assert shown(client, "/accounts?name=CT-01") == list(NAMES[10:20])
    assert shown(client, f"/accounts?name={NAMES[99]}") == [NAMES[99]]
    assert "No account is called like that." in text_of(client, "/accounts?name=globex", "none")


def test_it_is_said_how_many_accounts_are_meant_and_which_of_them_are_here(client: FlaskClient) -> None:
    def said(query: str) -> str:
        page = client.get(f"/accounts{query}").text
        return " ".join(
            re.sub(r"<[^>]+>", " ", page[page.index('<form class="filter') : page.index("<section")]).split()
        )

    assert f"{len(NAMES)} accounts, those that need you first; here from 1 to {MOST}." in said("")
    assert f"; here from {MOST + 1} to {2 * MOST}." in said(f"?after={MOST}")
    assert "All accounts" not in said("")
    assert "All accounts 10 accounts, those that need you first." in said("?name=acct-01")
    assert "All accounts 1 account." in said(f"?name={NAMES[42]}")


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "\N{SUPERSCRIPT TWO}", ""])
def test_a_page_that_no_page_leads_to_begins_anew(client: FlaskClient, after: str) -> None:
    assert shown(client, f"/accounts?after={after}")[0] == NAMES[0]


def test_the_hours_of_calls_are_shown_of_some_accounts_at_a_time_too(client: FlaskClient) -> None:
    wait_until(lambda: "accounted for" in client.get("/completeness").text, seconds=20)

    assert shown(client, "/completeness") == list(NAMES[:MOST])
    assert next_of(client, "/completeness?name=acct") == f"/completeness?after={MOST}&name=acct"
    assert shown(client, "/completeness?name=acct-1") == [NAMES[100]]


def test_the_accounts_with_calls_that_nobody_can_account_for_come_first_and_their_calls_are_named(
    client: FlaskClient, redis: Redis
) -> None:
    redis.zadd(keys.calls(NAMES[77]), {"s-lost": redis_time(redis) - 60})
    redis.zadd(keys.calls(NAMES[78]), {"s-due": redis_time(redis) - 60})
    redis.zadd(keys.due(NAMES[78]), {"s-due": redis_time(redis)})
    wait_until(lambda: "accounted for" in client.get("/completeness").text, seconds=20)

    assert shown(client, "/completeness")[:2] == [NAMES[77], NAMES[0]]
    told = text_of(client, "/completeness", "account-78")
    assert "Nobody can say what became of these" in told
    assert "s-lost" in told
    its_page = f'href="/calls/s-lost?account={NAMES[77]}"'
    assert its_page in client.get(f"/completeness?name={NAMES[77]}").text


def test_of_what_many_accounts_need_now_tells_some_and_how_many_there_are_besides(
    client: FlaskClient, redis: Redis
) -> None:
    for name in NAMES:
        park(redis, name)
        redis.xadd(keys.quarantine(name), {"reason": "no JSON", "body": "{"})
    redis.zadd(keys.BELLS, {"upkeep|x": redis_time(redis) - 61})

    told = text_of(client, "/", "needs")

    assert told.count("Not accepted.") == told.count("could not be read") == 5
    assert told.count(f"{len(NAMES) - 5} more like that") == 2
    assert "No clock is running" in told
    assert len(client.get("/").text) < 100_000


def test_that_ringcentral_takes_no_requests_is_told_of_whichever_account_it_is(
    client: FlaskClient, redis: Redis
) -> None:
    Budget(redis, NAMES[77]).close_gate(Group.HEAVY, 600)

    assert f"{NAMES[77]}: RingCentral takes no heavy requests for another" in text_of(client, "/", "needs")


def test_what_one_of_many_accounts_needs_leads_to_that_account(client: FlaskClient, redis: Redis) -> None:
    park(redis, NAMES[77])

    assert f'href="/accounts?name={NAMES[77]}"' in client.get("/").text


def test_the_quarantine_begins_with_an_account_that_holds_something(redis: Redis) -> None:
    redis.xadd(keys.quarantine("globex"), {"reason": "no JSON", "body": "{"})
    client = log_in(an_app(redis, names=("acme", "globex", "initech")))

    assert "no JSON" in text_of(client, "/quarantine", "held")
    told = text_of(client, "/quarantine?account=acme", "held")
    assert "acme globex Quarantine is empty for acme." in told
    assert "initech" not in told


def test_of_many_accounts_with_something_in_quarantine_one_is_shown_that_is_typed(
    client: FlaskClient, redis: Redis
) -> None:
    for name in NAMES[:80]:
        redis.xadd(keys.quarantine(name), {"reason": f"no JSON from {name}", "body": "{"})

    page = client.get("/quarantine").text

    assert page.count(NAMES[77]) == 1
    assert "80 accounts with something in quarantine" in page
    assert f"no JSON from {NAMES[0]}" in text_of(client, "/quarantine", "held")
    assert f"no JSON from {NAMES[70]}" in text_of(client, "/quarantine?account=t-07", "held")
    assert "Quarantine is empty" in text_of(client, f"/quarantine?account={NAMES[99]}", "held")
    assert client.get("/quarantine?account=globex").status_code == 404


def test_bells_that_nobody_takes_up_are_told_of_however_many_accounts_there_are(redis: Redis) -> None:
    names = tuple(f"acct-{number}" for number in range(MOST_QUEUED + 500))
    redis.rpush(bells.queue_key(Stage.RESOLVE), *map(str, range(MOST_QUEUED)))
    redis.rpush(bells.queue_key(Stage.TRACK), *map(str, range(MOST_QUEUED - 1)))

    told = text_of(log_in(an_app(redis, names=names)), "/", "needs")

    assert "1,000 bells of resolve were rung, and nobody came" in told
    assert "of track" not in told


@pytest.mark.parametrize(
    ("typed", "found"),
    [("", {"0001", "0002", "0003"}), (NAMES[1], {"0001"}), ("CT-01", {"0002", "0003"}), (NAMES[50], set())],
)
def test_the_calls_of_an_account_are_found_by_its_name_or_a_part_of_it(
    client: FlaskClient, redis: Redis, typed: str, found: set[str]
) -> None:
    for number, name in ((1, NAMES[1]), (2, NAMES[10]), (3, NAMES[19])):
        see(redis, a_session_of(number), account=name)

    page = client.get(f"/calls?account={typed}")

    assert set(re.findall(r'href="/calls/s-(\d+)[?"]', page.text)) == found
    assert f'value="{typed}" list="known-accounts"' in page.text


def test_the_next_page_of_calls_is_of_the_same_account(client: FlaskClient, redis: Redis) -> None:
    see(redis, *(a_session_of(number) for number in range(51)), account=NAMES[1])

    following = next_of(client, f"/calls?account={NAMES[1]}")

    assert following is not None
    assert f"account={NAMES[1]}" in following


def test_a_name_that_no_account_has_is_told_so_and_is_not_as_good_as_none(client: FlaskClient, redis: Redis) -> None:
    see(redis, a_session_of(1), account=NAMES[1])

    assert text_of(client, "/calls?account=globex", "found").startswith("No account is called like that.")


@pytest.mark.parametrize(
    ("typed", "meant"), [("north", ("north",)), ("NORTHW", ("northwest",)), ("th", ("north", "northwest", "south"))]
)
def test_a_name_means_its_account_alone_though_it_is_a_part_of_others(typed: str, meant: tuple[str, ...]) -> None:
    assert Offered(("north", "northwest", "south", "west")).meant_by(typed) == meant


@pytest.mark.parametrize(("count", "are_many"), [(MOST, False), (MOST + 1, True)])
def test_accounts_that_fit_on_a_page_need_no_choosing(count: int, are_many: object) -> None:
    assert Chosen(NAMES[:MOST], "", 0, count, count).are_many is are_many
    assert Offered(NAMES[:count]).are_many is are_many


def test_few_accounts_are_chosen_from_a_list(redis: Redis) -> None:
    client = log_in(an_app(redis, names=("acme", "globex")))

    assert "<option selected>globex</option>" in client.get("/calls?account=globex").text
    assert 'name="account"' not in log_in(an_app(redis)).get("/calls").text
    assert re.search(r'<option value="">any</option>.*acme', client.get("/calls").text)
    assert not re.search(r'<option value="">any</option><option[^>]*>acme', client.get("/replays").text)
    assert "or a part of its name" not in client.get("/calls").text + client.get("/replays").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("globex", "No account is called globex."),
        ("acct-01", "10 accounts are called like that"),
        ("", "which account"),
    ],
)
def test_a_replay_is_of_the_one_account_that_is_typed(client: FlaskClient, redis: Redis, typed: str, said: str) -> None:
    form = {"token": form_token(client), "level": "refetch", "since": "2026-03-02T09:00"}

    refused = client.post("/replays", data={**form, "account": typed})
    begun = client.post("/replays", data={**form, "account": "t-042"})

    assert (refused.status_code, said in refused.text) == (422, True)
    assert begun.status_code == 303
    assert [one.account for one in replays.page(redis, NAMES, limit=9)[0]] == [NAMES[42]]


def test_accounts_of_a_new_destination_are_typed_and_those_that_are_unknown_named(
    client: FlaskClient, redis: Redis
) -> None:
    form = {"token": form_token(client), "url": "https://93.184.215.14/hook"}

    refused = client.post("/destinations", data={**form, "accounts": f"{NAMES[1]}, globex"})
    made = client.post("/destinations", data={**form, "accounts": f"{NAMES[1]}, {NAMES[2]},"})

    assert (refused.status_code, "&#39;globex&#39;" in refused.text) == (422, True)
    assert f'value="{NAMES[1]}, globex"' in refused.text
    assert "<details open>" in refused.text
    assert made.status_code == 201
    assert [one.accounts for one in destinations.all(redis)] == [(NAMES[1], NAMES[2])]


@pytest.mark.parametrize("path", ["/calls", "/replays", "/destinations/new"])
def test_a_form_names_no_account_twice_however_many_there_are(client: FlaskClient, path: str) -> None:
    page = client.get(path).text

    assert page.count(NAMES[77]) == 1
    assert page.count('id="known-accounts"') == 1
    assert ('list="known-accounts" required' in page) is (path == "/replays")
    assert ("Account, or a part of its name" in page) is (path != "/destinations/new")


@pytest.mark.parametrize("path", ["/api/v1/replays", "/api/v1/ringouts"])
def test_the_api_lists_what_was_asked_of_one_account(client: FlaskClient, redis: Redis, path: str) -> None:
    for name in (NAMES[3], NAMES[42]):
        replays.create(redis, name, Asked(level=Level.RAW, selection=Selection(calls=("s-1",))))
        ringout_wishes.ask(redis, name, retention=600, ring_out_id="s-1")

    one, every = (client.get(path + of).json["items"] for of in (f"?account={NAMES[42]}", ""))  # type: ignore[index]
    refused = client.get(f"{path}?account=globex")

    assert [each["account"] for each in one] == [NAMES[42]]
    assert {each["account"] for each in every} == {NAMES[3], NAMES[42]}
    assert refused.status_code == 422
