"""What `scripts/ringout.py` tells of a RingOut while it is on, and of its outcome."""

from typing import Any

import pytest
from msgspec.structs import replace

from scripts.terminal.ringout_report import CANCELS, OVER, Telling, _outcome, listing
from telephony.events import ended
from telephony.explanations import Explanation
from tests.builders.call_log import a_ringout, to_callee, to_caller
from tests.builders.events import an_outcome, unresolved
from tests.builders.notifications import CALLERS_NUMBER, DISCONNECTED, MIRAS_NUMBER, second
from tests.builders.sessions import a_session

BUSY = an_outcome(a_ringout("Busy", to_caller(), to_callee("Busy"))).data
SIDES = ["callerStatus: Call connected (answered)", "calleeStatus: Busy (busy)"]


def test_the_word_of_the_call_log_is_told_with_both_sides() -> None:
    assert list(_outcome(BUSY)) == ["outcome: busy (revision 1, confirmed by the call log: Busy)", *SIDES]


def test_so_is_what_a_record_says_that_never_became_final() -> None:
    told = list(_outcome(replace(BUSY, confirmed=False)))

    assert told == ["outcome: busy (revision 1, by a record of the call log that is not final: Busy)", *SIDES]


def test_of_what_was_only_heard_nothing_is_told_yet() -> None:
    over = ended(a_session(caller=DISCONNECTED, agent=DISCONNECTED), now=second(5))

    assert list(_outcome(over.data)) == []


def a_document(**fields: Any) -> dict[str, Any]:
    """Build what is known of a RingOut; without more it was asked for, and nothing is heard of it yet."""
    usual: dict[str, Any] = {
        "id": "ro-1",
        "account": "acme",
        "state": "calling",
        "request": {"from": {"phoneNumber": MIRAS_NUMBER}, "to": {"phoneNumber": CALLERS_NUMBER}},
        "placing": "asked",
        "askedAt": "2026-03-02T09:00:00.000Z",
        "live": {"callStatus": None, "callerStatus": None, "calleeStatus": None},
        "outcome": None,
        **dict.fromkeys(("ringOutId", "problem", "cancel", "liveOver", "liveOverAt")),
        "history": [],
        "linking": {"sessions": []},
    }
    return usual | fields


def seen(at: str, caller: str, callee: str | None = None) -> dict[str, str | None]:
    return {
        "at": f"2026-03-02T09:00:{at}Z",
        "callStatus": "InProgress",
        "callerStatus": caller,
        "calleeStatus": callee,
    }


WAYS = f"{MIRAS_NUMBER} → {CALLERS_NUMBER}"
RINGING, TALKING = seen("01.250", "InProgress"), seen("04.000", "Success", "InProgress")


def test_what_happens_is_told_as_it_happens_each_thing_once() -> None:
    telling = Telling()
    sessions = {"sessions": [{"telephonySessionId": "s-1", "because": "its id is the ringOutId"}]}

    asked = list(telling.lines(a_document()))
    placed = list(telling.lines(a_document(ringOutId="s-1", history=[RINGING])))
    over = {"liveOver": "gone", "liveOverAt": "2026-03-02T09:00:30.000Z", "linking": sessions}
    ended = list(telling.lines(a_document(ringOutId="s-1", history=[RINGING, TALKING], **over)))
    became = list(telling.lines(a_document(ringOutId="s-1", history=[RINGING, TALKING], **over, outcome=BUSY)))

    assert asked == [f"RingOut ro-1: {WAYS}"]
    assert placed == ["placed as s-1", "09:00:01.250  call InProgress, caller InProgress, callee -"]
    assert ended == [
        "09:00:04.000  call InProgress, caller Success, callee InProgress",
        f"09:00:30.000  {OVER['gone']}",
        "session s-1: its id is the ringOutId",
    ]
    assert became == ["outcome: busy (revision 1, confirmed by the call log: Busy)", *SIDES]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"problem": {"detail": "It is blocked.", "codes": ["TEL-101"]}}, "not placed: It is blocked. (TEL-101)"),
        ({"problem": {"detail": "It was too late.", "codes": []}}, "not placed: It was too late."),
        ({"cancel": "connected"}, CANCELS["connected"]),
        ({"cancel": "a later word"}, "a later word"),
        ({"liveOver": "a later word"}, "-  a later word"),
    ],
)
def test_what_became_of_it_before_its_end_is_told_in_a_sentence(fields: dict[str, Any], told: str) -> None:
    _, line = Telling().lines(a_document(**fields))

    assert line == told


def test_that_no_record_came_is_told_without_either_side() -> None:
    given_up = unresolved(a_session(caller=DISCONNECTED), now=second(900)).data

    assert list(_outcome(given_up)) == ["outcome: unresolved: the call log showed no final record in time"]


def test_what_the_live_status_had_said_otherwise_is_told_and_which_sessions_are_linked() -> None:
    why = Explanation("calleeStatus", "Success", "ringout-live-overruled", None, "")

    told = list(_outcome(replace(BUSY, explanation=(why,), linked_sessions=("s-2", "s-3"))))

    assert told[-2:] == [
        "  the live status had said Success as calleeStatus; the call log decides",
        "linked sessions: s-2, s-3",
    ]


@pytest.mark.parametrize(
    ("request_", "outcome", "told"),
    [
        (None, None, "placed elsewhere"),
        ({"from": {"forwardingNumberId": "7"}, "to": {"phoneNumber": "101"}}, None, "forwarding number 7 → 101"),
    ],
)
def test_who_calls_whom_is_told_as_far_as_it_is_known(request_: Any, outcome: Any, told: str) -> None:
    first, *_ = Telling().lines(a_document(request=request_, outcome=outcome))

    assert first == f"RingOut ro-1: {told}"


def test_a_list_tells_of_each_how_it_goes_live_until_the_call_log_says_how_it_went() -> None:
    live = {"callStatus": "InProgress", "callerStatus": "Success", "calleeStatus": None}
    going_on = a_document(live=live, placing="placed")
    ended_only = a_document(live=live, outcome=replace(BUSY, record_ids=()))
    resolved = a_document(live=live, outcome=BUSY, state="resolved")

    _, *rows = listing([going_on, ended_only, resolved])

    words = ["ro-1", "03-02", "09:00:00", "calling", *WAYS.split()]
    assert rows[0].split() == [*words, "Success", "/", "-", "placed"]
    assert rows[1].split() == [*words, "Success", "/", "-", "busy"]
    assert rows[2].split() == [
        *("ro-1", "03-02", "09:00:00"),
        "resolved",
        *WAYS.split(),
        *["Call", "connected", "/", "Busy", "busy"],
    ]


def test_of_several_accounts_a_list_says_whose_a_ringout_is() -> None:
    heading, one, other = listing([a_document(), a_document(account="globex")])

    assert heading.split()[:5] == ["id", "asked", "for", "(UTC)", "account"]
    assert [line.split()[3] for line in (one, other)] == ["acme", "globex"]
