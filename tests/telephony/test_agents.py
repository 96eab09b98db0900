"""What happened to each of the account's people who were rung."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given

from telephony.agent_rules import AGENT_MEANINGS, LEG_RULES, PARTY_RULES, STATUS_BY_LEG, AgentStatus
from telephony.agents import Agent, agents
from telephony.endings import OUTBOUND, direction
from telephony.notifications import Endpoint, Notification, Party
from telephony.outcomes import derive
from telephony.records import CallLogRecord, ExtensionRef, PhoneParty
from telephony.sessions import Session
from tests.builders.call_log import (
    a_leg,
    a_record,
    a_ringout,
    a_voicemail,
    after,
    an_accept_leg,
    to_callee,
    to_caller,
)
from tests.builders.calls import ivr_call, queue_call
from tests.builders.notifications import MIRA, TOM, a_notification, a_party, one_of_ours
from tests.builders.sessions import a_ringout as a_ringout_session
from tests.builders.sessions import an_inbound_call, an_outbound_call, folded
from tests.telephony.test_sessions import SESSIONS

QUEUE, OVER = "60200300", "Disconnected"
NOBODY = Session("s-1")


def _of(session: Session, *records: CallLogRecord) -> dict[str, str]:
    found, _ = agents(session, derive(records).legs if records else ())
    return {one.extension_id: one.status.value for one in found}


def _status(*said: Any, **fields: Any) -> str | None:
    """Ring Mira; she says all this, and then the caller leaves."""
    parties = [
        a_notification(one_of_ours(2, *one, **fields), sequence=sequence) for sequence, one in enumerate(said, start=3)
    ]
    session = folded(a_notification(a_party(1)), *parties, a_notification(a_party(1, OVER), sequence=40))
    return _of(session).get(MIRA)


def _said(*parties: Party) -> Session:
    """Have parties say something, a second apart."""
    return folded(*(a_notification(party, sequence=sequence) for sequence, party in enumerate(parties, start=2)))


def _leg_to(extension_id: str, result: str, **fields: Any) -> Any:
    chosen: dict[str, Any] = {"to": PhoneParty(extension_id=extension_id), "duration": 9} | fields
    return a_leg(result=result, **chosen)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([("Proceeding",), ("Answered",), (OVER,)], "answered"),
        ([("Answered",), (OVER,)], "answered"),
        ([("Proceeding",), ("Answered",), (OVER, "CallFlip")], "answered"),
        ([("Proceeding",), ("Answered",), (OVER, "BlindTransfer")], "transferred_away"),
        ([("Proceeding",), ("Answered",), ("Hold",), (OVER, "AttendedTransfer")], "transferred_away"),
        ([("Proceeding",), ("Answered",), ("Gone", "AttendedTransfer")], "answered"),
        ([("Proceeding",), ("Answered",), (OVER, "CallPark")], "parked"),
        ([("Proceeding",), ("VoiceMail",), (OVER,)], "voicemail"),
        ([("Proceeding",), (OVER, "Rejected")], "declined"),
        ([("Proceeding",), (OVER, "BlindTransfer")], "rang"),
        ([("Proceeding",), (OVER, "CallPark")], "rang"),
        ([("Proceeding",), ("Answered",), (OVER, "RccTransfer")], "transferred_away"),
        ([("Proceeding",), ("Answered",), (OVER, "DtmfTransfer")], "transferred_away"),
        ([("Proceeding",), ("Answered",), (OVER, "ParkLocation")], "parked"),
        ([("Setup",), ("VoiceMail",), (OVER,)], "voicemail"),
        ([("Setup",), (OVER, "TargetBusy")], "busy"),
        ([("Setup",), (OVER, "Rejected")], "declined"),
        ([("Setup",), (OVER, "CallReplied")], "declined"),
        ([("Setup",), (OVER, "NoSuchUser")], "unreachable"),
        ([("Setup",), (OVER, "InvalidNumber")], "unreachable"),
        ([("Setup",), (OVER, "AgentAnswered")], "answered_elsewhere"),
        ([("Setup",), (OVER, "Timeout")], "missed"),
        ([("Setup",), (OVER, "CallerDropped")], "missed"),
        ([("Proceeding",), (OVER, "AgentAnswered")], "answered_elsewhere"),
        ([("Proceeding",), (OVER, "Pickup")], "answered_elsewhere"),
        ([("Proceeding",), (OVER, "NoAnswer")], "missed"),
        ([("Proceeding",), (OVER, "Cancelled")], "missed"),
        ([("Proceeding",), (OVER, "InternalError")], "unreachable"),
        ([("Proceeding",), (OVER,)], "rang"),
        ([("Proceeding",), (OVER, "SomethingNew")], "rang"),
        ([("Setup",), (OVER,)], None),
        ([("Setup",), (OVER, "CallerInputRedirect")], None),
        ([("Answered",), (OVER, "CallerInputRedirect")], None),
    ],
)
def test_what_a_party_says(said: list[Any], status: str | None) -> None:
    assert _status(*said) == status


def test_a_call_marked_as_missed_was_missed() -> None:
    assert _status(("Proceeding",), (OVER,), missed=True) == "missed"
    assert _status(("Setup",), (OVER,), missed=True) == "missed"


def _queue(*said: tuple[int, Any], **losing: Any) -> Session:
    """Ring the queue's people: 3 is Mira, 4 Tom; each says what is given, a second apart."""
    people = {3: MIRA, 4: TOM}
    notifications = [
        a_notification(
            one_of_ours(
                number,
                *words,
                extension_id=people[number],
                to=Endpoint(extension_id=QUEUE),
                **(losing if number == 4 else {}),
            ),
            sequence=sequence,
        )
        for sequence, (number, words) in enumerate(said, start=4)
    ]
    queue = one_of_ours(2, "Setup", extension_id=QUEUE, to=Endpoint(extension_id=QUEUE))
    return folded(a_notification(queue), *notifications)


