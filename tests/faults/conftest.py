"""The whole product, for the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from scripts.simulator import running_simulator
from scripts.supervisor.watchdog import Watchdog
from tests.faults.product import Product, account_of, running
from tests.workers.conftest import an_office, office, platform

__all__ = ["an_office", "office", "platform"]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, watchdog: Watchdog) -> Iterator[Product]:
    """Run the product once; RingCentral answers it, and has no calls."""
    data = tmp_path_factory.mktemp("product")
    with running_simulator() as simulator, running(data, watchdog=watchdog, **account_of(simulator)) as product:
        product.wait_until_up()
        yield product
