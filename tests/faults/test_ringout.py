"""RingOuts from the click to the record, through the real processes, one of which is killed on the way."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import pytest

from runtime import keys
from runtime.bells import Stage
from runtime.settings import DEFAULT_ACCOUNT
from scripts.simulator import RunningSimulator
from scripts.venv import ROOT
from tests.faults.product import Product
from tests.scripts.commands import run_here
from tests.simulator.waiting import wait_until

SCRIPT: Final = "ringout.py"
CALL: Final = ("call", "+16505550101")
PATIENTLY: Final = ("--wait", "90")
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

    def __init__(self, product: Product, simulator: RunningSimulator) -> None:
        self.simulator = simulator
        self.data = ("--data", str(product.data))
        self._product = product

    @contextlib.contextmanager
    def watched(self, callee: str) -> Iterator[subprocess.Popen[str]]:
        """Call somebody and watch it."""
        command = (sys.executable, f"scripts/{SCRIPT}", *CALL, callee, "--watch", *PATIENTLY, *self.data)
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as one:
            yield one

    def called(self, callee: str) -> str:
        """Call somebody, and give RingCentral's id."""
        before = len(self.placed(0))
        assert self._run(*CALL, callee).returncode == 0
        return self.placed(before + 1)[before]

    def watch(self, ring_out_id: str) -> subprocess.CompletedProcess[str]:
        """Watch what was placed before to its end."""
        return self._run("watch", ring_out_id, *PATIENTLY)

    def kill(self) -> None:
        """Kill who follows RingOuts, and do what ten seconds do afterwards: let its lease end."""
        self._product.kill("ringout")
        with self._product.redis() as redis:
            redis.delete(*(of(DEFAULT_ACCOUNT, Stage.RINGOUT) for of in (keys.lease, keys.rung)))

    def cancel(self, ring_out_id: str) -> str:
        """Cancel by RingCentral's id and give what is said of it."""
        return self._run("cancel", ring_out_id).stdout

    def placed(self, count: int) -> list[str]:
        """Wait until so many are placed; give their ids."""
        wait_until(lambda: len(self.simulator.ringouts()["placed"]) >= count, 60)
        return [one["id"] for one in self.simulator.ringouts()["placed"]]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_here(SCRIPT, *arguments, *self.data, redis_url="")


@pytest.fixture
def exchange(product: Product, simulator: RunningSimulator) -> Exchange:
    wait_until(lambda: bool(product.pids_of("ringout")), 30)
    return Exchange(product, simulator)


def test_a_watched_ringout_survives_the_404_and_kills_and_ends_with_the_call_logs_word(exchange: Exchange) -> None:
    exchange.simulator.plan_ringouts(length=12.0, gone="during")

    with exchange.watched("+12125550111") as watched:
        assert watched.stdout is not None
        told = ""
        for line in watched.stdout:  # to the first live status: a kill before it may be one while it is placed
            told += line
            if re.search(r"call \w+, caller \w+, callee \w+", line):
                break
        for _ in range(2):
            exchange.kill()
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

    with exchange.watched(CANCELLED) as watched:
        (cancelled,) = exchange.placed(before + 1)[before:]
        said = exchange.cancel(cancelled)
        placed = {callee: exchange.called(callee) for callee in ENDS if callee != CANCELLED}
        ends = {callee: exchange.watch(one) for callee, one in placed.items()}
        told = {callee: one.stdout for callee, one in ends.items()}
        told[CANCELLED] = watched.communicate(timeout=100)[0]

    assert "cancelled before the two were connected" in said
    assert {watched.returncode, *(one.returncode for one in ends.values())} == {0}, told
    for callee, (outcome, caller, called) in ENDS.items():
        assert f"outcome: {outcome} (revision " in told[callee], told[callee]
        assert f"callerStatus: {caller}\ncalleeStatus: {called}\n" in told[callee], told[callee]
        assert "call InProgress, caller InProgress, callee InProgress" in told[callee], told[callee]
    assert "cancelled before the two were connected" in told[CANCELLED]
    assert "linked sessions: s-" in told["+12125550158"]
