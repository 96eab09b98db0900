"""A RingOut from the click to the record, through the real processes, one of which is killed on the way."""

import subprocess
import sys
import time
from pathlib import Path

from scripts.simulator import Configuration, running_simulator
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import ROOT, TOKEN, account_of, running
from tests.simulator.waiting import wait_until

WATCH = (sys.executable, "scripts/ringout.py", "call", "+16505550101", "+12125550111", "--watch", "--wait", "90")


def test_a_watched_ringout_survives_the_404_and_kills_and_ends_with_the_call_logs_word(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    with (
        running_simulator(Configuration(lag=(0.5, 1.0))) as simulator,
        running(tmp_path, watchdog=watchdog, **account_of(simulator)) as product,
    ):
        product.wait_until_up()
        wait_until(lambda: bool(product.pids_of("ringout")), 30)
        simulator.subscribe(product.url, TOKEN)
        simulator.plan_ringouts(length=8.0, gone="during")

        command = (*WATCH, "--data", str(tmp_path))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watched:
            wait_until(lambda: bool(simulator.ringouts()["placed"]), 60)
            for _ in range(2):
                product.kill("ringout")
                time.sleep(1)
            told, _ = watched.communicate(timeout=100)

        assert watched.returncode == 0, told
        assert simulator.ringouts()["asked"] == 1
        assert "call InProgress, caller InProgress, callee InProgress" in told
        assert "RingCentral has forgotten the live status (404)" in told
        assert told.rstrip().endswith(
            "callerStatus: Call connected (answered)\ncalleeStatus: Call connected (answered)"
        ), told
