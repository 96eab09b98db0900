"""The dashboard as somebody at a browser has it, and what happens behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from redis import Redis

from scripts.simulator import RunningSimulator
from tests.faults.product import Product
from tests.simulator.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ADMIN, READER = "t0ken-of-the-admin", "t0ken-of-the-reader"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 15_000.0
"""Milliseconds after which something that should appear does not any more."""


class Face:
    """The product, and a browser in front of it."""

    def __init__(self, product: Product, simulator: RunningSimulator, browser: "Browser") -> None:
        self.product = product
        self.simulator = simulator
        self.browser = browser
        self.url = product.url.removesuffix("/webhooks/ringcentral")

    @contextmanager
    def page(
        self, *, token: str = ADMIN, viewport: Any = None, dark: bool = False, scripts: bool = True, zone: str = "UTC"
    ) -> Iterator["Page"]:
        """Open a window of somebody who is in; whatever the browser complains of fails the test.

        The admin has logged in once, for all tests. Everybody else logs in here, and who has no scripts.
        """
        known = self._admitted if (token, scripts) == (ADMIN, True) else None
        scheme: Any = "dark" if dark else "light"
        size: Any = viewport or WIDE
        context = self.browser.new_context(
            viewport=size,
            color_scheme=scheme,
            base_url=self.url,
            java_script_enabled=scripts,
            timezone_id=zone,
            storage_state=known,
        )
        context.set_default_timeout(PATIENCE)
        page, complaints = context.new_page(), []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        if known is None:
            log_in(page, token)
        else:
            page.goto("/")
        yield page
        context.close()
        assert complaints == []

    @cached_property
    def _admitted(self) -> Any:
        """What the admin's browser keeps after the login."""
        with self.browser.new_context(base_url=self.url) as context:
            log_in(context.new_page(), ADMIN)
            return context.storage_state()

    @cached_property
    def redis(self) -> Redis:
        """The product's Redis."""
        return self.product.redis()

    def call(self, scenario: str = "inbound_direct_answered") -> str:
        """Play a short call to its end, and wait for its outcome; give its session."""
        (session,) = self.simulator.play(count=1, scenario=scenario, speed=8)
        wait_until(lambda: self.revision(session) >= 1, seconds=60)
        return session

    def revision(self, session: str) -> int:
        """Give the last revision published of a call; -1: none."""
        found: Any = self.redis.hget(f"legwork:{{default}}:revisions:{session}", "last")
        return -1 if found is None else int(found)


def log_in(page: "Page", token: str) -> None:
    """Log in as somebody who bears `token`."""
    page.goto("/login")
    page.get_by_label("Token").fill(token)
    page.get_by_label("Your name").fill("Mara")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