def test_whoever_was_ringing_when_somebody_else_answered_missed_nothing_though_it_is_marked_so() -> None:
    session = _queue(
        (3, ("Proceeding",)), (4, ("Proceeding",)), (3, ("Answered",)), (4, (OVER,)), (3, (OVER,)), missed=True
    )

    assert _of(session) == {MIRA: "answered", TOM: "answered_elsewhere"}


def test_whose_phone_stopped_because_of_an_answer_that_was_told_a_moment_later_missed_nothing() -> None:
    session = _queue((3, ("Proceeding",)), (4, ("Setup",)), (4, (OVER,)), (3, ("Answered",)), (3, (OVER,)), missed=True)

    assert _of(session) == {MIRA: "answered", TOM: "answered_elsewhere"}


def test_whose_phone_began_to_ring_after_the_answer_missed_it() -> None:
    said: list[tuple[int, Any]] = [(4, ("Setup",)), (3, ("Answered",)), (4, ("Proceeding",)), (4, (OVER,))]

    assert _of(_queue(*said, missed=True)) == {MIRA: "answered", TOM: "missed"}


def test_a_call_to_a_queue_that_nobody_answered_was_missed_by_all() -> None:
    said: list[tuple[int, Any]] = [(3, ("Proceeding",)), (4, ("Proceeding",)), (3, (OVER, "Cancelled")), (4, (OVER,))]

    assert _of(_queue(*said, missed=True)) == {MIRA: "missed", TOM: "missed"}


@pytest.mark.parametrize("seconds", [0, 4])
def test_whoever_had_stopped_ringing_before_somebody_else_answered_missed_it(seconds: int) -> None:
    session = _queue(
        *((4, ("Proceeding",)), (4, (OVER, "NoAnswer"))),
        *((3, ("Proceeding",)),) * seconds,
        *((3, ("Answered",)), (3, (OVER,))),
        missed=True,
    )

    assert _of(session) == {MIRA: "answered", TOM: "missed"}


