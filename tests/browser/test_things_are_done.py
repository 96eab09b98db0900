"""What somebody at the dashboard does: add a destination, pause it, send again, with or without a mouse."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from runtime import actions
from runtime.deliveries import destinations
from telephony.destinations import Destination
from tests.browser.face import READER, Face
from tests.destinations.endpoint import Endpoint, says
from tests.simulator.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def crm() -> Iterator[Endpoint]:
    with Endpoint().running() as endpoint:
        yield endpoint


def add(page: "Page", url: str, name: str) -> None:
    page.goto("/destinations")
    page.get_by_role("link", name="Add a destination").click()
    page.get_by_label("URL").fill(url)
    page.get_by_label("Name (optional)").fill(name)
    page.get_by_role("button", name="Add it").click()


def found(face: Face, name: str) -> Destination:
    return next(one for one in destinations.all(face.redis) if one.description == name)


def test_a_destination_is_added_tried_paused_resumed_and_removed(face: Face, crm: Endpoint) -> None:
    with face.page() as page:
        add(page, crm.url, "Our CRM")
        assert page.locator("#secret").inner_text().startswith("whsec_")
        page.get_by_role("link", name="Go on to the destination").click()

        page.get_by_role("button", name="Send a test").click()
        page.locator("#attempts").filter(has_text="delivered").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.locator("#standing .big").filter(has_text="paused").wait_for()
        page.get_by_role("button", name="Resume").click()
        page.locator("#standing .big").filter(has_text="active").wait_for()
        page.get_by_text("Remove", exact=True).click()
        page.get_by_role("button", name="Remove it").click()
        page.get_by_role("status").filter(has_text="Removed").wait_for()

    done = [one.what for one in actions.page(face.redis, limit=5).items if one.who == "Mara"]
    assert done[:4] == ["remove destination", "resume destination", "pause destination", "send test"]


def test_what_a_destination_could_not_take_is_sent_again_on_request(face: Face, crm: Endpoint) -> None:
    crm.on(says(400))
    with face.page() as page:
        add(page, crm.url, "Broken CRM")
        session = face.call()
        destination = found(face, "Broken CRM")
        page.goto(f"/destinations/{destination.id}")
        page.locator("#attempts").filter(has_text="temporary").wait_for()
        crm.on(says(200))

        page.get_by_role("button", name="Send again what failed").click()

        page.locator("#attempts").filter(has_text="delivered").wait_for()
        wait_until(lambda: any(session.encode() in got.body for got in crm.got), seconds=5)
    destinations.delete(face.redis, destination.id)


def test_a_button_that_is_pressed_twice_was_meant_once(face: Face, crm: Endpoint) -> None:
    with face.page() as page:
        page.goto("/destinations/new")
        page.get_by_label("URL").fill(crm.url)
        page.get_by_label("Name (optional)").fill("Once")
        page.get_by_role("button", name="Add it").dblclick()
        page.locator("#secret").wait_for()

    made = [one.id for one in destinations.all(face.redis) if one.description == "Once"]
    for one in made:
        destinations.delete(face.redis, one)
    assert len(made) == 1


def test_who_searches_twice_means_the_second(face: Face) -> None:
    with face.page() as page:
        page.goto("/calls")

        searched = page.locator("form.filter").evaluate(
            """form => {
                let count = 0;
                addEventListener("submit", (event) => {
                    count += !event.defaultPrevented;
                    event.preventDefault();
                });
                form.requestSubmit();
                form.requestSubmit();
                return count;
            }"""
        )

    assert searched == 2


def test_what_is_wrong_with_a_form_is_said_beside_the_field(face: Face) -> None:
    with face.page() as page:
        add(page, "https://169.254.169.254/latest", "Not ours")

        page.get_by_role("alert").wait_for()
        assert page.get_by_label("URL").get_attribute("aria-invalid") == "true"
        assert page.get_by_label("Name (optional)").input_value() == "Not ours"


def test_everything_is_reached_by_keyboard_alone(face: Face, crm: Endpoint) -> None:
    with face.page() as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.goto("/destinations/new")
        tab_to(page, "url")
        page.keyboard.type(crm.url)
        tab_to(page, "description")
        page.keyboard.type("By keyboard")
        page.keyboard.press("Enter")
        page.locator("#secret").wait_for()
    destinations.delete(face.redis, found(face, "By keyboard").id)


def tab_to(page: "Page", name: str) -> None:
    """Go on with the Tab key until the field of this id has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == name:
            return
    pytest.fail(f"{name} is not reached by the Tab key")


def test_a_reader_sees_everything_and_no_button(face: Face, crm: Endpoint) -> None:
    with face.page() as admin:
        add(admin, crm.url, "To look at")
    with face.page(token=READER) as page:
        page.goto(f"/destinations/{found(face, 'To look at').id}")
        page.locator("#standing").wait_for()

        assert [button.inner_text() for button in page.get_by_role("button").all()] == ["Log out"]
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Token").wait_for()
        assert page.goto("/calls").url.endswith("/login?next=/calls")  # type: ignore[union-attr]  # it answers
    destinations.delete(face.redis, found(face, "To look at").id)
