"""The command line of scripts/ringout.py."""

import pytest

from tests.scripts.commands import run_here


@pytest.mark.parametrize("last", ["-1", "0"])
def test_a_list_of_less_than_one_is_a_usage_error(redis_url: str, last: str) -> None:
    done = run_here("ringout.py", "list", "--last", last, redis_url=redis_url)

    assert (done.returncode, "must be 1 or more" in done.stderr) == (2, True), done.stderr
