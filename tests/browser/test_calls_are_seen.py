"""What somebody at the dashboard sees of calls: live, found again, explained, replayed."""

import json
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runtime import keys, ledger, outcome_log
from runtime.leases import LeaseHeld, lease
from telephony.events import CallEvent, decode, digest
from telephony.words import Outcome
from tests.browser.face import PHONE, Face
from tests.simulator.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOON = 2000.0
"""Milliseconds within which a call that was told of must be seen."""

AT_REST = 1600.0
"""Milliseconds after which the page may ask for its parts at once again."""

TRIES = 3
"""The machine that runs all tests at once may be late once, or twice."""


def test_a_call_appears_within_two_seconds_and_its_outcome_too(face: Face) -> None:
    timeout = pytest.importorskip("playwright.sync_api").TimeoutError
    with face.page() as page:
        page.locator("#live").wait_for()
        for _ in range(TRIES):
            page.wait_for_timeout(AT_REST)
            (session,) = face.simulator.play(count=1, scenario="inbound_direct_answered")
            wait_until(partial(is_on, face, session), seconds=20)
            with suppress(timeout):
                page.locator(f"#on a[href='/calls/{session}']").wait_for(timeout=SOON)
                break
        else:
            pytest.fail("no call appeared in time")

        page.locator(f"#published a[href='/calls/{session}']").first.wait_for(timeout=60_000)


def test_what_changes_is_pushed_not_asked_for_and_only_while_somebody_looks(face: Face) -> None:
    with face.page() as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url) if "x-parts" in one.headers else None)
        live = page.get_by_role("button", name="Live")
        live.wait_for()
        (first,) = face.simulator.play(count=1, scenario="inbound_direct_answered")
        page.locator(f"a[href='/calls/{first}']").first.wait_for(timeout=30_000)
        assert asked == []

        live.click()
        (second,) = face.simulator.play(count=1, scenario="inbound_direct_answered")
        wait_until(partial(is_on, face, second), seconds=20)
        page.wait_for_timeout(SOON)
        assert page.locator(f"a[href='/calls/{second}']").count() == 0

        page.get_by_role("button", name="Stands still").click()
        page.locator(f"a[href='/calls/{second}']").first.wait_for(timeout=30_000)


def test_the_open_page_of_a_call_gains_what_comes_with_its_outcome(face: Face) -> None:
    with face.page() as page:
        (session,) = face.simulator.play(count=1, scenario="inbound_direct_answered", speed=2)
        wait_until(partial(is_on, face, session), seconds=20)
        page.goto(f"/calls/{session}")
        page.locator("#line").wait_for()
        assert page.locator("#legs").count() == 0

        page.locator("#legs tbody tr").first.wait_for(timeout=30_000)

        parts = page.locator("main > section").evaluate_all("found => found.map(one => one.id)")
        assert [one for one in parts if one != "agents"] == ["answer", "legs", "line", "why", "raw"]
        page.get_by_text("Replay", exact=True).click()
        page.get_by_role("button", name="Ask again").wait_for()


def test_a_page_that_hears_nothing_any_more_says_so_until_it_does(face: Face) -> None:
    with face.page() as page:
        page.clock.install()
        page.route("**/live?parts", lambda route: route.fulfill(status=503))
        page.route("/", lambda route: route.abort() if "x-parts" in route.request.headers else route.continue_())
        page.goto("/")
        page.get_by_role("button", name="Live").wait_for()
        assert not page.locator("#lost").is_visible()

        page.clock.fast_forward("00:20")

        page.get_by_role("button", name="Not connected").wait_for()
        assert page.locator("#lost").is_visible()
        assert not page.get_by_text("All is well").is_visible()
        page.unroute_all()
        page.clock.fast_forward("00:02")
        page.get_by_role("button", name="Live").wait_for()
        assert not page.locator("#lost").is_visible()


def test_who_was_logged_out_is_told_so_and_how_to_come_back(face: Face) -> None:
    with face.page() as page:
        page.goto("/trail")
        page.context.clear_cookies()
        look_again(page)

        page.locator("#out").get_by_role("link", name="Log in again").click()

        page.get_by_label("Token").wait_for()
        assert page.url.endswith("/login?next=/trail")


def test_the_focus_stays_on_what_it_was_on_while_a_list_grows(face: Face) -> None:
    held = keys.quarantine("default")
    first: Any = face.redis.xadd(held, {"reason": "no JSON", "body": "{"})
    with face.page() as page:
        page.goto("/quarantine")
        page.get_by_role("button", name="Discard").focus()
        face.redis.xadd(held, {"reason": "no JSON", "body": "["})
        look_again(page)

        page.locator("#held .card").nth(1).wait_for()
        assert page.evaluate("document.activeElement.textContent") == "Discard"
        assert page.evaluate("document.activeElement.closest('li').id") == f"held-{first.decode()}"
    face.redis.delete(held)


def test_what_was_told_while_somebody_marked_a_text_is_shown_afterwards(face: Face) -> None:
    with face.page() as page:
        tell_while_a_text_is_marked(page)
        assert page.get_by_text("Something happened.").count() == 0

        page.evaluate("getSelection().empty()")

        page.get_by_text("Something happened.").wait_for()


