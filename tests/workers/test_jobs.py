"""The processes of the Procfile: each stage has one, each job is a function, together they take a call to its end."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from runtime.bells import JOBS, Stage
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT
from scripts.supervisor import procfile
from scripts.supervisor.group import Group
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from telephony.words import Outcome
from tests.builders.calls import ivr_call
from tests.simulator.waiting import wait_until
from tests.workers.office import Office
from tests.workers.test_resolve import the_record
from workers.__main__ import main

WORKERS = [one.command.split()[1:] for one in procfile.processes() if one.command.startswith("python -m workers ")]
STOP_SECONDS = 2.0


@pytest.fixture
def processes(office: Office, watchdog: Watchdog) -> Iterator[list[Group]]:
    """Run every worker of the Procfile, with pauses as short as they may be."""
    environ = {
        "REDIS_URL": office.settings.redis_url,
        "RC_SERVER_URL": office.platform.url,
        "RC_APP_CLIENT_ID": CLIENT_ID,
        "RC_APP_CLIENT_SECRET": CLIENT_SECRET,
        "RC_USER_JWT": USER_JWT,
        "QUIET_SECONDS": "0",
        "SETTLE_SECONDS": "0",
        "FETCH_INTERVAL_SECONDS": "1",
        "LOG_LEVEL": "warning",
    }
    running = [
        Group((sys.executable, *words), watchdog=watchdog, stdout=subprocess.DEVNULL, env=environ, cwd=ROOT)
        for words in WORKERS
    ]
    yield running
    for process in running:
        process.kill()


def test_every_stage_and_the_clock_have_a_process() -> None:
    assert {words[-1] for words in WORKERS} == {*(stage.value for stage in Stage), "clock"}


@pytest.mark.parametrize("name", JOBS.values())
def test_every_job_is_a_function_of_one_account_or_destination(name: str) -> None:
    module, _, function = name.rpartition(".")

    job = getattr(import_module(module), function)

    assert list(inspect.signature(job).parameters) in (["account"], ["destination"])


@pytest.mark.parametrize("words", [["nonsense"], [], ["track", "resolve"]], ids=["unknown", "none", "two"])
def test_a_worker_serves_exactly_one_stage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert "usage: python -m workers" in capsys.readouterr().err


def test_a_worker_that_lacks_a_setting_says_all_that_is_missing_and_does_not_start() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "workers", "resolve"], cwd=ROOT, capture_output=True, check=False, env={}
    )

    named = [line.split()[0] for line in ended.stderr.decode().splitlines()]
    assert named == ["REDIS_URL", "RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "RC_USER_JWT"]
    assert ended.returncode == 2


def test_the_processes_together_take_a_call_to_its_outcome_and_stop_when_asked(
    office: Office, processes: list[Group]
) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))
    for body in call.bodies:
        office.redis.xadd("legwork:{default}:inbox", {"body": body})

    wait_until(lambda: len(office.published(call)) == 2, seconds=30)

    assert [event.data.outcome for event in office.published(call)] == [Outcome.ANSWERED] * 2
    assert [process.stop(grace=STOP_SECONDS) for process in processes] == [0] * len(WORKERS)
