"""The time line of a call: everything that happened to it, told in order, with causes before effects."""

from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.deliveries.attempts import Attempt
from runtime.ledger import Tracked
from runtime.showing.call_history import CallHistory, Heard
from telephony.agent_rules import AgentStatus
from telephony.agents import Agent
from telephony.events import CallEvent, ended
from telephony.notifications import Endpoint, Notification
from telephony.times import iso_ms
from tests.builders.attempts import an_attempt
from tests.builders.calls import Call, queue_call, ringout_call
from tests.builders.events import an_outcome, unresolved
from tests.builders.notifications import (
    ANSWERED,
    CALLERS_NUMBER,
    DISCONNECTED,
    GONE,
    MIRA,
    MIRAS_NUMBER,
    TOM,
    a_notification,
    a_party,
    one_of_ours,
    second,
)
from tests.builders.sessions import CALLER, OURS, folded
from web.dashboard.timeline import Moment, Sort, moments

NOBODY: Mapping[str, str] = {}
CALLED: dict[str, Any] = {"from_": CALLER, "to": OURS}
ANSWER = a_notification(a_party(1, ANSWERED, **CALLED), one_of_ours(2, ANSWERED, **CALLED), sequence=3)
LEAVING = a_notification(a_party(1, DISCONNECTED, "CallerDropped", **CALLED), sequence=4)
SESSION = folded(ANSWER, LEAVING)
END = ended(SESSION, now=second(10))
FIRST = an_outcome(session=SESSION)


def heard(*notifications: Notification, at: float = 1.0) -> tuple[Heard, ...]:
    """Have notifications arrive one second after the other."""
    return tuple(Heard(f"{number}-0", at + number, one) for number, one in enumerate(notifications))


def a_history(**parts: Any) -> CallHistory:
    """Build the history of a call of which nothing is known but what is said."""
    nothing: dict[str, Any] = {
        "account": "acme",
        "telephony_session_id": SESSION.id,
        "notifications": (),
        "tracked": None,
        "resolution": None,
        "events": (),
        "looks_again_at": None,
    }
    return CallHistory(**nothing | parts)


def line(*attempts: Attempt, names: Mapping[str, str] = NOBODY, **parts: Any) -> tuple[Moment, ...]:
    return moments(a_history(**parts), attempts, names)


def of_call(call: Call, *published: CallEvent) -> list[str]:
    """Tell what each notification of a call said, one party at a time."""
    session = folded(*call.notifications)
    told = line(notifications=heard(*call.notifications), tracked=Tracked(session, 2.0), events=published)
    return [detail for one in told if one.sort is Sort.HEARD for detail in one.details]


def corrected(event: CallEvent, **fields: Any) -> CallEvent:
    """Build the next revision of a call."""
    data = msgspec.structs.replace(event.data, revision=event.data.revision + 1, **fields)
    return msgspec.structs.replace(event, data=data)


def test_what_each_party_said_is_told_with_the_name_of_whose_side_it_is() -> None:
    told = line(notifications=heard(ANSWER, LEAVING), tracked=Tracked(SESSION, 2.0))

    assert [(one.sort, one.at, one.title, one.details) for one in told] == [
        (Sort.HEARD, 1.0, "Notification 3", ("Noor Vale: Answered", "Mira Holm: Answered")),
        (Sort.HEARD, 2.0, "Notification 4", ("Noor Vale: Disconnected (CallerDropped)",)),
    ]


def test_whom_nobody_named_is_told_by_the_number_and_a_party_nobody_knows_by_its_own() -> None:
    ends: dict[str, Any] = {"from_": Endpoint(CALLERS_NUMBER), "to": Endpoint(MIRAS_NUMBER)}
    said = a_notification(a_party(1, ANSWERED, **ends), one_of_ours(2, ANSWERED, **ends))

    known = line(notifications=heard(said), tracked=Tracked(folded(said), 2.0))
    outside = a_notification(a_party(1, ANSWERED, from_=Endpoint(CALLERS_NUMBER, "Noor Vale", "62")))
    (of_nobody,) = line(notifications=heard(outside), tracked=Tracked(folded(outside), 2.0))
    unknown = line(notifications=heard(said))

    assert known[0].details == ("+1 212 555 0111: Answered", "+1 650 555 0101: Answered")
    assert unknown[0].details == ("party 1: Answered", "party 2: Answered")
    assert of_nobody.details == ("Noor Vale: Answered",)