def test_a_queue_is_nobody_who_was_rung() -> None:
    session = _queue((3, ("Proceeding",)), (3, ("Answered",)), (3, (OVER,)))
    answered_by_greeting = folded(
        a_notification(one_of_ours(2, "Answered", extension_id=QUEUE), sequence=30), into=session
    )

    assert QUEUE not in _of(answered_by_greeting)


@pytest.mark.parametrize("said", [["Proceeding"], ["Proceeding", "Answered"]])
def test_a_queue_that_rings_or_answers_itself_is_nobody_either_where_those_it_rings_are_marked(said: list[str]) -> None:
    rung: dict[str, Any] = {"queue": True, "to": Endpoint(extension_id=QUEUE)}
    itself = [one_of_ours(2, code, extension_id=QUEUE, to=Endpoint(extension_id=QUEUE)) for code in (*said, OVER)]
    mira = [one_of_ours(3, code, **rung) for code in ("Proceeding", "Answered", OVER)]

    assert _of(_said(*itself, *mira)) == {MIRA: "answered"}


def test_a_queue_that_went_straight_to_its_voicemail_is_nobody_once_the_log_names_it() -> None:
    session = folded(a_notification(one_of_ours(2, "VoiceMail", extension_id=QUEUE)))
    of_queue = {"extension": ExtensionRef(id=int(QUEUE))}

    for leg in (an_accept_leg("Voicemail", action="Hunting", **of_queue), a_leg("Hunting", "Voicemail", **of_queue)):
        assert _of(session, a_record("Voicemail", leg)) == {}


def test_a_real_queue_call_and_a_real_call_through_a_menu() -> None:
    queue = folded(*queue_call().notifications)
    menu = folded(*ivr_call().notifications)

    assert sorted(one.status for one in agents(queue, ())[0]) == ["answered", "answered_elsewhere"]
    assert [one.status for one in agents(menu, ())[0]] == ["answered"]


def test_who_calls_is_not_rung_and_who_is_rung_by_a_ringout_is() -> None:
    assert _of(an_outbound_call((1, "Setup"), (2, "Answered"), (1, OVER), (2, OVER))) == {}
    assert _of(a_ringout_session((1, "Proceeding"), (1, "Answered"), (1, OVER))) == {MIRA: "answered"}


def test_whoever_began_the_call_is_not_rung_and_all_others_are_where_no_direction_is_told() -> None:
    def said(*parties: tuple[int, str]) -> Session:
        ours = {1: MIRA, 2: TOM}
        return _said(*(a_party(one, code, extension_id=ours[one], direction=None) for one, code in parties))

    session = said((1, "Setup"), (2, "Proceeding"), (1, "Answered"), (2, "Answered"), (2, OVER), (1, OVER))

    assert _of(session) == {TOM: "answered"}
    assert direction(session) == OUTBOUND
    assert _of(msgspec.structs.replace(session, origin="RingOut")) == {MIRA: "answered", TOM: "answered"}


@pytest.mark.parametrize(("dialled", "found"), [("*801", {MIRA: "picked_up"}), ("*8", {}), ("+16505550102", {})])
def test_who_dials_a_parked_call_picks_it_up(dialled: str, found: dict[str, str]) -> None:
    party = a_party(1, "Answered", extension_id=MIRA, to=Endpoint(dialled))

    assert _of(folded(a_notification(party))) == found


def test_seconds_are_counted_by_the_notifications_moments() -> None:
    session = folded(
        a_notification(one_of_ours(2, "Proceeding"), at=1.0),
        a_notification(one_of_ours(2, "Answered"), sequence=3, at=9.5),
        a_notification(one_of_ours(2, "Hold"), sequence=4, at=20.0),
        a_notification(one_of_ours(2, OVER), sequence=5, at=70.2),
    )

    (mira,), _ = agents(session, derive([a_record("Accepted", _leg_to(MIRA, "Call connected"))]).legs)

    assert mira == Agent(MIRA, None, AgentStatus.ANSWERED, 8, 60)


