"""`scripts/reconcile.py`: what it asks for, and what it tells. tests/workers/test_comparing.py carries it out."""

import msgspec
import pytest
from redis import Redis

from runtime import comparisons
from runtime.comparisons import Comparison, Why
from scripts import reconcile
from telephony.times import iso_ms_at
from tests.scripts.commands import run, run_here

ONE = Comparison("cmp_1", Why.ASKED, since=0.0, until=3600.0, asked_at=3600.0, position=900.0)


def test_a_comparison_is_asked_for_and_not_waited_for(redis_url: str, redis: Redis) -> None:
    asked = run("reconcile.py", "--since", "2h", "--no-wait", "--json", redis_url=redis_url)

    (found,) = comparisons.all(redis, "default")
    (item,) = msgspec.json.decode(asked.stdout)["items"]
    assert (asked.returncode, item["id"], found.why) == (0, found.id, Why.ASKED)
    assert [item[name] for name in ("until", "doneAt")] == [iso_ms_at(found.until), None]  # as all times that leave
    assert found.until - found.since == pytest.approx(7200, abs=5)


def test_who_waits_is_told_how_far_it_is_when_patience_ends(redis_url: str) -> None:
    waited = run_here("reconcile.py", "--timeout", "0.1", redis_url=redis_url)

    assert waited.returncode == 1
    assert "0% compared so far; it goes on by itself" in waited.stdout


def test_who_waits_while_nobody_asks_the_log_is_told_once_what_may_be_missing(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.terminal.replay_report.NOBODY_SECONDS", 0.0)

    waited = run_here("reconcile.py", "--timeout", "1.2", redis_url=redis_url)

    assert waited.stderr.count("default: nothing was asked yet: is a `python -m workers resolve` running?") == 1


@pytest.mark.parametrize(("requests", "told"), [(0, True), (1, False)])
def test_it_is_nobody_s_fault_once_the_log_was_asked(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], requests: int, *, told: bool
) -> None:
    monkeypatch.setattr(reconcile, "NOBODY_SECONDS", 0.0)
    one = msgspec.structs.replace(ONE, requests=requests)
    redis.execute_command(*comparisons.write("default", one))  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    reconcile._watched(redis, "default", one, 0.1)

    assert ("nothing was asked yet" in capsys.readouterr().err) is told


@pytest.mark.parametrize("command", ["audit.py", "reconcile.py", "backfill.py"])
@pytest.mark.parametrize("stretch", [("--since", "1d", "--until", "2d"), ("--since", "2099-01-01")], ids=" ".join)
def test_a_stretch_without_any_time_in_it_is_a_usage_error(
    redis_url: str, redis: Redis, command: str, stretch: tuple[str, ...]
) -> None:
    done = run_here(command, *stretch, redis_url=redis_url)

    assert (done.returncode, "must be before" in done.stderr) == (2, True)
    assert comparisons.all(redis, "default") == ()


@pytest.mark.parametrize("command", ["audit.py", "reconcile.py"])
def test_a_stretch_of_which_nothing_is_kept_is_not_called_complete(redis_url: str, redis: Redis, command: str) -> None:
    done = run_here(command, "--until", "999d", redis_url=redis_url)

    assert (done.returncode, "calls are known since" in done.stderr) == (1, True)
    assert comparisons.all(redis, "default") == ()


def test_the_calls_that_were_missing_are_named() -> None:
    done = msgspec.structs.replace(ONE, done_at=1.0, in_log=1204, missing=1, healed=1, requests=2, calls=("s-1",))

    counts, missing = reconcile._lines("default", done)

    assert counts.endswith("1,204 in log, 1 missing, 1 healed, by 2 requests")
    assert missing == "  missing: s-1"


def test_that_ringcentral_has_no_answer_for_a_part_of_it_is_told() -> None:
    done = msgspec.structs.replace(ONE, done_at=1.0, passed_over=10.0)

    assert reconcile._lines("default", done)[1:] == ["  for 10 s of it RingCentral has no answer"]
    assert reconcile._document(done)["passedOver"] == 10.0
