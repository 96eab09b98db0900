"""The page of the quarantine: what is held can be read again or discarded, once, and of our own accounts only."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from runtime import keys
from tests.access.test_door_of_the_dashboard import form_token, log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.access.test_pages_of_many_accounts import next_of

HELD = keys.quarantine("default")


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    return log_in(an_app(redis))


def hold(redis: Redis, body: str = "{", *, account: str = "default") -> str:
    """Put a body into quarantine; give its place."""
    entry: Any = redis.xadd(keys.quarantine(account), {"reason": "no JSON", "body": body})
    return str(entry.decode())


def test_what_is_read_again_is_in_the_inbox_and_held_no_more(client: FlaskClient, redis: Redis) -> None:
    entry, other = hold(redis), hold(redis, "[")

    answer = client.post(f"/quarantine/default/{entry}/read-again", data={"token": form_token(client)})

    inbox: Any = redis.xrange(keys.inbox("default"))
    assert answer.headers["Location"] == "/quarantine?account=default&done=read-again"
    assert [fields[b"body"] for _, fields in inbox] == [b"{"]
    assert [place for place, _ in redis.xrange(HELD)] == [other.encode()]  # type: ignore[union-attr]  # not awaited


def test_what_is_discarded_is_nowhere(client: FlaskClient, redis: Redis) -> None:
    entry = hold(redis)

    answer = client.post(
        f"/quarantine/default/{entry}/discard", data={"token": form_token(client)}, follow_redirects=True
    )

    assert (redis.xlen(HELD), redis.xlen(keys.inbox("default"))) == (0, 0)
    assert "Discarded." in answer.text


@pytest.mark.parametrize("action", ["", "/read-again", "/discard"])
@pytest.mark.parametrize(
    ("account", "entry", "said"),
    [
        ("globex", "{held}", "There is nothing here"),
        ("default", "1-0", "not in quarantine any more"),
        ("default", "x", "not in quarantine any more"),
        ("default", "-", "not in quarantine any more"),
    ],
)
def test_what_is_not_held_for_an_account_of_ours_is_not_there(
    client: FlaskClient, redis: Redis, account: str, entry: str, said: str, action: str
) -> None:
    hold(redis)
    path = f"/quarantine/{account}/{entry.format(held=hold(redis, account='globex'))}{action}"

    answer = client.post(path, data={"token": form_token(client)}) if action else client.get(path)

    assert (answer.status_code, said in answer.text) == (404, True)
    assert [redis.xlen(keys.quarantine(one)) for one in ("default", "globex")] == [1, 1]


def test_of_several_accounts_the_first_that_holds_something_is_shown_and_the_others_lead_to_theirs(
    redis: Redis,
) -> None:
    client = log_in(an_app(redis, names=("acme", "globex", "initech", "umbrella")))
    for account in ("globex", "initech"):
        hold(redis, f"of {account}", account=account)

    first, chosen = client.get("/quarantine").text, client.get("/quarantine?account=initech").text
    empty = client.get("/quarantine?account=umbrella").text

    assert tabs(first) == [("globex", True), ("initech", False)]
    assert ("of globex" in first, "of initech" in first) == (True, False)
    assert tabs(chosen) == [("globex", False), ("initech", True)]
    assert ("of globex" in chosen, "of initech" in chosen) == (False, True)
    assert tabs(empty) == [("globex", False), ("initech", False), ("umbrella", True)]
    assert "Quarantine is empty for umbrella." in empty
    assert client.get("/quarantine?account=hooli").status_code == 404


def tabs(page: str) -> list[tuple[str, bool]]:
    """Give the accounts that can be chosen, and whether each is shown."""
    found = re.findall(r'href="/quarantine[?]account=(\w+)"( aria-current="true")?>\1</a>', page)
    return [(name, bool(is_shown)) for name, is_shown in found]


def test_of_one_account_none_is_to_be_chosen(client: FlaskClient, redis: Redis) -> None:
    hold(redis)

    assert tabs(client.get("/quarantine").text) == []


def test_what_is_held_is_shown_newest_first_page_by_page(client: FlaskClient, redis: Redis) -> None:
    for number in range(51):
        hold(redis, f"body-{number:02}")

    following = next_of(client, "/quarantine")

    told = text_of(client, "/quarantine", "held")
    assert told.index("body-50") < told.index("body-49")
    assert "body-00" not in told
    assert following is not None
    assert "body-00" in text_of(client, following, "held")
