"""`scripts/replay.py` and `scripts/backfill.py`: what they ask for, and what they tell."""

from pathlib import Path

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys, replays
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.leases import lease
from runtime.replays import Asked, Finding, Level, Progress, State
from scripts.terminal.replay_report import changes, summary
from telephony.destinations import Changes, DestinationState, Draft
from telephony.differences import Difference
from telephony.selection import Selection
from telephony.words import Outcome
from tests.builders.kept_calls import START
from tests.scripts.commands import run, run_here
from tests.scripts.publishing import outcome_of, publish

ACCOUNT = "default"
NINE = START.timestamp()


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
        ("--show", "rpl_1", "--cancel", "rpl_2"),
        ("--list", "--cancel", "rpl_1"),
        ("--cancel", "rpl_1", "--dry-run"),
        ("--show", "rpl_1", "s-1"),
        ("--list", "--since", "1d"),
    ],
    ids=" ".join,
)
def test_what_was_asked_for_before_is_not_mistaken_for_what_is_asked_for_now(words: tuple[str, ...]) -> None:
    assert run_here("replay.py", *words, redis_url="redis://127.0.0.1:1/0").returncode == 2


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


def of(redis: Redis, answer: str) -> Asked:
    """Give what was asked for by a command that tells machines of it."""
    document = msgspec.json.decode(answer)
    replay = replays.load(redis, document["account"], document["id"])
    assert replay is not None
    return replay.asked


def test_the_command_line_says_which_calls_are_meant(redis_url: str, redis: Redis) -> None:
    destination = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())[0].id
    publish(redis, outcome_of("s-1"), outcome_of("s-23"))
    words = {
        "--level": "deliver",
        "--since": "2026-03-02T09:00:00",
        "--until": "2026-03-02T10:00:00",
        "--number": "(212) 555-0111",
        "--extension": "101",
        "--outcome": "Missed, abandoned",
        "--destination": destination[:9],
    }

    done = run_here(
        *("replay.py", "s-1", "s-2", *(word for pair in words.items() for word in pair)),
        *("--unresolved", "--failed", "--no-follow", "--json"),
        redis_url=redis_url,
    )

    meant = Selection(
        calls=("s-1", "s-23"),
        since=NINE,
        until=NINE + 3600,
        number="(212) 555-0111",
        extension="101",
        outcomes=(Outcome.MISSED, Outcome.ABANDONED),
        destination=destination,
        unresolved=True,
        failed=True,
    )
    assert of(redis, done.stdout) == Asked(level=Level.DELIVER, selection=meant)


@pytest.mark.parametrize(
    "chosen", [("--unresolved",), ("--failed",), ("--outcome", "busy"), ("--since", "1d"), ("s-9",)]
)
def test_one_word_about_calls_is_enough_and_without_a_level_the_call_log_is_asked(
    redis_url: str, redis: Redis, chosen: tuple[str, ...]
) -> None:
    done = run_here("replay.py", *chosen, "--no-follow", "--json", redis_url=redis_url)

    assert (done.returncode, of(redis, done.stdout).level) == (0, Level.REFETCH)


def test_a_beginning_that_several_calls_have_is_refused_and_they_are_named(redis_url: str, redis: Redis) -> None:
    publish(redis, outcome_of("s-23"), outcome_of("s-24"))

    done = run_here("replay.py", "s-2", "--no-follow", redis_url=redis_url)

    assert (done.returncode, "2 calls begin with 's-2': s-23, s-24" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("words", "account"),
    [(("s-1",), "acme"), (("s-of-both",), None), (("s-of-both", "s-1"), "acme"), (("s-unknown", "s-1"), "acme")],
)
def test_of_two_accounts_that_know_a_call_one_must_be_named(
    redis_url: str, redis: Redis, tmp_path: Path, words: tuple[str, ...], account: str | None
) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[accounts]]\nname = "acme"\n[[accounts]]\nname = "globex"\n')
    publish(redis, outcome_of("s-1"), outcome_of("s-of-both"), account="acme")
    publish(redis, outcome_of("s-of-both"), account="globex")

    done = run_here("replay.py", *words, "--no-follow", "--json", redis_url=redis_url, ACCOUNTS_FILE=str(accounts))

    if account is None:
        assert (done.returncode, "name it with --account (acme, globex)" in done.stderr) == (1, True), done.stderr
    else:
        assert msgspec.json.decode(done.stdout)["account"] == account


