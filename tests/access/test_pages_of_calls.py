"""The pages of calls: found by whatever somebody typed, page by page, and one with all that explains it."""

import re

import msgspec
import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from redis import Redis

from runtime.deliveries import destinations
from runtime.deliveries.attempts import written
from runtime.ledger import State
from runtime.showing.call_filter import Filter
from telephony.destinations import Draft
from telephony.events import encode
from telephony.records import PhoneParty
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.access.test_pages_of_many_accounts import next_of
from tests.builders.attempts import a_dead_letter, an_attempt, bury
from tests.builders.kept_calls import CALLER, START, a_session_of, an_end_of, an_outcome_of, commit, publish, see
from tests.builders.notifications import MIRA, MIRAS_NUMBER
from web.dashboard import calls as pages_of_calls
from web.dashboard.calls import Asked, filters

ELSEWHERE = "+442079460018"


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis, names=("acme", "globex")))


def found(client: FlaskClient, query: str) -> list[str]:
    """Give the calls on a page, in their order."""
    return re.findall(r'href="/calls/(s-\d+)[?"]', client.get(f"/calls?{query}").text)


@pytest.mark.parametrize("account", ["", "?account=globex"])
def test_an_id_leads_to_its_call_as_the_account_that_was_chosen_saw_it(client: FlaskClient, account: str) -> None:
    answer = client.get(f"/calls?q=%20s-0001%20&outcome=missed{account.replace('?', '&')}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/calls/s-0001{account}")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (CALLER, ["s-0001"]),
        ("212 555 0111", ["s-0001"]),
        (MIRA, ["s-0001"]),
        ("101", ["s-0001"]),
        ("60200109", ["s-0002"]),
        ("60200108", []),
    ],
)
def test_digits_are_a_number_or_an_extension_whichever_finds_something(
    client: FlaskClient, redis: Redis, typed: str, expected: list[str]
) -> None:
    publish(
        redis, an_outcome_of(1, to=PhoneParty(phone_number=MIRAS_NUMBER, extension_number="101", extension_id=MIRA))
    )
    see(redis, a_session_of(2, caller=ELSEWHERE, extension_id="60200109"))

    page = client.get("/calls", query_string={"q": typed})

    assert re.findall(r'href="/calls/(s-\d+)[?"]', page.text) == expected
    assert ("No call is like that." in page.text) is not bool(expected)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", [None]),
        ("101", ["extension", "number"]),
        ("555-01", ["extension", "number"]),
        ("555-0111", ["number", "extension"]),
    ],
)
def test_few_digits_are_an_extension_first_and_many_a_number(text: str, meant: list[str | None]) -> None:
    chosen = {"outcome": "missed", "state": "ended"}
    found = filters(Asked(text, "", chosen, "2026-03-02T09:00:00", ""))

    usual = Filter(outcome="missed", state=State.ENDED, since=START.timestamp())
    assert found == tuple(replace(usual, **{name: text} if name else {}) for name in meant)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", "321"),
        ("outcome=answered", "2"),
        ("direction=Outbound", ""),
        ("state=open", "3"),
        ("state=ended", "1"),
        ("delivery=dead", "2"),
        ("account=globex", "3"),
        ("since=2026-03-02T09:02:00", "32"),
        ("until=2026-03-02T09:02:00", "21"),
        ("outcome=splendid&direction=Up&state=gone&delivery=late", "321"),
        ("after=no-cursor", "321"),
    ],
)
def test_calls_are_chosen_by_the_words_of_the_form_and_any_other_word_is_as_good_as_none(
    client: FlaskClient, redis: Redis, query: str, numbers: str
) -> None:
    publish(redis, an_end_of(1), an_outcome_of(2))
    see(redis, a_session_of(3), account="globex")
    made = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())[0]
    bury(redis, made.id, a_dead_letter("s-0002/1", "1-1", account="acme"))

    assert found(client, query) == [f"s-000{number}" for number in numbers]


