"""RingOuts from the click to the record, through the real processes, one of which is killed on the way."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import ROOT, TOKEN, Product, account_of, running
from tests.simulator.waiting import wait_until

SCRIPT: Final = (sys.executable, "scripts/ringout.py")
CALL: Final = (*SCRIPT, "call", "+16505550101")
WATCHED: Final = ("--watch", "--wait", "90")
CONFIGURATION: Final = Configuration(lag=(0.5, 1.0), limits=dict.fromkeys(("light", "medium", "heavy", "auth"), 600))
CONNECTED: Final = "Call connected (answered)"
CANCELLED: Final = "+12125550159"
ENDS: Final = {
    "+12125550151": ("busy", "Busy (busy)", "- (not_attempted)"),
    "+12125550152": ("busy", CONNECTED, "Busy (busy)"),
    "+12125550153": ("no_answer", CONNECTED, "No Answer (no_answer)"),
    "+12125550154": ("rejected", CONNECTED, "Rejected (rejected)"),
    "+12125550155": ("failed", CONNECTED, "Wrong Number (failed)"),
    "+12125550156": ("failed", CONNECTED, "No Calling Credit (failed)"),
    "+12125550157": ("failed", "IP Phone Offline (failed)", "- (not_attempted)"),
    "+12125550158": ("answered", CONNECTED, CONNECTED),
    CANCELLED: ("cancelled", "Hang Up (cancelled)", "- (not_attempted)"),
}


class Exchange:
    """A running product, its RingCentral, and people who watch RingOuts on their terminals."""

    def __init__(self, product: Product, simulator: RunningSimulator, data: Path) -> None:
        self.product = product
        self.simulator = simulator
        self.data = ("--data", str(data))

    @contextlib.contextmanager
    def watched(self, callee: str) -> Iterator["subprocess.Popen[str]"]:
        """Call somebody and watch it."""
        command = (*CALL, callee, *WATCHED, *self.data)
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as one:
            yield one

    def cancel(self, ring_out_id: str) -> str:
        """Cancel by RingCentral's id and give what is said of it."""
        command = (*SCRIPT, "cancel", ring_out_id, *self.data)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    def placed(self, count: int) -> list[str]:
        """Wait until so many are placed; give their ids."""
        wait_until(lambda: len(self.simulator.ringouts()["placed"]) >= count, 60)
        return [one["id"] for one in self.simulator.ringouts()["placed"]]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[Exchange]:
    data = tmp_path_factory.mktemp("ringout")
    with (
        running_simulator(CONFIGURATION) as simulator,
        running(data, watchdog=watchdog, **account_of(simulator)) as product,
    ):
        product.wait_until_up()
        wait_until(lambda: bool(product.pids_of("ringout")), 30)
        simulator.subscribe(product.url, TOKEN)
        yield Exchange(product, simulator, data)


def test_a_watched_ringout_survives_the_404_and_kills_and_ends_with_the_call_logs_word(exchange: Exchange) -> None:
    exchange.simulator.plan_ringouts(length=25.0, gone="during")

    with exchange.watched("+12125550111") as watched:
        assert watched.stdout is not None
        told = ""
        for line in watched.stdout:  # to the first live status: a kill before it may be one while it is placed
            told += line
            if re.search(r"call \w+, caller \w+, callee \w+", line):
                break
        for _ in range(2):
            exchange.product.kill("ringout")
            time.sleep(1)
        told += watched.stdout.read()

    assert watched.returncode == 0, told
    assert exchange.simulator.ringouts()["asked"] == 1
    assert re.search(r"call \w+, caller \w+, callee \w+", told), told
    assert "RingCentral has forgotten the live status (404)" in told
    assert told.rstrip().endswith(f"callerStatus: {CONNECTED}\ncalleeStatus: {CONNECTED}"), told


def test_of_every_way_it_may_go_whoever_watches_is_told_the_end_of_both_sides(exchange: Exchange) -> None:
    exchange.simulator.plan_ringouts(length=6.0)
    before = len(exchange.placed(0))

    with ExitStack() as stack:
        watched = {CANCELLED: stack.enter_context(exchange.watched(CANCELLED))}
        (cancelled,) = exchange.placed(before + 1)[before:]
        said = exchange.cancel(cancelled)
        watched |= {callee: stack.enter_context(exchange.watched(callee)) for callee in ENDS if callee != CANCELLED}
        told = {callee: one.communicate(timeout=100)[0] for callee, one in watched.items()}

    assert "cancelled before the two were connected" in said
    assert {callee: one.returncode for callee, one in watched.items()} == dict.fromkeys(watched, 0), told
    for callee, (outcome, caller, called) in ENDS.items():
        assert f"outcome: {outcome} (revision " in told[callee], told[callee]
        assert f"callerStatus: {caller}\ncalleeStatus: {called}\n" in told[callee], told[callee]
        assert "call InProgress, caller InProgress, callee InProgress" in told[callee], told[callee]
    assert "cancelled before the two were connected" in told[CANCELLED]
    assert "linked sessions: s-" in told["+12125550158"]