def test_two_parties_of_one_person_are_one_entry_that_adds_up() -> None:
    session = folded(
        a_notification(one_of_ours(2, "Answered"), at=0.0),
        a_notification(one_of_ours(2, OVER, "CallFlip"), sequence=3, at=10.0),
        a_notification(one_of_ours(3, "Answered"), sequence=4, at=10.0),
        a_notification(one_of_ours(3, OVER), sequence=5, at=40.0),
    )

    (mira,), (why,) = agents(session, ())

    assert (mira.status, mira.talk_seconds, why.rule) == ("answered", 40, "agent-answered")


def test_who_answered_once_and_was_rung_again_in_vain_answered() -> None:
    session = folded(
        a_notification(one_of_ours(2, "Answered"), at=0.0),
        a_notification(one_of_ours(2, OVER), sequence=3, at=10.0),
        a_notification(one_of_ours(3, OVER, "NoAnswer"), sequence=4, at=40.0),
    )

    assert _of(session) == {MIRA: "answered"}


@pytest.mark.parametrize(
    ("said", "ring", "talk"),
    [
        ([("Proceeding", 1), (OVER, 8)], 7, None),
        ([("Proceeding", 1), ("VoiceMail", 8), (OVER, 30)], None, None),
        ([("Proceeding", 1), ("Answered", 3), ("Hold", 8)], 2, None),
        ([("Answered", 3), (OVER, 8)], None, 5),
        ([("Answered", 3), ("Proceeding", 5), (OVER, 8)], 0, 5),
    ],
)
def test_seconds_are_told_as_far_as_both_their_moments_were_heard(
    said: list[tuple[str, int]], ring: int | None, talk: int | None
) -> None:
    heard = [
        a_notification(one_of_ours(2, code), sequence=sequence, at=at)
        for sequence, (code, at) in enumerate(said, start=2)
    ]

    (mira,), _ = agents(folded(*heard), ())

    assert (mira.ring_seconds, mira.talk_seconds) == (ring, talk)


def test_a_leg_tells_how_long_a_phone_rang_or_somebody_talked() -> None:
    def seconds(*legs: Any) -> tuple[int | None, int | None]:
        (mira, *_), _ = agents(NOBODY, derive([a_record("Accepted", an_accept_leg(), *legs)]).legs)
        assert mira.extension_id == MIRA
        return mira.ring_seconds, mira.talk_seconds

    pick_up = a_leg("Pickup", from_=PhoneParty(extension_id=MIRA))
    given = a_leg("TransferCall", from_=PhoneParty(extension_id=MIRA), to=PhoneParty(extension_id=TOM))

    assert seconds(_leg_to(MIRA, "No Answer")) == (9, None)
    assert seconds(_leg_to(MIRA, "Call connected"), _leg_to(MIRA, "Stopped", duration=20)) == (20, 9)
    assert seconds(_leg_to(MIRA, "Missed", message=a_voicemail())) == (None, None)
    assert seconds(pick_up) == (None, 30)
    assert seconds(given) == (None, None)


def test_two_legs_of_one_person_at_a_time_are_counted_once_as_in_a_call_that_found_them_at_another_phone() -> None:
    mira: dict[str, Any] = {"extension": ExtensionRef(id=int(MIRA))}
    taken = an_accept_leg(master=False, duration=54, **mira)

    def seconds(result: str, *legs: Any) -> tuple[int | None, int | None]:
        (found,), _ = agents(NOBODY, derive([a_record(result, an_accept_leg(result), *legs)]).legs)
        return found.ring_seconds, found.talk_seconds

    def found_at(begin: float, result: str = "Accepted", duration: int = 50) -> Any:
        return a_leg("FindMe", result, start_time=after(begin), duration=duration, **mira)

    assert seconds("Accepted", taken, found_at(4)) == (None, 54)
    assert seconds("Accepted", found_at(4, duration=60), taken) == (None, 64)
    assert seconds("Accepted", taken, found_at(60, duration=6)) == (None, 60)
    assert seconds("Missed", found_at(0, "No Answer", 20), found_at(15.5, "No Answer", 20)) == (35, None)
    undated = msgspec.structs.replace(found_at(0, "No Answer", 20), start_time=None)
    assert seconds("Missed", undated, found_at(0, "No Answer", 20)) == (40, None)
    assert seconds("Missed", *[found_at(at, "No Answer", 10**12) for at in (0, 1)]) == (10**12 + 1, None)


