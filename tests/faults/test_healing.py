"""Notifications are lost, doubled and shuffled, the subscription goes: all calls come out right, and accounted for."""

import time
from pathlib import Path

import msgspec
import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.supervisor.summary import Report, Truth, judge
from scripts.supervisor.watchdog import Watchdog
from scripts.terminal.redis_server import find_url
from tests.faults.product import ROOT, TOKEN, Product, account_of, running
from tests.scripts.commands import run
from tests.simulator.waiting import wait_until

CALLS = 50
LIMITS = {"light": 50, "medium": 40, "heavy": 60, "auth": 20}
FAULTS = (
    ("drop_webhooks", {"share": 1.0}),
    ("drop_webhooks", {"share": 0.2}),
    ("drop_final_webhooks", {"share": 0.5}),
    ("duplicate_webhooks", {"share": 0.3}),
    ("shuffle_webhooks", {"seconds": 1.0}),
    ("blacklist_subscriptions", {}),
    ("delete_subscriptions", {}),
)


def report(simulator: RunningSimulator, product: Product) -> Report:
    return judge(msgspec.convert(simulator.truth(), type=tuple[Truth, ...]), product.events(), all_heard=False)


@pytest.mark.timeout(200)
def test_every_call_comes_out_right_whatever_becomes_of_its_notifications(tmp_path: Path, watchdog: Watchdog) -> None:
    box = Configuration(seed=7, longest_call=4.0, lag=(0.5, 1.5), limits=LIMITS)
    with running_simulator(box) as simulator, running(tmp_path, watchdog=watchdog, **account_of(simulator)) as product:
        product.wait_until_up()
        simulator.subscribe(product.url, TOKEN)
        simulator.play(count=CALLS, rate=6)
        for name, fields in FAULTS:
            time.sleep(1)
            simulator.fault(name, **fields)
        wait_until(lambda: all(one["recordVisibleAt"] for one in simulator.truth()), 60)
        began = time.monotonic()

        wait_until(lambda: report(simulator, product).all_right, 120)

        heavy = sum(one["group"] == "heavy" for one in simulator.requests())
        took = time.monotonic() - began
        print(f"healed within {took:.0f} s of the last record, by {heavy} requests")  # noqa: T201 - seen with -s
        audit = run("audit.py", redis_url=find_url({}, root=ROOT, data=tmp_path))
        assert audit.returncode == 0, audit.stdout + audit.stderr
        assert f"{CALLS} of {CALLS} calls accounted for" in audit.stdout