def test_of_a_ringout_whoever_is_rung_first_is_told_by_their_own_name() -> None:
    told = of_call(ringout_call())

    assert told[:3] == ["Mira Holm: Proceeding", "Mira Holm: Answered", "Noor Vale: Proceeding"]


def test_phones_that_a_queue_rings_are_told_from_each_other() -> None:
    mira = Agent(MIRA, "Mira Holm", AgentStatus.ANSWERED, None, None)
    tom = Agent(TOM, None, AgentStatus.RANG, None, None)
    known = msgspec.structs.replace(FIRST, data=msgspec.structs.replace(FIRST.data, agents=(mira, tom)))

    before, after = of_call(queue_call()), of_call(queue_call(), END, known)

    assert [before[at] for at in (1, 3, 6)] == [
        "Orders: Setup",
        f"Orders, extension {MIRA}: Proceeding",
        f"Orders, extension {TOM}: Disconnected (AgentAnswered)",
    ]
    assert [after[at] for at in (1, 3, 6)] == [
        "Orders: Setup",
        "Mira Holm: Proceeding",
        f"Orders, extension {TOM}: Disconnected (AgentAnswered)",
    ]


def test_a_party_that_goes_on_in_another_session_says_in_which() -> None:
    (moment,) = line(notifications=heard(a_notification(a_party(1, GONE, peer="s-2"))))

    assert moment.details == ("party 1: Gone, goes on in s-2",)


def test_a_notification_that_says_nothing_new_came_once_more() -> None:
    empty = msgspec.structs.replace(ANSWER, parties=())

    told = line(notifications=heard(ANSWER, LEAVING, ANSWER, empty))

    assert [one.title for one in told] == [
        "Notification 3",
        "Notification 4",
        "Notification 3, once more",
        "Notification 3",
    ]


def test_another_party_another_moment_and_another_code_are_news_and_the_very_same_is_not() -> None:
    said = [
        a_notification(a_party(1, ANSWERED), sequence=3),
        a_notification(a_party(1, ANSWERED), sequence=3),
        a_notification(a_party(2, ANSWERED), sequence=3),
        a_notification(a_party(1, ANSWERED), sequence=4),
        a_notification(a_party(1, DISCONNECTED), sequence=3),
    ]

    assert ["once more" in one.title for one in line(notifications=heard(*said))] == [False, True, False, False, False]


def test_the_end_of_a_call_is_told_once_there_is_one() -> None:
    on, over = line(tracked=Tracked(SESSION, 2.0)), line(tracked=Tracked(SESSION, 2.0, 5.0))

    assert on == ()
    assert [(one.sort, one.at, one.title) for one in over] == [(Sort.ENDED, 5.0, "The call is over")]


def test_that_the_call_log_showed_the_call_is_told_once_however_many_revisions_follow() -> None:
    missed = corrected(FIRST, outcome="missed", record_ids=("A1", "A2"))
    linked = corrected(missed, linked_sessions=("s-2",))

    told = [one for one in line(events=(END, FIRST, missed, linked)) if one.sort is Sort.LOOKED]

    assert [(one.at, one.title, one.details) for one in told] == [
        (second(40).timestamp(), "The call log showed the call", ("1 record, final",))
    ]