def test_two_parties_of_one_person_at_a_time_are_counted_once() -> None:
    session = folded(
        a_notification(one_of_ours(2, "Proceeding"), one_of_ours(3, "Proceeding"), at=0.0),
        a_notification(one_of_ours(2, OVER), one_of_ours(3, "Answered"), sequence=3, at=8.0),
        a_notification(one_of_ours(3, OVER), sequence=4, at=40.0),
    )

    (mira,), _ = agents(session, ())

    assert (mira.status, mira.ring_seconds, mira.talk_seconds) == ("answered", 8, 32)


@given(SESSIONS)
def test_whatever_was_heard_everybody_who_was_rung_is_one_entry_with_its_reason(said: list[Notification]) -> None:
    found, why = agents(folded(*said), ())

    assert [one.extension_id for one in found] == sorted({one.extension_id for one in found} - {""})
    assert [one.value for one in why] == [one.status for one in found]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        *[("Accepted", "answered"), ("Call connected", "answered"), ("Missed", "missed"), ("No Answer", "missed")],
        *[("Busy", "busy"), ("Rejected", "declined"), ("Declined", "declined"), ("IP Phone Offline", "unreachable")],
        *[("Answered Elsewhere", "answered_elsewhere"), ("Stopped", "missed"), ("A New Word", "missed")],
    ],
)
def test_what_a_leg_says_where_no_notification_was_heard(result: str, status: str) -> None:
    assert _of(NOBODY, a_record("Missed", an_accept_leg("Missed"), _leg_to(MIRA, result))) == {MIRA: status}


@pytest.mark.parametrize("result", [None, ""])
def test_a_leg_without_a_result_says_that_somebody_was_rung_and_no_more(result: str | None) -> None:
    leg = msgspec.structs.replace(_leg_to(MIRA, "Accepted"), result=result)
    taken = a_record("Accepted", an_accept_leg(), leg)

    (mira,), _ = agents(NOBODY, derive([taken]).legs)
    assert (mira.status, mira.ring_seconds, mira.talk_seconds) == ("rang", None, None)
    assert _of(an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER)), taken) == {MIRA: "answered"}
    assert _of(an_inbound_call((3, "Proceeding"), (3, OVER, "NoAnswer")), taken) == {MIRA: "missed"}
    assert _of(NOBODY, a_record("Missed", an_accept_leg("Missed"), leg, _leg_to(MIRA, "No Answer"))) == {MIRA: "missed"}
    assert _of(NOBODY, a_record("Accepted", an_accept_leg(), _leg_to(MIRA, "IP Phone Offline"), leg)) == {MIRA: "rang"}


def test_a_phone_that_stopped_because_another_was_answered_missed_nothing() -> None:
    record = a_record("Accepted", an_accept_leg(), _leg_to(MIRA, "Call connected"), _leg_to(TOM, "Stopped"))

    assert _of(NOBODY, record) == {MIRA: "answered", TOM: "answered_elsewhere"}
    assert _of(NOBODY, msgspec.structs.replace(record, direction="Outbound"))[TOM] == "answered_elsewhere"


def test_a_menu_that_took_the_call_answered_it_for_nobody() -> None:
    assert _of(NOBODY, a_record("Accepted", an_accept_leg(), _leg_to(MIRA, "Stopped"))) == {MIRA: "missed"}


def test_whoever_calls_a_colleague_is_not_rung() -> None:
    leg = _leg_to(TOM, "Call connected", from_=PhoneParty(extension_id=MIRA))

    assert _of(NOBODY, a_record("Accepted", an_accept_leg(), leg)) == {TOM: "answered"}


