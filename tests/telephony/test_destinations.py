"""Who is told of what, and in what shape."""

from typing import Any

import msgspec
import pytest

from telephony.call_outcome import RecordingRef
from telephony.create_only import ready_at
from telephony.destinations import FIELDS, Changes, Destination, DestinationState, Include, body_for, changed, wants
from telephony.events import CallEvent, encode
from telephony.records import PhoneParty
from telephony.words import Outcome
from tests.builders.call_log import a_leg, a_record, an_accept_leg
from tests.builders.events import an_answered_record, an_outcome
from tests.builders.notifications import ANSWERED, CALLERS_NUMBER, MIRA
from tests.builders.sessions import a_session

CALLER = PhoneParty(phone_number=CALLERS_NUMBER, name="Noor Vale")
CALLED = PhoneParty(phone_number="+16505550102", extension_number="102", name="Gia Grant")
EVENT = an_outcome(an_answered_record(from_=CALLER, to=CALLED))


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, True),
        ({"include": Include.ENDED}, False),
        ({"include": Include.BOTH}, True),
        ({"accounts": ("default",)}, True),
        ({"accounts": ("another",)}, False),
        ({"extensions": (MIRA,)}, True),
        ({"extensions": ("1",)}, False),
        ({"outcomes": (Outcome.ANSWERED, Outcome.MISSED)}, True),
        ({"outcomes": (Outcome.MISSED,)}, False),
        ({"directions": ("Inbound",)}, True),
        ({"directions": ("inbound",)}, True),
        ({"directions": ("Outbound",)}, False),
        ({"numbers": (CALLERS_NUMBER,)}, True),
        ({"numbers": ("(212) 555-0111",)}, True),
        ({"numbers": ("+12125550199",)}, False),
        ({"numbers": ("(650) 555-0102",)}, True),
        ({"numbers": ("102",)}, True),
        ({"numbers": ("101",)}, False),
        ({"outcomes": (Outcome.ANSWERED,), "directions": ("Outbound",)}, False),
    ],
    ids=str,
)
def test_an_event_is_wanted_when_it_passes_every_filter(filters: dict[str, Any], *, wanted: bool) -> None:
    assert wants(a_destination(**filters), "default", EVENT) is wanted


def test_what_stands_in_place_of_a_number_is_one_of_the_numbers_that_may_be_wanted() -> None:
    withheld = an_outcome(an_answered_record(from_=PhoneParty(phone_number="anonymous"), to=CALLED))

    assert wants(a_destination(numbers=("anonymous",)), "default", withheld)
    assert not wants(a_destination(numbers=("anonymous",)), "default", EVENT)


@pytest.mark.parametrize(("include", "wanted"), [("outcome", False), ("ended", True), ("both", True)])
def test_an_end_by_the_notifications_is_another_kind_of_event(include: str, *, wanted: bool) -> None:
    assert wants(a_destination(include=Include(include)), "default", an_outcome(revision=0)) is wanted


def test_who_is_told_of_each_call_once_waits_for_the_outcome_unless_only_the_end_is_wanted() -> None:
    end = an_outcome(revision=0)

    assert not wants(a_destination(include=Include.BOTH, create_only=True), "default", end)
    assert wants(a_destination(include=Include.ENDED, create_only=True), "default", end)


def test_the_whole_event_is_sent_as_it_was_published() -> None:
    assert body_for(a_destination(), EVENT) == encode(EVENT)


def test_fields_are_chosen_but_for_those_that_tell_revisions_apart() -> None:
    data = msgspec.json.decode(body_for(a_destination(fields=("outcome",)), EVENT))["data"]

    assert sorted(data) == ["confirmed", "outcome", "revision", "telephonySessionId"]


def test_only_fields_that_are_sent_are_explained_so_that_no_other_value_slips_out() -> None:
    record, session = an_answered_record(from_=PhoneParty("16505550101")), a_session(agent=ANSWERED)
    event = an_outcome(record, session=session)
    assert {"from.phoneNumber", "agents[0].status"} <= {why.field for why in event.data.explanation}

    body = body_for(a_destination(fields=("outcome", "agents", "explanation")), event)

    assert [why["field"] for why in msgspec.json.decode(body)["data"]["explanation"]] == ["outcome", "agents[0].status"]
    assert b"6505550101" not in body


