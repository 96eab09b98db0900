"""The command line of scripts/ringout.py."""

import pytest

from tests.scripts.commands import run_here


@pytest.mark.parametrize("last", ["-1", "0"])
def test_a_list_of_less_than_one_is_a_usage_error(redis_url: str, last: str) -> None:
    done = run_here("ringout.py", "list", "--last", last, redis_url=redis_url)

    assert (done.returncode, "must be 1 or more" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("command", [("list",), ("watch", "ro-1"), ("cancel", "ro-1")], ids=lambda words: words[0])
def test_an_account_that_is_not_there_is_said_to_be_so(redis_url: str, command: tuple[str, ...]) -> None:
    done = run_here("ringout.py", *command, "--account", "nobody", redis_url=redis_url)

    assert (done.returncode, "no account 'nobody'" in done.stderr) == (1, True), done.stderr
