"""The events as they leave, held against the contract: their shape, their ids, and what counts as news."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from telephony.conversations import Place
from telephony.events import (
    CallData,
    CallEvent,
    Conversation,
    Timing,
    Trigger,
    call_event,
    changed,
    decode,
    digest,
    encode,
    ended,
    is_placed,
    relinked,
    with_changes,
)
from telephony.explanations import Explanation
from telephony.linking import ConversationRole
from telephony.live_events import updated
from telephony.outcomes import derive
from telephony.records import Billing, ExtensionRef, Message, Recording, SessionRef
from telephony.sessions import Session
from telephony.words import Outcome
from tests.builders.call_log import a_leg, a_ringout, an_accept_leg, to_callee, to_caller
from tests.builders.calls import ivr_call, ringout_call
from tests.builders.events import an_answered_record, an_outcome, document, unresolved
from tests.builders.notifications import ACCOUNT, ANSWERED, DISCONNECTED, GONE, MIRA, SESSION_ID, second
from tests.builders.sessions import a_session, an_inbound_call, folded

# The contract, section 5, word for word; the order is that of the text.
DATA = """
accountId telephonySessionId sessionId recordIds revision confirmed trigger direction type origin outcome result reason
action callerStatus calleeStatus callerOutcome calleeOutcome from to startTime answerTime endTime durationSeconds
extensions legs recordings voicemail fax billing transfer linkedSessions conversation agents changed explanation
rulesVersion timing
"""
END = "phoneNumber rawPhoneNumber name extensionId extensionNumber"
LEG = """
index legType role status result reason action direction from to extensionId startTime durationSeconds master
"""
ENVELOPE = "specversion id source type subject time datacontenttype data"
TRIGGERS = ["webhook", "reconcile", "backfill", "replay", "ringout"]


def rich() -> CallEvent:
    """Give an event that has everything an event can have."""
    record = an_answered_record(
        legs=(an_accept_leg(), a_leg(extension=None, transfer_target=SessionRef("s-other"))),
        recording=Recording("R1", "https://platform.example/recording/R1", "Automatic", "https://media.example/R1"),
        message=Message("7700", "VoiceMail", "https://platform.example/message-store/7700"),
        billing=Billing(0.0, 0.25),
    )
    return an_outcome(record, session=folded(*ivr_call().notifications))


EVENTS = {
    "ended": ended(folded(*ivr_call().notifications), now=second(40)),
    "ended ringout": ended(folded(*ringout_call().notifications), now=second(40)),
    "outcome": an_outcome(),
    "outcome of a ringout": an_outcome(a_ringout("Call connected", to_caller(), to_callee())),
    "rich outcome": rich(),
    "unresolved": unresolved(folded(*ivr_call().notifications), revision=1, now=second(940)),
}


def keys_of(value: dict[str, Any]) -> list[str]:
    return sorted(value)


def words(text: str) -> list[str]:
    return sorted(text.split())


def reason(event: CallEvent, field: str) -> Explanation:
    """Give the one reason there is for the value of a field."""
    (found,) = (why for why in event.data.explanation if why.field == field)
    return found


def moments(value: Any, name: str = "") -> list[str]:
    """Collect every time in a document."""
    if isinstance(value, dict):
        return [moment for key, inner in value.items() for moment in moments(inner, key)]
    if isinstance(value, list):
        return [moment for inner in value for moment in moments(inner)]
    return [value] if isinstance(value, str) and (name.endswith(("Time", "At")) or name == "time") else []


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_has_the_fields_of_the_contract_all_of_them_and_no_others(event: CallEvent) -> None:
    told = document(event)

    assert keys_of(told) == words(ENVELOPE)
    assert keys_of(told["data"]) == words(DATA)
    assert [keys_of(told["data"][end]) for end in ("from", "to")] == [words(END)] * 2
    assert all(keys_of(leg) == words(LEG) for leg in told["data"]["legs"])
    assert all(keys_of(why) == words("field value rule leg because") for why in told["data"]["explanation"])
    assert keys_of(told["data"]["timing"]) == words("firstEventAt endedAt recordSeenAt publishedAt")
    assert keys_of(told["data"]["conversation"]) == words("id role")


def test_what_only_some_calls_have_is_written_as_the_contract_has_it() -> None:
    data = document(rich())["data"]

    assert keys_of(data["recordings"][0]) == words("id type uri contentUri")
    assert keys_of(data["voicemail"]) == words("messageId uri")
    assert keys_of(data["billing"]) == words("costIncluded costPurchased")
    assert keys_of(data["transfer"]) == words("targetTelephonySessionId transfereeTelephonySessionId")


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_is_read_back_as_it_was(event: CallEvent) -> None:
    assert decode(encode(event)) == event


def test_what_is_no_event_of_ours_is_not_read() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(encode(updated(folded(*ivr_call().notifications), now=second(40))))


def test_the_same_fact_has_the_same_id_whenever_it_is_computed() -> None:
    early, late = an_outcome(at=second(41)), an_outcome(at=second(4100))

    assert early.id == late.id == f"{SESSION_ID}/1"


def test_an_event_names_its_account_its_call_and_its_revision() -> None:
    event = an_outcome(revision=7)

    assert (event.specversion, event.type) == ("1.0", "legwork.call.outcome")
    assert (event.source, event.subject) == (f"/accounts/{ACCOUNT}", SESSION_ID)
    assert (event.id, event.data.revision) == (f"{SESSION_ID}/7", 7)
    assert (event.data.account_id, event.data.telephony_session_id) == (ACCOUNT, SESSION_ID)


def test_the_end_of_a_call_is_revision_0_and_confirmed_by_nothing() -> None:
    event = EVENTS["ended"]

    assert (event.type, event.data.revision, event.data.confirmed) == ("legwork.call.ended", 0, False)
    assert event.data.trigger is Trigger.WEBHOOK
    assert event.data.timing.record_seen_at is None


def test_the_time_of_an_event_is_when_the_call_ended() -> None:
    by_notifications = EVENTS["ended"]
    by_record = an_outcome(an_answered_record(start_time=second(0), duration=40))
    by_neither = ended(an_inbound_call((1, GONE), event_time=None), now=second(99))

    assert by_notifications.time == "2026-03-02T09:00:29.636Z"
    assert by_record.time == "2026-03-02T09:00:40.000Z"
    assert by_neither.time == "2026-03-02T09:01:39.000Z"


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_every_time_is_utc_with_milliseconds(event: CallEvent) -> None:
    times = moments(document(event))

    assert len(times) > 3
    assert all(len(text) == len("2026-03-02T09:00:00.000Z") and text.endswith("Z") for text in times)
    assert all(datetime.fromisoformat(text).tzinfo == UTC for text in times)


def test_a_trigger_is_one_of_the_contract_s() -> None:
    assert list(Trigger) == TRIGGERS


def test_what_the_notifications_and_the_record_tell_stands_together() -> None:
    event = an_outcome(an_answered_record(extension=ExtensionRef(id=7)), session=a_session(agent=DISCONNECTED))

    assert event.data.extensions == (MIRA, "7")
    assert reason(event, "extensions").value == (MIRA, "7")
    assert event.data.origin == "Call"


def test_all_sessions_of_a_conversation_share_its_id() -> None:
    why = Explanation("linkedSessions", ("s-0",), "gone-pickup", None, "because")
    event = an_outcome(place=Place("s-0", ConversationRole.PICKED_UP, ("s-0",), (why,)))

    assert event.data.conversation == Conversation("s-0", ConversationRole.PICKED_UP)
    assert event.data.linked_sessions == ("s-0",)
    assert why in event.data.explanation
    assert an_outcome().data.conversation == Conversation(SESSION_ID, ConversationRole.ONLY)
    session, place = a_session(caller=DISCONNECTED), Place("s-0", ConversationRole.PICKED_UP, ("s-0",))
    for other in (
        ended(session, place=place, now=second(40)),
        unresolved(session, revision=1, place=place, now=second(940)),
    ):
        assert (other.data.conversation.id, other.data.linked_sessions) == ("s-0", ("s-0",))


def test_an_event_tells_when_what_was_learned() -> None:
    session = an_inbound_call((1, ANSWERED), (1, DISCONNECTED))

    assert an_outcome(session=session, at=second(41)).data.timing == Timing(
        first_event_at="2026-03-02T09:00:02.000Z",
        ended_at="2026-03-02T09:00:03.000Z",
        record_seen_at="2026-03-02T09:00:40.000Z",
        published_at="2026-03-02T09:00:41.000Z",
    )
    unheard = an_outcome(session=Session("s-1"))
    assert (unheard.data.timing.first_event_at, unheard.data.timing.ended_at) == (None, unheard.data.end_time)
    assert unheard.source == "/accounts/~"


@pytest.mark.parametrize("trigger", Trigger)
def test_an_event_says_what_made_us_look(trigger: Trigger) -> None:
    event = call_event(
        Session("s-1"),
        derive([an_answered_record()]),
        revision=1,
        confirmed=True,
        trigger=trigger,
        record_seen=None,
        now=second(41),
    )

    assert event.data.trigger is trigger
    assert event.data.timing.record_seen_at is None


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(SESSION_ID, ConversationRole.ORIGINAL, ("s-1",)), True),
        (Place("s-0", ConversationRole.ORIGINAL, ("s-1",)), False),
        (Place(SESSION_ID, ConversationRole.PARKED, ("s-1",)), False),
        (Place(SESSION_ID, ConversationRole.ORIGINAL, ("s-1", "s-2")), False),
    ],
)
def test_a_revision_says_of_its_conversation_what_it_said(place: Place, *, said: bool) -> None:
    before = an_outcome(place=Place(SESSION_ID, ConversationRole.ORIGINAL, ("s-1",))).data

    assert is_placed(before, place) is said


def test_a_conversation_that_grew_is_a_revision_in_which_only_it_differs() -> None:
    old, new = (Explanation("linkedSessions", (one,), "gone-pickup", None, "because") for one in ("s-1", "s-2"))
    before = an_outcome(place=Place(SESSION_ID, ConversationRole.ORIGINAL, ("s-1",), (old,)), revision=2).data
    place = Place("s-1", ConversationRole.PARKED, ("s-1", "s-2"), (new,))

    after = relinked(before, place, revision=3, now=second(500))

    assert is_placed(after.data, place)
    assert set(before.explanation) ^ set(after.data.explanation) == {old, new}
    assert after.data.timing.published_at == "2026-03-02T09:08:20.000Z"

    assert after.id == f"{SESSION_ID}/3"
    assert after.data.changed == ("linkedSessions", "conversation")
    assert after.data.outcome is before.outcome
    assert after.data.timing.record_seen_at == before.timing.record_seen_at
    assert digest(after.data) != digest(before)


def test_what_happened_to_people_is_told_and_explained_from_the_notifications_and_from_the_log() -> None:
    session = a_session(caller=DISCONNECTED, agent=ANSWERED)

    for event in (ended(session, now=second(40)), an_outcome(session=session)):
        (agent,) = event.data.agents
        assert (agent.extension_id, agent.status) == (MIRA, "answered")
        assert reason(event, "agents[0].status").value == "answered"


def test_a_record_that_never_came_is_said_so_and_the_rest_is_what_the_notifications_told() -> None:
    event = EVENTS["unresolved"]

    assert (event.id[-2:], event.type) == ("/1", "legwork.call.outcome")
    assert (event.data.outcome, event.data.confirmed) == (Outcome.UNRESOLVED, False)
    assert event.data.start_time == EVENTS["ended"].data.start_time
    assert reason(event, "outcome").rule == "record-never-came"
    assert [why for why in event.data.explanation if why.field != "outcome"] == [
        why for why in EVENTS["ended"].data.explanation if why.field != "outcome"
    ]


def test_a_revision_names_what_changed_as_the_json_does() -> None:
    before = an_outcome(an_answered_record(duration=40))
    after = an_outcome(an_answered_record(duration=47, recording=Recording("R1")), revision=2)

    named = with_changes(after, before.data)

    assert set(named.data.changed) == {"durationSeconds", "endTime", "recordings"}
    assert msgspec.structs.replace(named.data, changed=()) == after.data
    assert with_changes(after, before.data, ("trigger",)).data.changed == (*named.data.changed, "trigger")


def test_from_and_to_are_named_without_their_underscore() -> None:
    before = an_outcome().data
    after = msgspec.structs.replace(before, from_=msgspec.structs.replace(before.from_, name="N. Vale"))

    assert changed(before, after) == ("from",)


def no_news(data: CallData) -> CallData:
    """Give the data with everything different that no consumer needs to hear of."""
    timing = Timing(first_event_at=None, ended_at=None, record_seen_at=None, published_at="later")
    return msgspec.structs.replace(
        data,
        revision=9,
        trigger=Trigger.REPLAY,
        changed=("outcome",),
        timing=timing,
        explanation=(),
        rules_version="999",
    )


def test_what_is_no_news_makes_no_revision() -> None:
    data = an_outcome().data

    assert changed(data, no_news(data)) == ()
    assert digest(no_news(data)) == digest(data)


@pytest.mark.parametrize(
    "news",
    [{"outcome": Outcome.VOICEMAIL}, {"confirmed": False}, {"caller_status": "Busy"}, {"duration_seconds": 41}],
    ids=lambda news: next(iter(news)),
)
def test_whatever_else_differs_is_news(news: dict[str, Any]) -> None:
    data = an_outcome().data
    other = msgspec.structs.replace(data, **news)

    assert len(changed(data, other)) == 1
    assert digest(other) != digest(data)


def test_live_news_say_where_the_parties_are_and_to_which_extensions_it_matters() -> None:
    session = folded(*ivr_call().notifications[:7])

    event = updated(session, now=second(40))

    assert (event.type, event.subject) == ("legwork.call.updated", session.id)
    assert event.id == f"{session.id}/live/7"
    assert [party.code for party in event.data.parties] == ["Answered", "Disconnected", "Answered"]
    assert event.data.extensions == ("60200101", "60200900")
    assert event.data.parties[2].to.phone_number == "+16505550100"


def test_late_news_are_news_of_their_own() -> None:
    late, *others = ivr_call().notifications
    before = folded(*others)

    assert updated(folded(late, into=before), now=second(40)).id != updated(before, now=second(40)).id


def test_live_news_are_json_with_every_field_the_data_has() -> None:
    told = msgspec.json.decode(encode(updated(folded(*ivr_call().notifications), now=second(40))))

    assert keys_of(told["data"]) == words(
        "accountId telephonySessionId sessionId origin direction startTime extensions parties ringout"
    )
    assert keys_of(told["data"]["parties"][0]) == words("id extensionId direction code reason from to missed queue")
