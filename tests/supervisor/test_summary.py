from typing import Any

import pytest
from msgspec.structs import replace

from scripts.supervisor.summary import Agent, Conversation, Data, Event, Truth, Verdict, heard_of, judge, render

CALL = "s-a0d1"


def a_truth() -> Truth:
    return Truth(
        telephony_session_id=CALL,
        scenario="ringout caller busy",
        direction="Outbound",
        outcome="busy",
        caller_status="Busy",
    )


def an_event(
    revision: int = 1, *, confirmed: bool = True, outcome: str = "busy", callee_status: str | None = None
) -> Event:
    data = Data(
        revision=revision,
        confirmed=confirmed,
        direction="Outbound",
        outcome=outcome,
        caller_status="Busy",
        callee_status=callee_status,
    )
    kind = "legwork.call.outcome" if revision else "legwork.call.ended"
    return Event(f"{CALL}/{revision}", kind, CALL, data)


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([an_event()], Verdict.RIGHT),
        ([an_event(outcome="failed")], Verdict.WRONG),
        ([an_event(callee_status="Busy")], Verdict.WRONG),
        ([an_event(1, outcome="failed"), an_event(2)], Verdict.RIGHT),
        ([an_event(2), an_event(1, outcome="failed")], Verdict.RIGHT),
        ([an_event(1), an_event(2, outcome="failed")], Verdict.WRONG),
        ([an_event(0, confirmed=False)], Verdict.MISSING),
        ([an_event(1, confirmed=False)], Verdict.MISSING),
        ([], Verdict.MISSING),
    ],
)
def test_the_newest_confirmed_outcome_decides(events: list[Event], verdict: Verdict) -> None:
    report = judge([a_truth()], events)

    assert [one.verdict for one in report.judgements] == [verdict]
    assert report.all_right is (verdict is Verdict.RIGHT)


@pytest.mark.parametrize(
    ("said", "differing"),
    [
        ({}, ()),
        ({"linked_sessions": ("s-2", "s-3")}, ("linked_sessions",)),
        ({"linked_sessions": ()}, ("linked_sessions",)),
        ({"conversation": Conversation("s-1", "only")}, ("conversation",)),
        ({"conversation": Conversation("s-2", "consultation")}, ("conversation",)),
        ({"conversation": None}, ("conversation",)),
        ({"agents": (Agent("7", "missed"),)}, ("agents",)),
        ({"agents": (Agent("7", "answered"), Agent("8", "rang"))}, ("agents",)),
    ],
)
def test_conversation_and_agents_are_held_against_the_truth(said: dict[str, Any], differing: tuple[str, ...]) -> None:
    told: dict[str, Any] = {
        "linked_sessions": ("s-2",),
        "conversation": Conversation("s-1", "consultation"),
        "agents": (Agent("7", "answered"),),
    }
    event = an_event()
    truth = replace(a_truth(), **told | {"agents": {"7": "answered"}})

    (judgement,) = judge([truth], [replace(event, data=replace(event.data, **told | said))]).judgements

    assert judgement.differing == differing
    assert not judge([a_truth()], [replace(event, data=replace(event.data, **told))]).judgements[0].differing


def test_what_only_lost_notifications_told_is_not_asked_for() -> None:
    event, told = an_event(), {"linked_sessions": ("s-2",), "agents": {"7": "answered"}}
    truth = replace(a_truth(), **told)

    def differing(*heard: str) -> tuple[str, ...]:
        return judge([truth], [event], heard=heard).judgements[0].differing

    assert set(judge([truth], [event]).judgements[0].differing) == {"linked_sessions", "agents"}
    assert differing() == differing("s-2") == ()
    assert differing(CALL) == ("agents",)
    assert set(differing(CALL, "s-2")) == {"linked_sessions", "agents"}
    assert not judge([truth], [an_event(outcome="failed")], heard=()).all_right


def test_calls_whose_notifications_were_all_taken_are_heard_of() -> None:
    assert heard_of([a_truth(), replace(a_truth(), telephony_session_id="s-2", heard=False)]) == {CALL}


def test_an_event_published_twice_spoils_a_right_outcome() -> None:
    report = judge([a_truth()], [an_event(0, confirmed=False), an_event(), an_event()])

    assert report.repeated == (f"{CALL}/1",)
    assert not report.all_right


def test_each_kind_of_call_is_counted_and_whatever_was_not_right_is_named() -> None:
    truths = [a_truth(), *(replace(a_truth(), telephony_session_id=one, scenario="fax") for one in ("s-2", "s-3"))]
    wrong = replace(an_event(outcome="failed"), id="s-2/1", subject="s-2")

    report = judge(truths, [an_event(), wrong, wrong])
    lines = render(report, numbers={"seconds": "1.0"}).splitlines()

    assert [line.split()[-3:] for line in lines[:4]] == [
        ["right", "wrong", "missing"],
        ["-", "1", "1"],
        ["1", "-", "-"],
        ["1", "1", "1"],
    ]
    assert [line.split()[0] for line in lines[1:4]] == ["fax", "ringout", "all"]
    assert [report.count(verdict) for verdict in Verdict] == [1, 1, 1]
    assert lines[4:] == [
        "wrong: s-2 (fax): outcome expected 'busy', got 'failed'",
        "missing: s-3 (fax), expected busy",
        "published twice: s-2/1",
        f"{'seconds':<34}{'1.0':>23}",
    ]


def test_one_call_that_was_not_right_spoils_all_others() -> None:
    truths = [a_truth(), replace(a_truth(), telephony_session_id="s-2")]
    other = replace(an_event(outcome="failed"), id="s-2/1", subject="s-2")

    assert not judge(truths, [an_event()]).all_right
    assert not judge(truths, [an_event(), other]).all_right


def test_the_sessions_of_a_conversation_are_the_same_in_any_order_and_a_role_that_is_left_open_is_any() -> None:
    truth = replace(a_truth(), linked_sessions=("s-2", "s-3"), conversation=Conversation("s-1"))
    event = an_event()
    said = replace(event.data, linked_sessions=("s-3", "s-2"), conversation=Conversation("s-1", "original"))

    (judgement,) = judge([truth], [replace(event, data=said)]).judgements

    assert judgement.differing == ()


def test_which_sessions_are_one_conversation_is_asked_for_only_where_all_of_them_were_heard() -> None:
    truth = replace(a_truth(), linked_sessions=("s-2", "s-3"))

    (partly,) = judge([truth], [an_event()], heard=(CALL, "s-2")).judgements

    assert partly.differing == ()


def test_what_was_wrong_is_said_with_what_was_expected() -> None:
    text = render(judge([a_truth()], [an_event(outcome="failed")]), numbers={"seconds": "1.0"})

    assert "outcome expected 'busy', got 'failed'" in text
    assert "direction expected" not in text