def test_a_beginning_is_that_of_a_call_of_the_account_that_is_named(
    redis_url: str, redis: Redis, tmp_path: Path
) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[accounts]]\nname = "acme"\n[[accounts]]\nname = "globex"\n')
    publish(redis, outcome_of("s-21"), account="acme")
    publish(redis, outcome_of("s-22"), account="globex")

    words = ("s-2", "--account", "globex", "--no-follow", "--json")
    done = run_here("replay.py", *words, redis_url=redis_url, ACCOUNTS_FILE=str(accounts))

    document = msgspec.json.decode(done.stdout)
    assert (document["account"], document["selection"]["calls"]) == ("globex", ["s-22"])


@pytest.mark.parametrize(("words", "deliver"), [((), True), (("--no-delivery",), False)])
def test_a_backfill_is_delivered_unless_it_is_said_not_to_be(
    redis_url: str, redis: Redis, words: tuple[str, ...], *, deliver: bool
) -> None:
    stretch = ("--since", "2026-03-02T09:00:00", "--until", "2026-03-02T10:00:00")

    done = run_here("backfill.py", *stretch, *words, "--no-follow", "--json", redis_url=redis_url)

    meant = Selection(since=NINE, until=NINE + 3600)
    assert of(redis, done.stdout) == Asked(level=Level.BACKFILL, selection=meant, deliver=deliver)


@pytest.mark.parametrize("command", ["--show", "--cancel"])
def test_a_replay_that_is_not_there_is_said_so(redis_url: str, command: str) -> None:
    done = run_here("replay.py", command, "rpl_000000000000", redis_url=redis_url)

    assert (done.returncode, "there is no replay 'rpl_000000000000'" in done.stderr) == (1, True)


def test_one_that_was_cancelled_is_shown_as_a_failure_and_cannot_be_cancelled_again(
    redis_url: str, redis: Redis
) -> None:
    asked = replays.create(redis, ACCOUNT, Asked(level=Level.RAW, selection=Selection(unresolved=True)))
    with lease(redis, ACCOUNT, "replay") as held:
        held.commit(replays.ended(asked, Progress(state=State.CANCELLED, total=0), retention=600.0))

    shown = run_here("replay.py", "--show", asked.id, redis_url=redis_url)
    cancelled = run_here("replay.py", "--cancel", asked.id, redis_url=redis_url)

    assert (shown.returncode, shown.stdout) == (1, f"{asked.id} cancelled: of 0 calls 0 changed\n")
    assert (cancelled.returncode, cancelled.stdout) == (0, f"{asked.id} was over\n")


def test_one_that_was_cancelled_is_so_at_once_also_where_nobody_carries_it_out(redis_url: str, redis: Redis) -> None:
    asked = replays.create(redis, ACCOUNT, Asked(level=Level.RAW, selection=Selection(unresolved=True)))
    replays.cancel(redis, ACCOUNT, asked.id)

    shown = run_here("replay.py", "--show", asked.id, "--no-follow", redis_url=redis_url)

    assert (shown.returncode, shown.stdout) == (1, f"{asked.id} cancelled: of 0 calls 0 changed\n")


def test_a_destination_that_is_sent_nothing_for_now_is_named_with_what_ends_that(redis_url: str, redis: Redis) -> None:
    ids = [destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())[0].id for _ in range(4)]
    sound, paused, alone, unconcerned = ids
    for one in (paused, unconcerned):
        destinations.update(redis, one, Changes(state=DestinationState.PAUSED))
    redis.srem(keys.LISTENING, alone)
    redis.zadd(keys.BELLS, {bells.member(Stage.DELIVER, alone): redis_time(redis) + 60})
    asked = replays.create(redis, ACCOUNT, Asked(level=Level.DELIVER, selection=Selection(calls=("s-1",))))
    with lease(redis, ACCOUNT, "replay") as held:
        held.commit([replays.found(asked, Finding("s-1", 1, destinations=(sound, paused, alone)))])
        held.commit(replays.ended(asked, Progress(state=State.DONE, total=1), retention=600.0))

    shown = run_here("replay.py", "--show", asked.id, redis_url=redis_url)

    held_back = {line.split()[2]: line for line in shown.stdout.splitlines() if line.startswith("not to")}
    assert set(held_back) == {paused, alone}
    assert held_back[paused] == f"not to {paused} while it is paused: ./scripts/destinations.py resume {paused}"
    assert "for now: it is left alone until" in held_back[alone]


def test_a_difference_is_told_as_field_before_and_after() -> None:
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


def test_a_summary_says_what_a_backfill_has_passed_over_and_why_a_replay_failed(redis: Redis) -> None:
    asked = replays.Asked(level=Level.BACKFILL, selection=Selection(since=0.0))
    replay = replays.create(redis, ACCOUNT, asked)

    said = [
        list(summary(msgspec.structs.replace(replay, progress=Progress(state, why="No answer"))))[-1]
        for state in (State.DONE, State.FAILED)
    ]

    assert said == ["No answer", "because: No answer"]
