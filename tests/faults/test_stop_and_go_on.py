"""A run that is stopped leaves no process; the next one goes on from its data."""

import signal
from pathlib import Path

import msgspec

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.supervisor.follow import ENDED
from scripts.supervisor.processes import living
from scripts.supervisor.summary import Report, Truth, judge
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import TOKEN, Product, account_of, running
from tests.simulator.waiting import wait_until

CALLS = 10
RECORDS_COME_LATE = Configuration(
    shortest_call=0.5, longest_call=1.5, lag=(6, 7), recording_share=0, provisional_share=0
)


def report(simulator: RunningSimulator, product: Product) -> Report:
    return judge(msgspec.convert(simulator.truth(), tuple[Truth, ...]), product.events(), heard=())


def assert_stops(product: Product, number: signal.Signals) -> None:
    family = product.family()

    assert product.stop(number) == 0, product.output
    assert family.isdisjoint(one.pid for one in living())


def test_calls_that_wait_for_their_record_get_it_in_the_next_run(tmp_path: Path, watchdog: Watchdog) -> None:
    with running_simulator(RECORDS_COME_LATE) as simulator:
        with running(tmp_path, watchdog=watchdog, **account_of(simulator)) as product:
            product.wait_until_up()
            simulator.subscribe(product.url, TOKEN)
            simulator.play(count=CALLS, rate=50)
            wait_until(lambda: len(product.events(ENDED)) == CALLS, 30)
            assert_stops(product, signal.SIGINT)

        with running(tmp_path, watchdog=watchdog, **account_of(simulator)) as product:
            wait_until(lambda: report(simulator, product).all_right, 60)
            assert len(report(simulator, product).judgements) == CALLS
            assert_stops(product, signal.SIGTERM)
