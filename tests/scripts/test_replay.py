"""`scripts/replay.py` and `scripts/backfill.py`: what they ask for, and what they tell."""

import msgspec
import pytest
from redis import Redis

from runtime import replays
from runtime.replays import Level
from scripts.terminal.replay_report import changes, summary
from telephony.differences import Difference
from telephony.selection import Selection
from tests.scripts.commands import run, run_here

ACCOUNT = "default"


def test_a_replay_is_asked_for_and_listed(redis_url: str, redis: Redis) -> None:
    asked = run(
        "replay.py", "--level", "raw", "--since", "1d", "--dry-run", "--no-follow", "--json", redis_url=redis_url
    )

    document = msgspec.json.decode(asked.stdout)
    replay = replays.load(redis, ACCOUNT, document["id"])
    assert replay is not None
    assert (asked.returncode, replay.asked.level, replay.asked.dry_run) == (0, Level.RAW, True)
    replays.cancel(redis, ACCOUNT, replay.id)
    listed = run_here("replay.py", "--list", redis_url=redis_url).stdout
    assert replay.id in listed
    assert "cancelled" in listed


def test_what_names_no_calls_is_a_usage_error_also_where_no_redis_is() -> None:
    told = run_here("replay.py", "--level", "raw", redis_url="redis://127.0.0.1:1/0")

    assert told.returncode == 2
    assert "name calls" in told.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("replay.py", "--since", "1d", "--until", "2d"),
        ("replay.py", "--since", "2099-01-01"),
        ("replay.py", "--number", "private"),
        ("replay.py", "--extension", ""),
        ("destinations.py", "redrive", "dst_1", "--since", "1d", "--until", "2d"),
        ("tail.py", "--once", "--since", "2099-01-01"),
    ],
    ids=" ".join,
)
def test_what_can_mean_no_call_is_a_usage_error(words: tuple[str, ...]) -> None:
    assert run_here(*words, redis_url="redis://127.0.0.1:1/0").returncode == 2


def test_a_backfill_until_a_time_to_come_is_until_now(redis_url: str) -> None:
    asked = run_here(
        "backfill.py",
        "--since",
        "1d",
        "--until",
        "9999-12-31T23:59:59.999999",
        "--no-follow",
        "--json",
        redis_url=redis_url,
    )

    assert "until" not in msgspec.json.decode(asked.stdout)["selection"]


def test_machines_are_told_of_a_replay_that_is_cancelled(redis_url: str, redis: Redis) -> None:
    asked = replays.create(redis, ACCOUNT, replays.Asked(level=Level.RAW, selection=Selection(unresolved=True)))

    done = run_here("replay.py", "--cancel", asked.id, "--json", redis_url=redis_url)

    document = msgspec.json.decode(done.stdout)
    assert (done.returncode, document["id"], document["state"]) == (0, asked.id, "cancelled")


def test_a_difference_is_told_as_field_before_and_after(redis: Redis) -> None:
    found = replays.Finding(
        "s-1", 2, (Difference("outcome", "busy", "rejected"), Difference("legs[0].reason", None, "x"))
    )

    assert list(changes([found])) == [
        "s-1  revision 2",
        "    outcome: busy -> rejected",
        "    legs[0].reason: null -> x",
    ]


def test_a_summary_says_that_a_dry_run_published_nothing(redis: Redis) -> None:
    asked = replays.Asked(level=Level.RAW, selection=Selection(unresolved=True), dry_run=True)
    replay = msgspec.structs.replace(replays.create(redis, ACCOUNT, asked), changed=2)

    assert "nothing was published: this was a dry run" in list(summary(replay))
