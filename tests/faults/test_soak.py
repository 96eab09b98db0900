"""A short soak: every process, Redis, the network, RingCentral and the CRM fail at random; every promise holds."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from scripts.soaking.driving import Happened, felt
from scripts.soaking.faults import FAULTS
from scripts.soaking.schedule import CALM_FROM, MINUTE, planned
from scripts.venv import ROOT

MINUTES = 0.3


@pytest.mark.timeout(240)
def test_whatever_fails_meanwhile_every_promise_holds(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    asked = ("--minutes", str(MINUTES), "--calls-per-minute", "500", "--seed", "7", "--json", str(report))
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "soak.py", *asked], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert msgspec.json.decode(report.read_bytes())["held"]


def test_a_seed_plans_the_same_faults_each_time_and_another_seed_others() -> None:
    plan = planned(FAULTS, seed=1, minutes=3)

    assert plan == planned(FAULTS, seed=1, minutes=3)
    assert plan != planned(FAULTS, seed=2, minutes=3)


def test_a_lane_has_one_fault_at_a_time_and_each_minute_ends_calm() -> None:
    plan = planned(FAULTS, seed=1, minutes=10)

    for lane in {fault.lane for fault in FAULTS.values()}:
        own = [one for one in plan if FAULTS[one.name].lane == lane]
        assert all(one.at + one.seconds < after.at for one, after in pairwise(own))
    brief = [one for one in plan if one.seconds < CALM_FROM]
    assert all(one.at % MINUTE + one.seconds <= CALM_FROM for one in brief)


def test_ten_minutes_hold_every_fault() -> None:
    assert {one.name for one in planned(FAULTS, seed=1, minutes=10)} == set(FAULTS)


def test_how_often_a_fault_was_felt_is_counted_till_the_next_of_its_kind() -> None:
    heavy, light = (f"RingCentral: rate_limit {limited}" for limited in ("heavy seconds", "light absent"))
    course = [Happened(heavy, 1, 2, felt=0), Happened("Redis: frozen", 2, 3), Happened(light, 3, 4, felt=2)]

    assert [one.felt for one in felt(course, {"rate_limit": 2, "reset": 7})] == [2, None, 0]


def test_a_lane_of_faults_for_which_there_is_no_time_has_none() -> None:
    rare = {name: fault for name, fault in FAULTS.items() if fault.from_minutes > 1}

    assert planned(rare, seed=1, minutes=1) == ()
