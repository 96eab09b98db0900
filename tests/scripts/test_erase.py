"""`scripts/erase.py`: how it ends. tests/replay/test_erasing.py shows what it takes out."""

import msgspec
import pytest
from redis import Redis

from runtime import keys
from runtime.deliveries import destinations
from telephony.destinations import Draft
from telephony.records import PhoneParty
from tests.builders.events import an_answered_record
from tests.builders.notifications import CALLERS_NUMBER
from tests.scripts.commands import run_here
from tests.scripts.publishing import outcome_of, publish

BY_NUMBER = ("erase.py", "--number", CALLERS_NUMBER, "--json")


@pytest.fixture(autouse=True)
def call(redis: Redis) -> None:
    """Have one call of theirs."""
    publish(redis, outcome_of("s-1", an_answered_record(from_=PhoneParty(phone_number=CALLERS_NUMBER))))


def test_what_was_erased_is_counted(redis: Redis, redis_url: str) -> None:
    done = run_here(*BY_NUMBER, redis_url=redis_url)

    assert (done.returncode, msgspec.json.decode(done.stdout)["calls"]) == (0, 1), done.stderr
    assert redis.xlen(keys.OUTCOMES) == 0


def test_whoever_erases_an_extension_is_told_its_id_and_that_its_number_is_told_no_more_only_when_it_is(
    redis: Redis, redis_url: str
) -> None:
    mira = PhoneParty(extension_id="60200101", extension_number="101")
    publish(redis, outcome_of("s-2", an_answered_record(to=mira)))

    tried = run_here("erase.py", "--extension", "101", "--dry-run", redis_url=redis_url)
    done = run_here("erase.py", "--extension", "101", redis_url=redis_url)

    assert "its id is 60200101: note it, for once its calls are erased no event tells its number" in tried.stdout
    assert "its id is 60200101: note it, for no event tells its number now" in done.stdout


def test_an_id_that_somebody_made_up_does_nothing_to_the_terminal(redis: Redis, redis_url: str) -> None:
    publish(
        redis, outcome_of("s-2", an_answered_record(to=PhoneParty(extension_id="6020\x1b[2J", extension_number="101")))
    )

    tried = run_here("erase.py", "--extension", "101", "--dry-run", redis_url=redis_url)

    assert (tried.returncode, "\x1b" in tried.stdout, "its id is 6020" in tried.stdout) == (0, False, True), (
        tried.stderr
    )


def test_what_a_destination_removed_meanwhile_keeps_from_being_erased_the_next_time_erases(
    redis: Redis, redis_url: str
) -> None:
    destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())
    waiting = keys.waiting

    def removed(destination: str) -> str:  # asked for between its lease and what is committed by it
        destinations.forget(redis, destination)
        return waiting(destination)

    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(keys, "waiting", removed)
        stopped = run_here(*BY_NUMBER, redis_url=redis_url)
    done = run_here(*BY_NUMBER, redis_url=redis_url)

    assert (stopped.returncode, "run it again" in stopped.stderr) == (1, True), stopped.stderr
    assert (done.returncode, redis.xlen(keys.OUTCOMES)) == (0, 0)


@pytest.mark.parametrize(
    ("who", "told"),
    [(("--number", "555-01"), "fewer than 7 digits"), (("--number", ""), "digits"), (("--extension", " "), "empty")],
)
def test_who_cannot_be_told_from_others_is_a_usage_error_also_where_no_redis_is(
    who: tuple[str, str], told: str
) -> None:
    done = run_here("erase.py", *who, redis_url="redis://127.0.0.1:1/0")

    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
