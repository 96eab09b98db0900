"""What *Now* says that needs somebody: by name, in so many words, and with a link to where more is told of it."""

import re
from html import unescape

import pytest
from redis import Redis

from runtime import bells, keys, operator_log
from runtime.audit import MOST_NAMED
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from telephony.destinations import Draft
from telephony.operator_events import What
from tests.access.test_door_of_the_dashboard import log_in
from tests.access.test_entry_to_the_api import an_app
from tests.access.test_pages import text_of
from tests.builders.attempts import a_dead_letter, bury
from tests.builders.kept_calls import a_session_of, see
from tests.simulator.waiting import wait_until

NAMES = ("acme", "globex")
UNTAKEN = (("upkeep", 13), ("deliver", 12))


def needs(redis: Redis) -> dict[str, str]:
    """Give what *Now* says, and where each leads."""
    found = re.findall(
        r'<li><svg.*?</svg>\s*<a href="([^"]*)">(.*?)</a>', log_in(an_app(redis, names=NAMES)).get("/").text
    )
    return {unescape(text): unescape(href) for href, text in found}


@pytest.fixture
def destination(redis: Redis) -> str:
    return destinations.create(redis, Draft(url="https://crm.example/hook", description="Our CRM"), keys=())[0].id


@pytest.mark.parametrize(
    ("what", "page"),
    [(What.ACCOUNT_PARKED, "/accounts"), (What.COMPLETENESS_UNEXPLAINED, "/completeness")],
)
def test_an_alert_of_an_account_names_it_and_leads_to_where_it_is_told(redis: Redis, what: What, page: str) -> None:
    operator_log.raise_alert(redis, what, "globex", "Something is wrong.", account="globex")

    assert needs(redis) == {"globex: Something is wrong.": page}


def test_an_alert_of_a_destination_names_it_and_leads_to_its_page(redis: Redis, destination: str) -> None:
    operator_log.raise_alert(redis, What.DESTINATION_FAILING, destination, "It has taken nothing.")
    operator_log.raise_alert(redis, What.DESTINATION_DISABLED, "dst_removed", "It is disabled.")

    assert needs(redis) == {"Our CRM: It has taken nothing.": f"/destinations/{destination}"}


def test_one_event_that_was_given_up_is_one_event(redis: Redis, destination: str) -> None:
    bury(redis, destination, a_dead_letter("s-1/1", "1-0"))

    assert needs(redis) == {"Our CRM: 1 event given up; send again once it is well": f"/destinations/{destination}"}


def test_a_destination_named_from_right_to_left_turns_no_number_around(redis: Redis) -> None:
    name = "\N{HEBREW LETTER DALET}\N{HEBREW LETTER NUN}"
    made = destinations.create(redis, Draft(url="https://crm.example/hook", description=name), keys=())[0]
    bury(redis, made.id, a_dead_letter("s-1/1", "1-0"))

    (told,) = needs(redis)

    assert told.startswith(f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}: 1 event given up")


def test_calls_of_which_the_call_log_is_not_asked_need_somebody(redis: Redis) -> None:
    redis.zadd(keys.due("acme"), {"s-1": redis_time(redis) - 299})
    redis.zadd(keys.due("globex"), {"s-2": redis_time(redis) - 301})

    assert needs(redis) == {"globex: calls wait for their outcome, and the call log is not asked": "/accounts"}


def test_a_clock_that_does_not_ring_needs_somebody(redis: Redis) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.RESOLVE, "acme"): redis_time(redis) - 61})

    assert needs(redis) == {"No clock is running": "/accounts"}


def test_a_stage_whose_bells_nobody_takes_up_needs_somebody(redis: Redis, destination: str) -> None:
    for stage, waiting in ((Stage.TRACK, 12), (Stage.UPKEEP, 13), (Stage.DELIVER, 12)):  # of two accounts, and one
        redis.rpush(bells.queue_key(stage), *map(str, range(waiting)))

    assert set(needs(redis)) == {f"{count} bells of {name} were rung, and nobody came" for name, count in UNTAKEN}


def test_what_could_not_be_read_leads_to_the_quarantine_of_its_account(redis: Redis) -> None:
    redis.xadd(keys.quarantine("globex"), {"reason": "no JSON", "body": "{"})

    assert needs(redis) == {"globex: 1 notification could not be read": "/quarantine?account=globex"}


def test_the_page_of_accounts_tells_what_is_wrong_with_each_and_what_to_do(redis: Redis) -> None:
    why = {"reason": "OAU-213"}
    operator_log.raise_alert(redis, What.ACCOUNT_PARKED, "globex", "Not accepted.", account="globex", details=why)
    client = log_in(an_app(redis, names=NAMES))

    told = text_of(client, "/accounts", "account-2")
    assert "Not accepted. Set RC_APP_CLIENT_ID" in told
    assert "reason: OAU-213" in told
    assert "Not accepted" not in text_of(client, "/accounts", "account-1")


def test_what_to_do_about_it_is_told_and_since_when_where_that_is_known(redis: Redis, destination: str) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.RESOLVE, "acme"): redis_time(redis) - 61})
    redis.rpush(bells.queue_key(Stage.UPKEEP), *map(str, range(13)))
    bury(redis, destination, a_dead_letter("s-1/1", "1-1"))

    told = text_of(log_in(an_app(redis, names=NAMES)), "/", "needs")

    assert re.search(r"No clock is running Start python -m workers clock *[.] Since \d\d \w+ \d\d:\d\d:\d\d *[.]", told)
    assert told.count("Since") == 1
    assert "nobody came Start python -m workers upkeep , or more of them." in told
    assert "1 event given up; send again once it is well" in told


def test_the_page_of_accounts_tells_how_each_stands(redis: Redis) -> None:
    client = log_in(an_app(redis, names=NAMES))
    see(redis, a_session_of(1), account="globex")
    redis.xadd(keys.quarantine("globex"), {"reason": "no JSON", "body": "{"})

    well, other = (text_of(client, "/accounts", f"account-{number}") for number in (1, 2))

    assert "On now 0 none" in well
    assert "In quarantine 0 none" in well
    assert "last" not in well
    assert "not yet" in well
    assert "On now 1 one silent for" in other
    assert "In quarantine 1 look at them" in other


def test_the_page_of_completeness_counts_the_hours_of_each_account_and_names_what_nobody_knows(redis: Redis) -> None:
    began, count = redis_time(redis) - 60, MOST_NAMED + 2
    redis.zadd(keys.calls("globex"), {f"s-lost-{number}": began for number in range(count)})
    client = log_in(an_app(redis, names=NAMES))
    wait_until(lambda: "accounted for" in client.get("/completeness").text, seconds=5)

    shown = {
        name: text_of(client, "/completeness", f"account-{number}") for number, name in ((1, "acme"), (2, "globex"))
    }

    assert "No call in the last day." in shown["acme"]
    assert "Nobody can say" not in shown["acme"]
    assert f"00:00 {count} · · · · · {count} · Nobody can say" in shown["globex"]
    assert "Nobody can say what became of these, and of 2 more calls." in shown["globex"]
    assert client.get("/completeness").text.count('class="amount fault"') == 1