def test_every_field_of_the_event_can_be_chosen() -> None:
    assert set(msgspec.json.decode(encode(EVENT))["data"]) <= FIELDS


def test_a_mask_leaves_no_name_and_no_number() -> None:
    body = body_for(a_destination(mask=True), EVENT).decode()

    assert all(one in encode(EVENT).decode() for one in (CALLERS_NUMBER, "Noor Vale"))
    assert not any(one in body for one in (CALLERS_NUMBER, "Noor Vale"))
    assert CALLERS_NUMBER[-4:] in body
    names = {leg["from"]["name"] for leg in msgspec.json.decode(body)["data"]["legs"]}
    assert names <= {None}


def test_a_mask_hides_both_ends_of_the_call_and_of_each_leg_the_agents_and_what_explains_them() -> None:
    caller, called = (
        PhoneParty("12125550111", name="Noor Vale"),
        PhoneParty("16505550102", "102", MIRA, name="Gia Grant"),
    )
    ends: dict[str, Any] = {"from_": caller, "to": called}
    record = a_record("Accepted", an_accept_leg(**ends), a_leg(**ends), a_leg(from_=called, to=caller), **ends)
    event = an_outcome(record)
    told = encode(event).decode()
    assert {"from.phoneNumber", "to.phoneNumber"} <= {why.field for why in event.data.explanation}

    body = body_for(a_destination(mask=True), event).decode()

    assert all(one in told and one not in body for one in ("2125550111", "6505550102", "Noor Vale", "Gia Grant"))
    assert {one.name for one in msgspec.json.decode(body, type=CallEvent).data.agents} == {None}


@pytest.mark.parametrize(
    ("number", "shown"), [("911", "911"), ("(212) 555-0111", "(***) ***-0111"), ("anonymous", "*****mous")]
)
def test_a_mask_leaves_the_last_four_signs_and_what_stands_between_the_others(number: str, shown: str) -> None:
    event = told(from_=msgspec.structs.replace(EVENT.data.from_, raw_phone_number=number))

    body = msgspec.json.decode(body_for(a_destination(mask=True), event), type=CallEvent)

    assert body.data.from_.raw_phone_number == shown


def test_what_was_disabled_and_is_active_again_has_no_reason_for_it() -> None:
    disabled = changed(a_destination(), Changes(state=DestinationState.DISABLED, disabled_because="gone"))

    assert disabled.disabled_because == "gone"
    assert changed(disabled, Changes(state=DestinationState.ACTIVE)).disabled_because is None


def test_create_only_waits_until_a_recording_cannot_be_missing() -> None:
    ended = ready_at(EVENT, deadline=0.0)

    assert ready_at(EVENT, deadline=900.0) == ended + 900.0 > 900.0
    assert ready_at(told(outcome=Outcome.MISSED), deadline=900.0) == 0.0
    assert ready_at(told(recordings=(RecordingRef("R1", None, None, None),)), deadline=900.0) == 0.0


def test_create_only_waits_for_what_the_call_log_has_not_confirmed() -> None:
    unconfirmed = told(outcome=Outcome.MISSED, confirmed=False)

    assert ready_at(unconfirmed, deadline=900.0) == ready_at(EVENT, deadline=900.0)
    assert ready_at(msgspec.structs.replace(unconfirmed, time="soon"), deadline=900.0) == 0.0
    assert ready_at(told(revision=0, confirmed=False), deadline=900.0) == 0.0


def told(**data: Any) -> CallEvent:
    return msgspec.structs.replace(EVENT, data=msgspec.structs.replace(EVENT.data, **data))


def a_destination(**fields: Any) -> Destination:
    return Destination(id="dst_1", url="https://crm.example/hook", created_at="2026-01-01T00:00:00.000Z", **fields)
