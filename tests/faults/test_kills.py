"""Processes are killed while calls are on; every call must come out right all the same."""

import random
import time
from pathlib import Path

import pytest

from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import SHORT_CALLS, running

VICTIMS = ("web", "track", "resolve", "deliver", "upkeep", "clock")
CALLS = 200


@pytest.mark.timeout(240)
def test_every_call_comes_out_right_whoever_is_killed_meanwhile(tmp_path: Path, watchdog: Watchdog) -> None:
    chosen = random.Random(7)  # noqa: S311 - the same at each run
    options = ("--calls", str(CALLS), "--exit", "--rate", "15", "--seed", "7", "--timeout", "180", "--box", SHORT_CALLS)
    with running(tmp_path, *options, watchdog=watchdog) as product:
        product.wait_until_up()
        killed: list[str] = []
        while f"all {CALLS} calls played" not in product.output:
            for victim in chosen.sample(VICTIMS, len(VICTIMS)):
                killed += [victim] * product.kill(victim)
                time.sleep(1)

        assert product.wait(180) == 0, product.output
        assert set(killed) == set(VICTIMS)
        assert f"{CALLS} of {CALLS}" in product.output