def test_a_voicemail_that_was_left_is_voicemail_whatever_its_leg_calls_it() -> None:
    leg = _leg_to(MIRA, "Missed", message=a_voicemail())

    assert _of(NOBODY, a_record("Missed", an_accept_leg("Missed"), leg)) == {MIRA: "voicemail"}


def test_the_log_wins_where_it_is_definite() -> None:
    declined = an_inbound_call((3, "Proceeding"), (3, OVER, "Rejected"))

    def logged(result: str) -> dict[str, str]:
        return _of(declined, a_record("Missed", an_accept_leg("Missed"), _leg_to(MIRA, result)))

    assert logged("Stopped") == {MIRA: "declined"}
    assert logged("No Answer") == {MIRA: "missed"}
    assert logged("Call connected") == {MIRA: "answered"}


def test_of_two_words_for_having_talked_the_closer_one_counts() -> None:
    transferred = an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER, "BlindTransfer"))

    assert _of(transferred, a_record("Accepted", an_accept_leg(), _leg_to(MIRA, "Call connected"))) == {
        MIRA: "transferred_away"
    }
    answered = an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER))
    given = a_leg("TransferCall", from_=PhoneParty(extension_id=MIRA), to=PhoneParty(extension_id=TOM))
    assert _of(answered, a_record("Accepted", an_accept_leg(), given))[MIRA] == "transferred_away"


def test_a_transfer_tells_of_who_gave_the_call_and_of_who_got_it() -> None:
    ends: dict[str, Any] = {"from_": PhoneParty(extension_id=MIRA), "to": PhoneParty(extension_id=TOM)}
    record = a_record(
        "Accepted", an_accept_leg(), _leg_to(MIRA, "Call connected"), a_leg("TransferCall", action="Transfer", **ends)
    )

    assert _of(NOBODY, record) == {MIRA: "transferred_away", TOM: "answered"}


@pytest.mark.parametrize("result", ["No Answer", "Busy", "IP Phone Offline", "Stopped", None])
def test_who_transferred_or_parked_the_call_did_so_whatever_became_of_it(result: str | None) -> None:
    given: dict[str, Any] = {"from_": PhoneParty(extension_id=MIRA), "duration": 30}
    transfer = a_leg("TransferCall", result, to=PhoneParty(extension_id=TOM), **given)
    transferred = an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER, "BlindTransfer"))

    for session in (NOBODY, transferred):
        found, _ = agents(session, derive([a_record("Accepted", _leg_to(MIRA, "Call connected"), transfer)]).legs)
        assert (found[0].status, found[0].talk_seconds is None) == ("transferred_away", False)
        assert found[0].ring_seconds in {None, 1}
    assert _of(NOBODY, a_record("Accepted", an_accept_leg(), a_leg("CallPark", result, **given))) == {MIRA: "parked"}


def test_who_was_seen_to_answer_did_whatever_their_other_phones_did() -> None:
    answered = an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER))

    for result in ("No Answer", "IP Phone Offline", "Stopped"):
        assert _of(answered, a_record("Accepted", an_accept_leg(), _leg_to(MIRA, result))) == {MIRA: "answered"}


def test_a_phone_that_was_offline_says_nothing_of_a_person_whose_other_phone_rang() -> None:
    missed = an_inbound_call((3, "Proceeding"), (3, OVER, "NoAnswer"))
    offline, stopped = _leg_to(MIRA, "IP Phone Offline"), _leg_to(MIRA, "Stopped")

    for session in (missed, NOBODY):
        assert _of(session, a_record("Missed", an_accept_leg("Missed"), offline, stopped)) == {MIRA: "missed"}
    assert _of(missed, a_record("Missed", an_accept_leg("Missed"), offline)) == {MIRA: "unreachable"}
    declined = an_inbound_call((3, "Proceeding"), (3, OVER, "Rejected"))
    assert _of(declined, a_record("Missed", an_accept_leg("Missed"), offline, stopped)) == {MIRA: "declined"}
    taken = a_record("Accepted", an_accept_leg(), offline, stopped, _leg_to(TOM, "Call connected"))
    assert _of(NOBODY, taken) == {MIRA: "answered_elsewhere", TOM: "answered"}