def test_the_next_page_asks_for_the_same(client: FlaskClient, redis: Redis) -> None:
    publish(redis, *(an_outcome_of(number) for number in range(51)))
    asked = {
        "q": CALLER,
        "account": "acme",
        "since": "2026-03-02T09:00:00",
        "until": "2026-03-02T10:00:00",
        "outcome": "answered",
        "direction": "Inbound",
        "state": "resolved",
    }

    first = client.get("/calls", query_string=asked)
    following = next_of(client, f"{first.request.path}?{first.request.query_string.decode()}")

    assert len(re.findall(r'href="/calls/s-', first.text)) == 50
    assert following is not None
    second = client.get(following)
    assert re.findall(r'href="/calls/(s-\d+)[?"]', second.text) == ["s-0000"]
    assert {name: second.request.args[name] for name in asked} == asked


def test_of_one_account_no_account_is_said_and_of_several_whose_call_it_is(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))

    assert "· acme" in text_of(client, "/calls", "found")
    assert "· acme" not in text_of(log_in(an_app(redis, names=("acme",))), "/calls", "found")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "No call is known yet."),
        ("outcome=missed", "No call is like that."),
        ("outcome=x", "No call is known yet."),
    ],
)
def test_where_no_call_is_found_it_is_said_whether_there_may_be_others(
    client: FlaskClient, query: str, said: str
) -> None:
    page = client.get(f"/calls?{query}").text

    assert said in page
    assert ("All calls" in page) is (query == "outcome=missed")


def test_a_call_that_is_on_is_shown_with_who_is_in_it_and_what_it_is_doing(client: FlaskClient, redis: Redis) -> None:
    see(redis, a_session_of(1, code="Hold"))

    page = client.get("/calls/s-0001").text

    assert "on hold" in text_of(client, "/calls/s-0001", "answer")
    assert "+1 212 555 0111" in page
    assert "Replay</summary>" not in page


def test_a_call_is_found_in_whichever_account_it_is(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1), account="globex")

    assert "Account globex" in text_of(client, "/calls/s-0001", "answer")
    assert client.get("/calls/s-0002").status_code == 404


def test_a_call_that_two_accounts_know_is_shown_as_either_saw_it(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1, result="Missed"))
    publish(redis, an_outcome_of(1), account="globex")

    rows, rows_of_one = (
        re.findall(r'href="(/calls/s-0001[^"]*)"', client.get(path).text)
        for path in ("/calls", "/calls?account=globex")
    )
    missed, answered = (client.get(f"/calls/s-0001?account={name}").text for name in ("acme", "globex"))

    assert sorted(rows) == ["/calls/s-0001?account=acme", "/calls/s-0001?account=globex"]
    assert rows_of_one == ["/calls/s-0001?account=globex"]
    assert "RingCentral says</dt><dd>Missed" in missed
    assert "RingCentral says</dt><dd>Accepted" in answered
    assert 'href="/calls/s-0001?account=globex">as globex saw it' in missed
    assert 'action="/calls/s-0001/replay?account=globex"' in answered
    assert '"result": "Accepted"' in client.get("/calls/s-0001/events.json?account=globex").text


def test_an_id_leads_to_its_call_as_the_account_saw_it_of_whose_name_a_part_was_typed(
    client: FlaskClient, redis: Redis
) -> None:
    publish(redis, an_outcome_of(1))
    publish(redis, an_outcome_of(1), account="globex")

    shown = client.get("/calls?q=s-0001&account=Glob", follow_redirects=True)

    assert 'action="/calls/s-0001/replay?account=globex"' in shown.text