def test_a_record_that_was_not_final_is_not_told_to_be_and_is_told_again_once_it_is() -> None:
    data = msgspec.structs.replace(FIRST.data, confirmed=False)
    given_up = msgspec.structs.replace(FIRST, data=data)
    timing = msgspec.structs.replace(data.timing, record_seen_at=iso_ms(second(900)))
    resolved = corrected(given_up, confirmed=True, timing=timing)

    told = line(events=(END, given_up, resolved))

    assert [(one.at, one.details) for one in told if one.sort is Sort.LOOKED] == [
        (second(40).timestamp(), ("1 record, not final",)),
        (second(900).timestamp(), ("1 record, final",)),
    ]
    assert [one.details for one in told if one.sort is Sort.PUBLISHED] == [
        ("revision 0, from the notifications",),
        ("revision 1, from a record that is not final",),
        ("revision 2, confirmed",),
    ]


def test_what_was_published_is_told_with_what_differs_from_the_revision_it_replaces() -> None:
    missed = corrected(FIRST, outcome="missed")

    told = [one for one in line(events=(END, FIRST, missed)) if one.sort is Sort.PUBLISHED]

    assert [(one.title, one.word, one.details) for one in told] == [
        ("Published: answered", "answered", ("revision 0, from the notifications",)),
        ("Published: answered", "answered", ("revision 1, confirmed",)),
        ("Published: missed", "missed", ("revision 2, confirmed",)),
    ]
    assert told[0].at == second(10).timestamp()
    assert [len(one.differences) for one in told[:2]] == [0, 0]
    assert [(one.field, one.before, one.after) for one in told[2].differences] == [("outcome", "answered", "missed")]


def test_a_correction_whose_first_revision_is_kept_no_more_claims_no_difference() -> None:
    told = [one for one in line(events=(corrected(FIRST, outcome="missed"),)) if one.sort is Sort.PUBLISHED]

    assert [one.differences for one in told] == [()]


def test_an_attempt_tells_to_whom_it_was_what_came_of_it_and_when_it_is_tried_again() -> None:
    failed = an_attempt("dst_1", "s-1/2", at=10.0, number=3, verdict="temporary", status=503, next_at=74.0)
    silent = an_attempt("dst_2", at=11.0, verdict="temporary", status=None, error="timed out", seconds=10.0)
    replaced = an_attempt("dst_1", at=12.0, verdict="replaced", status=None)

    told = line(failed, silent, replaced, names={"dst_1": "Our CRM"})

    assert [(one.at, one.title, one.word, one.details) for one in told] == [
        (10.0, "Sent to Our CRM", "temporary", ("revision 2, attempt 3: HTTP 503 after 0.04 s", "again in 1 m 04 s")),
        (
            11.0,
            "Sent to a destination that was removed",
            "temporary",
            ("revision 1, attempt 1: timed out after 10.00 s",),
        ),
        (12.0, "Sent to Our CRM", "replaced", ("revision 1, attempt 1: replaced after 0.04 s",)),
    ]


def test_all_is_told_in_order_and_within_a_millisecond_causes_before_effects() -> None:
    at = FIRST.data.timing.published_at
    published = second(41).timestamp()
    attempt = an_attempt("dst_1", at=published + 0.0004)
    early = an_attempt("dst_1", at=published - 60)

    told = line(
        attempt,
        early,
        notifications=(Heard("1-0", published + 0.0009, LEAVING),),
        tracked=Tracked(SESSION, published, published + 0.0001),
        events=(FIRST,),
        looks_again_at=published + 90,
    )

    assert at == "2026-03-02T09:00:41.000Z"
    assert [one.sort for one in told] == [
        Sort.SENT,
        Sort.LOOKED,
        Sort.HEARD,
        Sort.ENDED,
        Sort.PUBLISHED,
        Sort.SENT,
        Sort.NEXT,
    ]
    assert (told[-1].at, told[-1].title) == (published + 90, "Next look at the call log")


def test_a_call_whose_record_never_came_was_not_shown_by_the_call_log() -> None:
    told = line(events=(END, unresolved(SESSION, now=second(900))))

    assert [one.sort for one in told] == [Sort.PUBLISHED, Sort.PUBLISHED]