def test_parking_and_picking_up_are_told_by_their_legs() -> None:
    park = a_leg("CallPark", from_=PhoneParty(extension_id=MIRA), to=PhoneParty(phone_number="*801"))
    pick_up = a_leg("Pickup", from_=PhoneParty(extension_id=TOM), to=PhoneParty(extension_id="60200801"))

    by_owner = a_leg("CallPark", extension=ExtensionRef(id=int(MIRA)))

    for leg in (park, by_owner):
        assert _of(NOBODY, a_record("Accepted", an_accept_leg(), leg)) == {MIRA: "parked"}
    assert _of(NOBODY, a_record("Call connected", pick_up, direction="Outbound")) == {TOM: "picked_up"}


def test_both_sides_of_a_ringout_within_the_account_are_told_by_its_legs() -> None:
    caller = to_caller(from_=PhoneParty(extension_id=MIRA), to=PhoneParty(extension_id=TOM))
    callee = to_callee("No Answer", from_=PhoneParty(extension_id=TOM), to=PhoneParty(extension_id=MIRA))

    assert _of(NOBODY, a_ringout("No Answer", caller, callee)) == {MIRA: "answered", TOM: "missed"}


def test_an_extension_named_by_its_owner_only_is_found_too() -> None:
    leg = a_leg(result="Call connected", extension=ExtensionRef(id=int(MIRA)))

    assert _of(NOBODY, a_record("Accepted", an_accept_leg(), leg)) == {MIRA: "answered"}


def test_every_entry_is_explained_and_named() -> None:
    leg = _leg_to(MIRA, "Call connected", to=PhoneParty(extension_id=MIRA, name="Mira Holm"))
    legs = derive([a_record("Accepted", an_accept_leg(), leg)]).legs

    (mira,), (why,) = agents(NOBODY, legs)

    assert (mira.name, mira.ring_seconds, mira.talk_seconds) == ("Mira Holm", None, 9)
    assert (why.field, why.value, why.rule, why.leg) == ("agents[0].status", "answered", "leg-agent", 1)


def test_of_what_says_the_same_the_log_is_named_and_of_several_legs_the_last() -> None:
    answered = an_inbound_call((3, "Proceeding"), (3, "Answered"), (3, OVER))
    legs = [_leg_to(MIRA, "Call connected"), _leg_to(MIRA, "Call connected", duration=1)]

    _, (why,) = agents(answered, derive([a_record("Accepted", an_accept_leg(), *legs)]).legs)

    assert why.leg == 2


def test_of_several_names_the_first_in_alphabetical_order_is_given_whoever_named_it() -> None:
    to_mira = [Endpoint(extension_id=MIRA, name=name) for name in ("Mira Holm", "M. Holm", "Mira H.")]
    session = folded(
        *(a_notification(one_of_ours(2, "Answered", to=end), sequence=5 + at) for at, end in enumerate(to_mira))
    )
    leg = _leg_to(MIRA, "Call connected", to=PhoneParty(extension_id=MIRA, name="Holm, Mira"))
    back = _leg_to(TOM, "Call connected", from_=PhoneParty(extension_id=MIRA, name="Desk 2"))

    def name(*legs: Any) -> str | None:
        return agents(session, derive([a_record("Accepted", *legs)]).legs)[0][0].name

    assert [name(an_accept_leg()), name(leg), name(leg, back)] == ["Mira H.", "Holm, Mira", "Desk 2"]


def test_every_status_can_come_out_and_has_a_meaning() -> None:
    by_rules: Sequence[AgentStatus] = [rule.status for rule in (*PARTY_RULES, *LEG_RULES)]

    assert {*by_rules, *STATUS_BY_LEG.values()} == set(AgentStatus) == set(AGENT_MEANINGS)
