"""One browser and one product for all tests here; without a Chromium they are skipped, and say so."""

import shutil
from typing import Final

import pytest

from scripts.simulator import Configuration, running_simulator
from scripts.simulator.configuration import LIMITS
from scripts.supervisor.watchdog import Watchdog
from tests.browser.face import ADMIN, READER, Face
from tests.faults.product import TOKEN, account_of, running
from tests.sharing import Shared

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

BRISK = Configuration(
    longest_call=4.0, lag=(0.5, 1.0), provisional_share=0, recording_share=0, limits={**LIMITS, "heavy": 60}
)
"""Calls are short, their records come soon and stay as they are, and requests are as many as the product may take."""


def chromium() -> str:
    """Find the browser, or skip."""
    pytest.importorskip("playwright", reason="playwright, which drives the browser, has no wheel for this platform")
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium is installed (looked for {', '.join(CHROMIUMS)})")
    return found


SHARED: Final = Shared("face")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    SHARED.leave(nextitem)


@pytest.fixture(scope="session")
def face(tmp_path_factory: pytest.TempPathFactory) -> Face:
    """Run the product with RingCentral in a box, and a browser in front of it."""
    program = chromium()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - there is none where these tests are skipped

    settings = {"ADMIN_TOKEN": ADMIN, "READ_TOKEN": READER, "ALLOW_PRIVATE_DESTINATIONS": "127.0.0.0/8"}
    simulator = SHARED.enter_context(running_simulator(BRISK))
    data, watchdog = tmp_path_factory.mktemp("product"), SHARED.enter_context(Watchdog())
    product = SHARED.enter_context(running(data, watchdog=watchdog, **account_of(simulator), **settings))
    playwright = SHARED.enter_context(sync_playwright())
    browser = SHARED.enter_context(playwright.chromium.launch(executable_path=program, args=QUIETLY))
    product.wait_until_up()
    simulator.subscribe(product.url, TOKEN)
    return Face(product, simulator, browser)


@pytest.fixture(scope="session")
def session(face: Face) -> str:
    """Play a call for all tests that only look at one."""
    return face.call("queue_answered")
