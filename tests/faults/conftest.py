"""The whole product, for the tests that leave it as they found it."""

from typing import Final

import pytest

from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import TOKEN, Product, account_of, running
from tests.sharing import Shared
from tests.workers.conftest import an_office, office, platform

__all__ = ["an_office", "office", "platform"]

UNHURRIED: Final = Configuration(lag=(0.5, 1.0), limits=dict.fromkeys(("light", "medium", "heavy", "auth"), 600))


SHARED: Final = Shared("product")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    SHARED.leave(nextitem)


@pytest.fixture(scope="session")
def simulator() -> RunningSimulator:
    """Run the RingCentral of the product that is run once. Its records come soon, and its limits are far away."""
    return SHARED.enter_context(running_simulator(UNHURRIED))


@pytest.fixture(scope="session")
def product(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """Run the product once; RingCentral tells it of its calls."""
    data, watchdog = tmp_path_factory.mktemp("product"), SHARED.enter_context(Watchdog())
    product = SHARED.enter_context(running(data, watchdog=watchdog, **account_of(simulator)))
    product.wait_until_up()
    simulator.subscribe(product.url, TOKEN)
    return product
