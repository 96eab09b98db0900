"""What is shown stays true: where the reader's clock is wrong, while something is away, and for who comes by a link."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from runtime import actions
from tests.browser.face import Face
from tests.browser.test_calls_are_seen import is_on, look_again
from tests.simulator.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Route

HOURS = timedelta(hours=3)
WELL = "retry: 100\n\nevent: well\ndata: {}\n\n"


def test_how_long_a_call_is_on_is_right_by_a_clock_that_is_wrong(face: Face) -> None:
    with face.page() as page:
        (session,) = face.simulator.play(count=1, scenario="inbound_direct_answered")
        wait_until(partial(is_on, face, session), seconds=20)
        page.clock.install(time=datetime.now(UTC) + HOURS)
        page.goto("/calls")
        page.locator("#zone").wait_for()
        since = page.evaluate("Date.now() / 1000") - HOURS.total_seconds() - 61
        counted = page.evaluate_handle(
            """since => {
                const one = Object.assign(document.createElement("span"), { className: "tick" });
                one.dataset.since = since;
                return document.body.appendChild(one);
            }""",
            since,
        )

        page.clock.run_for(1100)

        assert str(counted.evaluate("one => one.textContent")).startswith("1 m 0")


def test_a_clock_that_is_put_back_holds_nothing_up(face: Face) -> None:
    with face.page() as page:
        page.goto("/trail")
        page.locator("#zone").wait_for()
        look_again(page)
        page.wait_for_timeout(500)
        page.clock.set_system_time(datetime.now(UTC) - HOURS)
        actions.record(face.redis, actions.Action(who="Noor", via="api", address="", what="came later"))

        look_again(page)

        page.get_by_text("came later").first.wait_for()


def test_a_page_whose_own_parts_do_not_come_says_so_however_well_all_else_is(face: Face) -> None:
    with face.page() as page:
        page.clock.install()
        page.route("**/live", lambda route: route.fulfill(content_type="text/event-stream", body=WELL))
        page.goto("/trail")
        page.locator("#zone").wait_for()
        page.route("/trail", lambda route: route.fulfill(status=500))

        page.clock.fast_forward("00:20")
        page.wait_for_timeout(1000)

        assert page.locator("#lost").is_visible()
        page.unroute("/trail")
        look_again(page)
        page.locator("#lost").wait_for(state="hidden")


def test_the_page_of_a_trouble_stays_until_there_is_a_page(face: Face) -> None:
    with face.page() as page:
        page.clock.install()
        page.goto("/trail")
        trouble = page.content().replace("data-part", "data-part data-again")
        answers = [(503, trouble), (502, "Bad gateway"), (504, "Late")]

        def answer(route: "Route") -> None:
            status, body = answers.pop(0)
            route.fulfill(status=status, body=body, content_type="text/html")

        page.route("/trail", answer, times=3)
        page.goto("/trail")
        for _ in range(2):
            page.clock.fast_forward("00:06")
            page.wait_for_timeout(300)
            assert page.locator("[data-again]").count()
        page.clock.fast_forward("00:06")

        page.locator("#done:not([data-again])").wait_for()
    assert answers == []


def test_who_is_in_and_follows_a_link_on_another_site_comes_to_where_it_leads(face: Face) -> None:
    with face.page() as page:
        link = f'<a href="{face.url}/calls?outcome=missed">An alert in a chat</a>'
        page.route("http://chat.example/", lambda route: route.fulfill(content_type="text/html", body=link))
        page.goto("http://chat.example/")
        page.get_by_role("link").click()

        page.get_by_role("heading", name="Calls", level=1).wait_for()
        assert page.url == f"{face.url}/calls?outcome=missed"
        page.go_back()
        page.get_by_text("An alert in a chat").wait_for()


def test_a_stranger_who_follows_one_comes_to_the_login_and_then_there(face: Face) -> None:
    with face.page() as page:
        page.context.clear_cookies()
        link = f'<a href="{face.url}/calls?outcome=missed">An alert in a chat</a>'
        page.route("http://chat.example/", lambda route: route.fulfill(content_type="text/html", body=link))
        page.goto("http://chat.example/")
        page.get_by_role("link").click()
        page.get_by_label("Token").fill("t0ken-of-the-admin")
        page.get_by_role("button", name="Log in").click()

        page.get_by_role("heading", name="Calls", level=1).wait_for()
        assert page.url == f"{face.url}/calls?outcome=missed"


def test_on_paper_there_is_the_page_and_nothing_to_press(face: Face) -> None:
    with face.page() as page:
        page.emulate_media(media="print")

        assert page.get_by_role("heading", name="Now", level=1).is_visible()
        assert not page.get_by_role("navigation").is_visible()
        assert not page.get_by_role("button", name="Live").is_visible()
