"""What people are told of destinations at the terminal."""

from typing import Any

import pytest

from runtime.deliveries.backlog import Status
from scripts.terminal.destination_report import attempt_list, destination_list, destination_page, why_not_sent
from telephony.destinations import Destination, DestinationState, Include
from telephony.words import Outcome
from tests.builders.attempts import an_attempt


def a_destination(**fields: Any) -> Destination:
    usual: dict[str, Any] = {
        "id": "dst_1",
        "url": "https://crm.example/hook",
        "created_at": "2026-03-02T09:00:00.000Z",
        "description": "The CRM",
    }
    return Destination(**usual | fields)


def a_status(**fields: Any) -> Status:
    usual: dict[str, Any] = dict.fromkeys(("backlog", "unread", "waiting", "asked", "dead"), 0)
    return Status(**usual | {"oldest": None, "lag": 0.0} | fields)


def page(status: Status | None = None, **fields: Any) -> dict[str, str]:
    """Tell of a destination: what stands behind each word of the page."""
    lines = destination_page(a_destination(**fields), status or a_status())
    return {line[:15].strip(): line[15:] for line in lines if line.startswith("  ")}


@pytest.mark.parametrize(
    ("fields", "sent", "only"),
    [
        ({}, "outcome events", "all calls"),
        ({"include": Include.ENDED}, "ended events", "all calls"),
        ({"include": Include.BOTH, "mask": True}, "ended and outcome events; names and numbers masked", "all calls"),
        ({"create_only": True}, "outcome events; one for each call, once it will not change", "all calls"),
        ({"fields": ("outcome", "to")}, "outcome events; of data only outcome, to", "all calls"),
        (
            {"outcomes": (Outcome.MISSED, Outcome.BUSY), "accounts": ("acme",), "numbers": ("+16505550101",)},
            "outcome events",
            "accounts acme; outcomes missed, busy; numbers +16505550101",
        ),
        ({"extensions": ("101",), "directions": ("Inbound",)}, "outcome events", "extensions 101; directions Inbound"),
    ],
)
def test_the_page_tells_what_a_destination_is_sent_and_of_which_calls(
    fields: dict[str, Any], sent: str, only: str
) -> None:
    told = page(**fields)

    assert (told["is sent"], told["only"]) == (sent, only)
    assert (told["url"], told["description"]) == ("https://crm.example/hook", "The CRM")
    assert told["added"] == "2026-03-02T09:00:00.000Z"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (a_status(), "nothing"),
        (
            a_status(backlog=6, unread=3, waiting=2, asked=1, oldest=1.0, lag=420.0),
            "6 events (3 not looked at, 2 to be tried again or held, 1 asked for again), the oldest of 7 min ago",
        ),
        (
            a_status(backlog=1, waiting=1),
            "1 events (0 not looked at, 1 to be tried again or held, 0 asked for again), none of them late",
        ),
    ],
)
def test_the_page_tells_how_far_behind_a_destination_is(status: Status, told: str) -> None:
    assert page(status)["backlog"] == told


def test_the_page_tells_what_can_be_done_about_what_was_given_up_or_is_not_sent() -> None:
    well = list(destination_page(a_destination(), a_status()))
    ill = list(
        destination_page(
            a_destination(state=DestinationState.DISABLED, disabled_because="it is gone"), a_status(dead=2)
        )
    )

    assert well[0] == "dst_1  active"
    assert well[-1] == "  given up     0"
    assert ill[0] == "dst_1  disabled: it is gone"
    assert ill[-2:] == [
        "  given up     2; ./scripts/destinations.py redrive dst_1",
        "  nothing is sent, nothing is lost; ./scripts/destinations.py resume dst_1",
    ]


@pytest.mark.parametrize(
    ("state", "until", "why"),
    [
        (DestinationState.ACTIVE, None, "is a deliver process running?"),
        (
            DestinationState.ACTIVE,
            1772442101.0,
            "it is left alone until 03-02 09:01:41 UTC, for nearly all failed there",
        ),
        (DestinationState.PAUSED, None, "it is paused"),
    ],
)
def test_what_keeps_an_event_from_being_sent_is_said(state: DestinationState, until: float | None, why: str) -> None:
    assert why_not_sent(a_destination(state=state), a_status(left_alone_until=until)).startswith(why)


def test_the_page_tells_until_when_a_destination_is_left_alone_and_what_ends_that() -> None:
    lines = list(destination_page(a_destination(), a_status(left_alone_until=1772442101.0)))

    assert "left alone until 03-02 09:01:41" in lines[-1]
    assert "pause dst_1 and resume dst_1" in lines[-1]


def test_the_last_attempts_are_told_the_newest_last() -> None:
    newest_first = tuple(an_attempt("dst_1", f"s-{number}/1") for number in (2, 1))

    lines = list(destination_page(a_destination(), a_status(last_attempts=newest_first)))

    assert [line.split()[2] for line in lines[-2:]] == ["s-1/1", "s-2/1"]
    assert lines[-4] == ""


def test_an_attempt_tells_when_it_is_tried_again_and_the_beginning_of_what_was_answered() -> None:
    failed = an_attempt(
        "dst_1",
        number=3,
        verdict="temporary",
        status=503,
        blame="theirs",
        next_at=1772442101.0,
        excerpt="x" * 70,
        seconds=12.0,
    )
    silent = an_attempt("dst_1", verdict="temporary", status=None, error="timed out", excerpt="")

    heading, *rows = attempt_list([failed, silent])

    assert heading.split()[:2] == ["time", "(UTC)"]
    assert rows[0].split() == [
        *("03-02", "09:00:41", "s-1/1", "3", "temporary", "503", "12", "s", "theirs", "03-02", "09:01:41", "x" * 60),
    ]
    assert rows[1].split() == [
        *("03-02", "09:00:41", "s-1/1", "1", "temporary", "-", "0.04", "s", "-", "-", "timed", "out")
    ]


def test_the_list_tells_of_one_that_is_behind_for_how_long() -> None:
    behind = a_status(backlog=3, oldest=1.0, lag=90.0, dead=1)

    _, well, ill = destination_list([(a_destination(), a_status()), (a_destination(description=""), behind)])

    assert well.split() == ["dst_1", "active", "outcome", "0", "-", "0", "https://crm.example/hook", "The", "CRM"]
    assert ill.split() == ["dst_1", "active", "outcome", "3", "2", "min", "1", "https://crm.example/hook", "-"]
    assert attempt_list([]) == ["no attempts yet"]