def test_nor_is_it_shown_afterwards_on_a_page_that_stands_still_by_then(face: Face) -> None:
    with face.page() as page:
        tell_while_a_text_is_marked(page)
        page.get_by_role("button", name="Live").evaluate("button => button.click()")

        page.evaluate("getSelection().empty()")
        page.wait_for_timeout(AT_REST)

        assert page.get_by_text("Something happened.").count() == 0


def test_a_number_typed_with_spaces_finds_its_call(face: Face, session: str) -> None:
    number = newest(face, session).data.from_.phone_number or ""
    typed = f"{number[2:5]} {number[5:8]} {number[8:]}"

    with face.page() as page:
        page.locator("#live").wait_for()  # the page's script has seen it
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.locator(f"#found a[href='/calls/{session}']").click()

        page.get_by_role("heading", level=1).filter(has_text=f"+1 {typed}").wait_for()


def test_the_page_of_a_call_shows_its_legs_its_time_line_and_why(face: Face, session: str) -> None:
    with face.page() as page:
        page.goto(f"/calls/{session}")

        legs = page.get_by_role("table").filter(has=page.get_by_role("columnheader", name="Became"))
        assert legs.locator("tbody tr").count() == len(newest(face, session).data.legs)
        line = page.locator("#line").inner_text()
        assert re.search(
            r"Notification 2\b.*The call is over.*Published: .*The call log showed the call", line, re.DOTALL
        )
        assert "because" in page.locator("#why").inner_text()
        page.locator("#raw summary").first.click()
        assert '"specversion": "1.0"' in page.locator("#raw pre").first.inner_text()


def test_a_replay_from_the_button_publishes_what_differs(face: Face) -> None:
    session = face.call()
    say_otherwise(face, session)

    with face.page() as page:
        page.goto(f"/calls/{session}")
        page.locator("#answer .big").filter(has_text="missed").wait_for()
        page.get_by_text("Replay", exact=True).click()
        page.get_by_role("button", name="Ask again").click()
        page.locator("#progress").filter(has_text="done").wait_for()
        page.locator("#findings a").click()

        page.locator("#answer .big").filter(has_text="answered").wait_for()
        assert page.locator("#line ins").filter(has_text="answered").count()
    assert face.revision(session) == 3


def test_times_are_the_readers_own_as_the_page_says_and_utc_on_hover(face: Face, session: str) -> None:
    with face.page(zone="Asia/Tokyo") as page:
        page.goto(f"/calls/{session}")

        told = page.locator("#line time").first
        assert told.get_attribute("datetime").endswith("Z")  # type: ignore[union-attr]  # it is there
        assert told.get_attribute("title").endswith(" UTC")  # type: ignore[union-attr]
        assert page.locator("#zone").inner_text() == "Asia/Tokyo"


def test_nothing_a_caller_calls_himself_is_taken_for_more_than_text(face: Face) -> None:
    session = face.call()
    name = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>"
    say_otherwise(face, session, name=name)

    with face.page(viewport=PHONE) as page:
        for path in ("/", "/calls", f"/calls/{session}", f"/calls?q={name}"):
            page.goto(path)
            assert page.locator("main img, main script, main b b").count() == 0
        page.goto(f"/calls/{session}")
        assert name in page.get_by_role("heading", level=1).inner_text()


def tell_while_a_text_is_marked(page: "Page") -> None:
    """Tell an open page of something while one of its parts is in use."""
    part = '<section id="needs" data-part data-pushed>Something happened.</section>'
    told = f"event: told\ndata: {json.dumps({'happened': False, 'outcomes': {}, 'parts': part})}\n\n"
    page.get_by_role("button", name="Live").click()
    page.route("/", lambda route: route.abort() if "x-parts" in route.request.headers else route.continue_())
    page.route("**/live?parts", lambda route: route.fulfill(content_type="text/event-stream", body=told), times=1)
    page.evaluate("getSelection().selectAllChildren(document.getElementById('needs'))")
    with page.expect_response("**/live?parts"):
        page.get_by_role("button", name="Stands still").evaluate("button => button.click()")
    page.wait_for_timeout(AT_REST)


def look_again(page: "Page") -> None:
    """Have the page ask for its parts, as it does when somebody comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def is_on(face: Face, session: str) -> bool:
    return face.redis.zscore(keys.open_sessions("default"), session) is not None


def newest(face: Face, session: str) -> CallEvent:
    return decode(outcome_log.revisions(face.redis, "default", session)[-1])


def say_otherwise(face: Face, session: str, *, name: str | None = None) -> None:
    """Publish as if we had been wrong: the call was missed, perhaps by somebody of another name."""
    event = newest(face, session)
    caller = event.data.from_ if name is None else replace(event.data.from_, name=name)
    data = replace(
        event.data, outcome=Outcome.MISSED, revision=event.data.revision + 1, from_=caller, result=name or ""
    )
    told = replace(event, data=data, id=f"{session}/{data.revision}")
    known = ledger.resolutions(face.redis, "default", [session])[session]
    after = replace(known, revision=data.revision, digest=digest(data))

    def commit() -> bool:
        try:
            with lease(face.redis, "default", "resolve") as held:
                held.commit(
                    [
                        outcome_log.published("default", told, retention=3600),
                        ledger.write_resolution("default", session, after, retention=3600),
                    ]
                )
        except LeaseHeld:
            return False
        return True

    wait_until(commit, seconds=20)