@pytest.mark.parametrize("query", ["account=globex", "outcome=answered", "", "after={next}"])
def test_a_row_leads_to_the_call_as_the_account_of_the_row_saw_it_though_no_other_row_is_on_the_page(
    client: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(pages_of_calls, "_LIMIT", 1)
    publish(redis, an_outcome_of(1, result="Missed"))
    publish(redis, an_outcome_of(1), account="globex")
    following = (next_of(client, "/calls") or "").partition("after=")[2]

    page = client.get(f"/calls?{query.format(next=following)}").text

    (name,) = re.findall(r'href="/calls/s-0001\?account=(\w+)"', page)
    assert f" · {name}</span>" in page


def test_a_conversation_leads_to_its_other_calls_as_the_account_saw_them_that_saw_this_one(
    client: FlaskClient, redis: Redis
) -> None:
    event = an_outcome_of(1)
    publish(redis, replace(event, data=replace(event.data, linked_sessions=("s-0002",))), account="globex")
    for account in ("acme", "globex"):
        publish(redis, an_outcome_of(2), account=account)

    assert 'href="/calls/s-0002?account=globex"' in client.get("/calls/s-0001").text


def test_what_people_ask_about_first_is_explained_first(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_outcome_of(1))

    told = client.get("/calls/s-0001").text
    first, _, rest = told[told.index('id="why"') :].partition("<details>")

    fields = r"<dt>([\w.]+)</dt>"
    assert re.findall(fields, first) == ["outcome"]
    assert {"callerStatus", "startTime"} <= set(re.findall(fields, rest))


def test_all_revisions_of_a_call_are_given_as_they_were_published(client: FlaskClient, redis: Redis) -> None:
    events = [an_end_of(1), an_outcome_of(1)]
    publish(redis, *events)

    answer = client.get("/calls/s-0001/events.json")

    assert answer.mimetype == "application/json"
    assert answer.json == [msgspec.json.decode(encode(event)) for event in events]


def test_what_was_sent_of_a_call_is_told_by_the_name_of_whom_it_was_sent_to(client: FlaskClient, redis: Redis) -> None:
    made = destinations.create(redis, Draft(url="https://crm.example/hook", description="Our CRM"), keys=())[0]
    publish(redis, an_outcome_of(1))
    attempt = an_attempt(made.id, "s-0001/1")
    commit(redis, written("acme", attempt, retention=600))

    assert "Sent to Our CRM revision 1, attempt 1: HTTP 204" in text_of(client, "/calls/s-0001", "line")


@pytest.mark.parametrize(("path", "asked"), [("/calls?q=%22212%22+555", "&#34;212&#34; 555"), ("/trail", "")])
def test_every_page_has_a_box_that_finds_calls_with_what_was_looked_for_in_it(
    client: FlaskClient, path: str, asked: str
) -> None:
    form = re.search(r'<form class="search" role="search" action="/calls">.*?</form>', client.get(path).text, re.DOTALL)

    assert form is not None
    assert '<label class="unseen" for="find">Find a call' in form[0]
    assert re.search(rf'<input id="find" name="q" type="search" [^>]*value="{asked}">', form[0])


def test_what_was_asked_for_stands_in_the_form_again(client: FlaskClient) -> None:
    chosen = {"outcome": "missed", "direction": "Inbound", "state": "ended", "delivery": "dead", "account": "globex"}

    page = client.get("/calls", query_string=chosen).text

    assert set(re.findall(r"<option(?: value=\"[^\"]*\")? selected>([^<]+)<", page)) == {
        "missed",
        "Inbound",
        "record awaited",
        "given up",
        "globex",
    }
    assert "selected" not in client.get("/calls").text


def test_of_each_call_on_the_list_it_is_said_what_became_of_it(client: FlaskClient, redis: Redis) -> None:
    publish(redis, an_end_of(1), an_outcome_of(2), an_outcome_of(3), an_outcome_of(3, revision=2))
    see(redis, a_session_of(4))

    rows = re.findall(r'<li><a href="/calls/s-.*?</a></li>', client.get("/calls").text, re.DOTALL)
    told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]

    assert [row.split(" ")[0] for row in told] == ["on", "answered", "answered", "abandoned"]
    assert ["corrected" in row for row in told] == [False, True, False, False]
    assert ["record awaited" in row for row in told] == [False, False, False, True]
