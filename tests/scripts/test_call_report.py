"""The whole story of a call as the terminal tells it, from its first notification to the next look at the call log."""

from typing import Any

import pytest

from runtime.guarding import Silence
from runtime.ledger import Resolution, State, Tracked
from runtime.showing.call_history import CallHistory
from scripts.terminal.call_report import report
from telephony.notifications import Endpoint, Notification
from tests.builders.events import an_outcome
from tests.builders.notifications import ANSWERED, GONE, MIRA, a_notification, a_party, one_of_ours, second
from tests.builders.sessions import folded
from tests.web.test_timeline import CALLED, END, a_history, corrected, heard

ANSWER = a_notification(a_party(1, ANSWERED, **CALLED), one_of_ours(2, ANSWERED, **CALLED), sequence=3)
LEAVING = a_notification(a_party(1, GONE, "CallerDropped", peer="s-2", **CALLED), sequence=4)
SESSION = folded(ANSWER, LEAVING)
FIRST = an_outcome(session=SESSION)
BEGAN = second(0).timestamp()


def the_history(**parts: Any) -> CallHistory:
    """Build the history of a call that was corrected, fell silent and is looked at again."""
    known: dict[str, Any] = {
        "telephony_session_id": SESSION.id,
        "notifications": heard(ANSWER, LEAVING, at=BEGAN + 3),
        "tracked": Tracked(SESSION, BEGAN + 4, BEGAN + 7),
        "resolution": Resolution(State.RESOLVED, 2, b"", BEGAN + 40, "webhook"),
        "events": (END, FIRST, corrected(FIRST, outcome="missed", changed=("outcome", "legs"))),
        "looks_again_at": BEGAN + 130,
        "silence": Silence(BEGAN + 100, "RingCentral says that it goes on: Answered", BEGAN + 200),
    }
    return a_history(**known | parts)


def told(history: CallHistory, title: str) -> list[list[str]]:
    """Give the rows below a title, each by its cells."""
    lines = list(report(history, history.events[-1] if history.events else None))
    begin = lines.index(title) + 2
    rows = lines[begin : lines.index("", begin) if "" in lines[begin:] else None]
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]


def test_a_story_begins_with_what_became_of_the_call() -> None:
    first, second_, third, *_, last = report(the_history(), FIRST)

    assert first == f"call {SESSION.id} of account acme is resolved: the call log has said how it ended"
    assert second_ == (
        "revision 1, confirmed by the call log: Inbound Voice Call "
        "+12125550111 Noor Vale → +16505550101 Mira Holm answered"
    )
    assert (third, last) == ("", "The rules are listed in docs/reference/outcomes.md.")


def test_what_the_call_log_has_not_confirmed_is_said_so() -> None:
    _, headline, *_ = report(the_history(), END)

    assert headline.startswith("revision 0, not confirmed by the call log: Inbound")


def test_everything_that_happened_is_told_in_order_with_the_seconds_since_the_first() -> None:
    assert told(the_history(), "TIME LINE (2026-03-02, UTC)") == [
        ["09:00:03.000", "0.000", "notification 3", "party 1 Answered, happened 09:00:03.000"],
        ["09:00:03.000", "0.000", "notification 3", "party 2 Answered, happened 09:00:03.000"],
        [
            *("09:00:04.000", "1.000", "notification 4"),
            "party 1 Gone (CallerDropped), goes on in s-2, happened 09:00:04.000",
        ],
        ["09:00:07.000", "4.000", "ended", "all parties had left, and the quiet pause was over"],
        ["09:00:10.000", "7.000", "published", "revision 0: answered (webhook)"],
        ["09:00:40.000", "37.000", "record seen", "in the call log, and final"],
        ["09:00:41.000", "38.000", "published", "revision 1: answered (webhook)"],
        ["09:00:41.000", "38.000", "published", "revision 2: missed (webhook); changed: outcome, legs"],
        ["09:01:40.000", "97.000", "silent", "RingCentral says that it goes on: Answered"],
        ["09:02:10.000", "127.000", "next look", "at the call log"],
    ]


def test_within_a_millisecond_causes_are_told_before_effects() -> None:
    history = the_history(tracked=Tracked(SESSION, BEGAN + 4, BEGAN + 10.0009))

    ended, published = told(history, "TIME LINE (2026-03-02, UTC)")[3:5]
    assert (ended[2], published[2]) == ("ended", "published")
    assert ended[:2] == published[:2]  # nor is one later than the other


@pytest.mark.parametrize(
    ("notification", "said"),
    [
        (a_notification(a_party(1, ANSWERED), event_time=None), "party 1 Answered"),
        (a_notification(a_party(7, "Hold")), "party 7 Hold, happened 09:00:02.000"),
    ],
)
def test_a_notification_says_no_more_than_it_says(notification: Notification, said: str) -> None:
    rows = told(a_history(notifications=heard(notification, at=BEGAN)), "TIME LINE (2026-03-02, UTC)")

    assert [row[-1] for row in rows] == [said]


def test_what_each_party_said_last_is_told_with_both_of_its_ends() -> None:
    nobody = a_notification(one_of_ours(3, "Setup", from_=Endpoint(), to=Endpoint("+12125550163")), sequence=5)
    session = folded(nobody, into=SESSION)
    ends = "+12125550111 Noor Vale → +16505550101 Mira Holm"

    rows = told(the_history(tracked=Tracked(session, BEGAN)), "PARTIES, AS LAST HEARD OF")

    assert rows == [
        ["1", "Gone", "CallerDropped", "Outbound", "-", ends, "09:00:03.000", "notification 4"],
        ["2", "Answered", "-", "Inbound", MIRA, ends, "09:00:03.000", "notification 3"],
        ["3", "Setup", "-", "Inbound", MIRA, "? → +12125550163", "-", "notification 5"],
    ]


def test_legs_and_reasons_are_those_of_the_revision_that_is_told() -> None:
    history = the_history()

    assert [row[:5] for row in told(history, "LEGS OF REVISION 2")] == [
        ["0", "Accept", "caller", "answered", "Accepted"],
        ["1", "PstnToSip", "agent", "answered", "Call connected"],
    ]
    reasons = {row[0]: row[1:] for row in told(history, "WHY REVISION 2 SAYS SO")}
    assert reasons["result"] == ["Accepted", "only-record", "-", "the call has one record"]
    assert reasons["extensions"][0] == MIRA
    assert "LEGS OF REVISION 0" not in list(report(history, END))


def test_of_a_call_of_which_nothing_is_known_nothing_is_made_up() -> None:
    lines = list(report(a_history(), None))

    assert lines[0].endswith("of account acme is on, as far as we have heard")
    assert lines[2:] == ["TIME LINE (UTC)", "  time  seconds  what  details"]
