"""The command line of scripts/ringout.py."""

import pytest
from redis import Redis

from tests.scripts.commands import run_here


@pytest.mark.parametrize("last", ["-1", "0"])
def test_a_list_of_less_than_one_is_a_usage_error(redis_url: str, last: str) -> None:
    done = run_here("ringout.py", "list", "--last", last, redis_url=redis_url)

    assert (done.returncode, "must be 1 or more" in done.stderr) == (2, True), done.stderr


CALLER, CALLEE = "+16505550101", "+12125550111"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("call", "", CALLEE), "from.phoneNumber"),
        (("call", CALLER, "1" * 65), "to.phoneNumber"),
        (("call", CALLER, CALLEE, "--caller-id", ""), "callerId.phoneNumber"),
        (("call", CALLER, CALLEE, "--country", "U S"), "country.id"),
        (("call", CALLER, CALLEE, "--extension", "~/../~"), "extension"),
        (("call", CALLEE, "--forwarding-number-id", "1/2"), "from.forwardingNumberId"),
        (("follow", "s-1?x=1"), "ringOutId"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_api_would_refuse_is_refused_and_nothing_of_it_stored(
    redis: Redis, redis_url: str, words: tuple[str, ...], named: str
) -> None:
    done = run_here("ringout.py", *words, redis_url=redis_url)

    assert (done.returncode, f"$.{named}" in done.stderr) == (1, True), done.stderr
    assert redis.keys("*ringout*") == []


def test_an_idempotency_key_that_is_empty_is_a_usage_error(redis_url: str) -> None:
    assert run_here("ringout.py", "call", CALLER, CALLEE, "--key", "", redis_url=redis_url).returncode == 2
