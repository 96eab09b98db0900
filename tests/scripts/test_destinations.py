"""The command for destinations, run as people run it."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations, redrive
from scripts.terminal.destination_report import span
from telephony.destinations import DestinationState, Draft
from tests.builders.attempts import a_dead_letter, an_attempt, bury, keep
from tests.scripts.commands import SCRIPTS, run, run_here
from tests.scripts.publishing import outcome_of, publish
from tests.simulator.waiting import wait_until

URL = "https://93.184.215.14/hook"
FULL = Path("/dev/full")
UNSEEN = ("a pipe that nobody reads", *(("a full disk",) if FULL.exists() else ()))
"""Where nothing can be written: a disk that is always full is Linux's alone."""


@pytest.fixture
def made(redis: Redis) -> str:
    """Have a destination, and give its id."""
    return destinations.create(redis, Draft(url=URL, description="The CRM"), keys=())[0].id


def ask(redis_url: str, *arguments: str) -> Any:
    """Run the command and read its JSON."""
    done = run_here("destinations.py", *arguments, "--json", redis_url=redis_url)
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)


@contextmanager
def answering(redis: Redis, destination_id: str, *, others: int = 0, **attempt: Any) -> Iterator[None]:
    """Try the first test that is asked for, as the deliver stage would, and at once thereafter so many `others`."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(0.02):
            asked: Any = redis.zrange(keys.asked(destination_id), 0, 0)
            for place in asked:
                event = redrive.test_event(destination_id, place.decode())
                tried = an_attempt(destination_id, event.id, at=time.time(), call=event.id, **attempt)
                keep(redis, tried, account="")  # a test is no account's
                keep(redis, *(an_attempt(destination_id) for _ in range(others)))
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_adding_shows_the_secret_this_once_and_says_so(redis: Redis, redis_url: str) -> None:
    done = run("destinations.py", "add", URL, "--outcome", "missed,voicemail", "--mask", redis_url=redis_url)

    (one,) = destinations.all(redis)
    (secret,) = destinations.secrets(redis, one.id, keys=())
    assert done.returncode == 0
    assert one.id in done.stdout
    assert secret in done.stdout
    assert "not shown again" in done.stdout
    assert (one.outcomes, one.mask, one.create_only) == (("missed", "voicemail"), True, False)
    assert secret not in run_here("destinations.py", "show", one.id, redis_url=redis_url).stdout


def test_the_list_and_the_page_tell_how_a_destination_fares(redis: Redis, redis_url: str, made: str) -> None:
    publish(redis, outcome_of("s-1"))
    keep(redis, an_attempt(made, verdict="temporary", blame="theirs", status=503, error="Service Unavailable"))

    listed = run_here("destinations.py", "list", redis_url=redis_url).stdout
    page = run_here("destinations.py", "show", made[:9], redis_url=redis_url).stdout

    assert made in listed
    assert URL in listed
    assert "1 events (1 not looked at" in page
    assert "503" in page
    assert "theirs" in page


def test_without_destinations_the_list_says_how_to_add_one(redis_url: str) -> None:
    assert "destinations.py add" in run_here("destinations.py", "list", redis_url=redis_url).stdout
    assert ask(redis_url, "list") == []


def test_what_is_told_to_machines_is_what_the_api_tells(redis_url: str, made: str) -> None:
    document = ask(redis_url, "show", made)

    assert (document["id"], document["state"], document["createOnly"]) == (made, "active", False)
    assert document["status"]["backlog"] == 0


def test_one_is_paused_and_goes_on(redis: Redis, redis_url: str, made: str) -> None:
    paused = run_here("destinations.py", "pause", made, redis_url=redis_url)
    assert destinations.all(redis)[0].state is DestinationState.PAUSED
    assert "nothing is lost" in paused.stdout

    run_here("destinations.py", "resume", made, redis_url=redis_url)
    assert destinations.all(redis)[0].state is DestinationState.ACTIVE


def test_a_change_leaves_what_it_does_not_name(redis: Redis, redis_url: str, made: str) -> None:
    ask(redis_url, "change", made, "--include", "both", "--create-only", "--number", "+16505550101,+16505550102")
    ask(redis_url, "change", made, "--no-create-only")

    (one,) = destinations.all(redis)
    assert (one.include, one.create_only, one.description) == ("both", False, "The CRM")
    assert one.numbers == ("+16505550101", "+16505550102")


def test_a_filter_is_lifted_by_naming_nothing(redis: Redis, redis_url: str, made: str) -> None:
    ask(redis_url, "change", made, "--outcome", "missed")
    ask(redis_url, "change", made, "--outcome", "")

    assert destinations.all(redis)[0].outcomes == ()


def test_a_new_secret_signs_beside_the_old_one(redis: Redis, redis_url: str, made: str) -> None:
    (old,) = destinations.secrets(redis, made, keys=())

    new = ask(redis_url, "rotate", made)["secret"]
    assert destinations.secrets(redis, made, keys=()) == (new, old)

    newest = ask(redis_url, "rotate", made, "--overlap", "0")["secret"]
    assert destinations.secrets(redis, made, keys=()) == (newest,)


def test_one_that_is_removed_is_gone(redis: Redis, redis_url: str, made: str) -> None:
    assert ask(redis_url, "remove", made) == {"id": made}
    assert destinations.all(redis) == ()


def test_a_test_waits_for_what_the_endpoint_answers(redis: Redis, redis_url: str, made: str) -> None:
    with answering(redis, made, status=204):
        told = ask(redis_url, "test", made)

    assert told["attempt"]["eventId"] == told["id"]
    assert told["attempt"]["status"] == 204


def test_a_test_is_seen_among_very_many_attempts(redis: Redis, redis_url: str, made: str) -> None:
    with answering(redis, made, others=600, status=204):
        told = ask(redis_url, "test", made)

    assert told["attempt"]["eventId"] == told["id"]


def test_a_test_that_fails_is_a_failure(redis: Redis, redis_url: str, made: str) -> None:
    with answering(redis, made, verdict="temporary", blame="theirs", status=500):
        done = run_here("destinations.py", "test", made, redis_url=redis_url)

    assert (done.returncode, "500" in done.stdout) == (1, True)


@pytest.mark.parametrize(("state", "why"), [("active", "deliver process"), ("paused", "it is paused")])
def test_a_test_that_nobody_sends_says_why(redis_url: str, made: str, state: str, why: str) -> None:
    if state == "paused":
        ask(redis_url, "pause", made)

    done = run_here("destinations.py", "test", made, "--wait", "0", redis_url=redis_url)

    assert done.returncode == 1
    assert why in done.stdout


def test_what_failed_is_counted_before_it_is_sent_again(redis: Redis, redis_url: str, made: str) -> None:
    publish(redis, outcome_of("s-1"))
    entries: Any = redis.xrange(keys.OUTCOMES)
    ((place, _),) = entries
    bury(redis, made, a_dead_letter("s-1/1", place.decode()))

    assert ask(redis_url, "redrive", made, "--dry-run") == {"count": 1, "dryRun": True}
    assert redis.zcard(keys.asked(made)) == 0
    assert ask(redis_url, "redrive", made, "--blame", "theirs", "--since", "1h") == {"count": 1, "dryRun": False}
    assert redis.zcard(keys.asked(made)) == 1


def test_one_that_is_removed_while_it_is_followed_is_said_to_be_gone(redis: Redis, redis_url: str, made: str) -> None:
    publish(redis, outcome_of("s-1"))

    def remove() -> None:
        wait_until(lambda: redis.zcard(keys.asked(made)) == 1)
        destinations.delete(redis, made)

    with ThreadPoolExecutor(1) as somebody:
        somebody.submit(remove)
        done = run_here("destinations.py", "redrive", made, "--everything", "--follow", redis_url=redis_url)

    assert (done.returncode, f"{made} was removed meanwhile" in done.stderr) == (1, True), done.stderr


def test_who_stops_watching_what_is_sent_again_is_told_that_it_goes_on(
    redis: Redis, redis_url: str, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(redis, outcome_of("s-1"))

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    done = run_here("destinations.py", "redrive", made, "--everything", "--follow", redis_url=redis_url)

    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"it goes on: ./scripts/destinations.py show {made}")
    assert redis.zcard(keys.asked(made)) == 1


def test_nobody_waits_for_what_is_not_sent_while_a_destination_is_paused(
    redis: Redis, redis_url: str, made: str
) -> None:
    publish(redis, outcome_of("s-1"))
    ask(redis_url, "pause", made)

    done = run_here("destinations.py", "redrive", made, "--everything", "--follow", redis_url=redis_url)

    assert done.returncode == 1
    assert f"while it is paused: ./scripts/destinations.py resume {made}" in done.stdout


@pytest.mark.parametrize(("words", "is_said"), [((), True), (("--blame", "ours"), False)])
def test_that_what_was_given_up_cannot_be_sent_again_is_said(
    redis: Redis, redis_url: str, made: str, words: tuple[str, ...], *, is_said: bool
) -> None:
    bury(redis, made, a_dead_letter("s-1/1", "1-0", because="retention"))

    done = run_here("destinations.py", "redrive", made, *words, redis_url=redis_url)

    assert (done.returncode, "the log holds it no more" in done.stdout) == (0, is_said)


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_that_what_failed_waits_with_a_destination_that_is_left_alone_is_said(
    redis: Redis, redis_url: str, made: str, monkeypatch: pytest.MonkeyPatch, follow: tuple[str, ...]
) -> None:
    publish(redis, outcome_of("s-1"))
    redis.srem(keys.LISTENING, made)
    redis.zadd(keys.BELLS, {bells.member(Stage.DELIVER, made): redis_time(redis) + 60})
    monkeypatch.setattr("time.sleep", lambda _: redis.delete(keys.asked(made)))  # as if it were tried again by then

    done = run_here("destinations.py", "redrive", made, "--everything", *follow, redis_url=redis_url)

    assert (done.returncode, "it is left alone until" in done.stdout + done.stderr) == (0, True)


def test_attempts_are_shown_the_newest_last(redis: Redis, redis_url: str, made: str) -> None:
    keep(redis, *(an_attempt(made, number=number) for number in (1, 2, 3)))

    assert [one["number"] for one in ask(redis_url, "attempts", made, "--last", "2")] == [2, 3]


def test_what_an_endpoint_answers_cannot_steer_the_terminal(redis: Redis, redis_url: str, made: str) -> None:
    keep(redis, an_attempt(made, verdict="temporary", excerpt="\x1b[2J gone"))

    assert "\x1b" not in run_here("destinations.py", "attempts", made, redis_url=redis_url).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 2, "COMMAND"),
        (["add"], 2, "URL"),
        (["add", URL, "--include", "all"], 2, "invalid choice"),
        (["add", "http://93.184.215.14/"], 1, "https://"),
        (["add", "https://10.1.2.3/"], 1, "private network"),
        (["add", URL, "--outcome", "missed,lost"], 2, "lost: must be of answered,"),
        (["add", URL, "--direction", "Sideways"], 2, "Sideways: must be of Inbound, Outbound"),
        (["add", URL, "--field", "mood"], 2, "mood: must be of accountId,"),
        (["change", "dst_"], 1, "nothing to change"),
        (["show", "dst_none"], 1, "no destination's id begins with 'dst_none'"),
        (["redrive", "dst_", "--blame", "fate"], 2, "theirs, ours"),
        (["redrive", "dst_", "--since", "once"], 2, "no time"),
        (["rotate", "dst_", "--overlap", "-1"], 2, "must be from"),
        (["redrive", "dst_", "--per-second", "0"], 2, "must be from"),
    ],
)
def test_a_fault_is_said_with_its_exit_code(
    redis: Redis, redis_url: str, arguments: list[str], code: int, told: str
) -> None:
    done = run_here("destinations.py", *arguments, redis_url=redis_url)

    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert destinations.all(redis) == ()


def test_words_that_may_be_asked_for_are_named_as_they_are_typed(redis_url: str) -> None:
    done = run_here("destinations.py", "add", URL, "--include", "all", redis_url=redis_url)

    assert "outcome" in done.stderr.rpartition("choose from")[2]
    assert "Include" not in done.stderr


def test_words_are_taken_in_whatever_case_they_are_typed(redis: Redis, redis_url: str) -> None:
    run_here("destinations.py", "add", URL, "--outcome", "Missed", "--direction", "inbound", redis_url=redis_url)

    (one,) = destinations.all(redis)
    assert (one.outcomes, one.directions) == (("missed",), ("Inbound",))


def test_two_that_begin_alike_are_told_apart(redis: Redis, redis_url: str, made: str) -> None:
    other = destinations.create(redis, Draft(url=URL), keys=())[0].id

    done = run_here("destinations.py", "show", "dst_", redis_url=redis_url)

    assert done.returncode == 1
    assert made in done.stderr
    assert other in done.stderr


def test_it_runs_from_anywhere_and_says_when_there_is_no_redis(tmp_path: Path) -> None:
    done = run("destinations.py", "list", redis_url="unix:///nowhere/redis.sock", cwd=tmp_path)

    assert (done.returncode, "Redis does not answer" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (12, "12 s"), (420, "7 min"), (12600, "3.5 h"), (172800, "2.0 d")],
)
def test_a_span_of_time_is_written_in_what_fits(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.fixture(params=UNSEEN)
def unseen(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a stream to which nothing can be written."""
    if request.param == "a full disk":
        with FULL.open("wb") as full:
            yield full
        return
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        yield pipe


