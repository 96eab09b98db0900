"""Each page, on a wide screen and on a phone, in light and dark: axe finds nothing serious.

Who names a folder by SCREENSHOTS gets a picture of each there.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtime.deliveries import destinations
from telephony.destinations import Draft
from tests.browser.face import PHONE, WIDE, Face
from tests.builders.attempts import a_dead_letter, bury

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = (
    "/",
    "/calls",
    "/destinations",
    "/destinations/new",
    "/completeness",
    "/replays",
    "/quarantine",
    "/accounts",
    "/trail",
)
GRAVE = {"serious", "critical"}
NO_MORE_THAN_VIOLATIONS = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def paths(face: Face, session: str) -> dict[str, str]:
    """Name every page there is, with a call to show, and a destination with a long name that needs somebody."""
    destination, _ = destinations.create(face.redis, Draft(url="https://crm.example/" + "hook" * 30), keys=())
    bury(face.redis, destination.id, a_dead_letter("s-1/1", "1-0"))
    named = {(path.strip("/") or "now").replace("/", "-"): path for path in PAGES}
    return named | {"call": f"/calls/{session}", "destination": f"/destinations/{destination.id}"}


@pytest.mark.parametrize(("viewport", "dark"), [(WIDE, False), (PHONE, True)], ids=["wide-light", "phone-dark"])
def test_axe_finds_nothing_serious_on_any_page(
    face: Face, paths: dict[str, str], viewport: object, *, dark: bool
) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - there is none where this is skipped

    found = {}
    with face.page(viewport=viewport, dark=dark) as page:
        for name, path in paths.items():
            page.goto(path)
            page.get_by_role("heading", level=1).wait_for()
            found[name] = [
                (one["id"], one["nodes"][0]["html"][:200])
                for one in Axe().run(page, options=NO_MORE_THAN_VIOLATIONS).response["violations"]
                if one["impact"] in GRAVE
            ]
            photograph(page, name)

    assert {name: violations for name, violations in found.items() if violations} == {}


def test_a_button_that_needs_the_script_is_not_shown_without_it(face: Face) -> None:
    with face.page(scripts=False) as page:
        page.locator("#live").wait_for(state="attached")
        assert not page.locator("#live").is_visible()


@pytest.mark.parametrize("width", [PHONE["width"], 861, 1024])
def test_no_page_is_wider_than_its_window_whatever_is_opened_on_it(
    face: Face, paths: dict[str, str], width: int
) -> None:
    with face.page(viewport=PHONE | {"width": width}) as page:
        for path in paths.values():
            page.goto(path)
            for title in ["", *page.locator("details.sure > summary").all_inner_texts()]:
                if title:
                    page.keyboard.press("Escape")
                    page.locator("details.sure > summary").get_by_text(title, exact=True).click()

                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, title)


def photograph(page: "Page", name: str) -> None:
    """Take a picture, for who wants one."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    size = page.viewport_size or WIDE
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    page.screenshot(path=Path(folder) / f"{name}-{size['width']}-{scheme}.png", full_page=True)
