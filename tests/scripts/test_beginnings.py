"""Every id begins with nothing: an empty one, as of a variable that is not set, means none of them."""

import pytest
from redis import Redis

from runtime.deliveries import destinations
from telephony.destinations import Draft
from tests.scripts.commands import run_here

NAMING = (
    ("destinations.py", "remove", ""),
    ("destinations.py", "pause", " "),
    ("explain.py", ""),
    ("replay.py", ""),
    ("replay.py", "--cancel", ""),
    ("replay.py", "s-1", "--destination", ""),
    ("ringout.py", "cancel", ""),
    ("ringout.py", "follow", ""),
)


@pytest.mark.parametrize("command", NAMING, ids=" ".join)
def test_nothing_names_nothing(redis: Redis, redis_url: str, command: tuple[str, ...]) -> None:
    destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())

    done = run_here(*command, redis_url=redis_url)

    assert (done.returncode, "must not be empty" in done.stderr) == (2, True), done.stderr
    assert len(destinations.all(redis)) == 1