def told_nobody(unseen: Any, redis_url: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command where nothing it prints can be written."""
    return subprocess.run(
        [SCRIPTS / "destinations.py", *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_URL": redis_url},
        stdout=unseen,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["people", "machines"])
def test_a_destination_whose_secret_nobody_has_seen_is_not_added(
    redis: Redis, redis_url: str, unseen: Any, how: tuple[str, ...]
) -> None:
    done = told_nobody(unseen, redis_url, "add", URL, *how)

    assert (done.returncode, b"removed again" in done.stderr) == (1, True), done.stderr
    assert destinations.all(redis) == ()


@pytest.mark.parametrize("overlap", ["24", "0"])
def test_a_new_secret_that_nobody_has_seen_replaces_none(
    redis: Redis, redis_url: str, unseen: Any, made: str, overlap: str
) -> None:
    before = destinations.secrets(redis, made, keys=())

    done = told_nobody(unseen, redis_url, "rotate", made, "--overlap", overlap)

    assert (done.returncode, b"the one before again" in done.stderr) == (1, True), done.stderr
    assert destinations.secrets(redis, made, keys=()) == before


def test_a_secret_that_was_printed_nowhere_was_seen_by_nobody(redis: Redis, redis_url: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", SCRIPTS / "destinations.py", "add", URL],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_URL": redis_url},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, b"removed again" in done.stderr) == (1, True), done.stderr
    assert destinations.all(redis) == ()


def test_an_account_that_is_not_there_is_no_filter(redis: Redis, redis_url: str, made: str) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, "acme"): 0})

    refused = run_here("destinations.py", "change", made, "--account", "acmee", redis_url=redis_url)
    ask(redis_url, "change", made, "--account", "acme,default,400131426008")

    assert (refused.returncode, "'acmee'" in refused.stderr) == (1, True), refused.stderr
    assert destinations.all(redis)[0].accounts == ("acme", "default", "400131426008")
