"""Who called whom in a call that is in the call log, where its record does not say it."""

import pytest

from telephony import call_outcome
from telephony.events import CallData, changed, ended
from telephony.explanations import REASONS, Explanation
from telephony.notifications import Endpoint
from telephony.records import PhoneParty
from telephony.sessions import Session
from tests.builders.call_log import a_record, a_ringout, to_callee, to_caller
from tests.builders.events import an_outcome
from tests.builders.notifications import (
    ANSWERED,
    CALLERS_NUMBER,
    DISCONNECTED,
    MIRA,
    MIRAS_NUMBER,
    PROCEEDING,
    TOM,
    a_notification,
    a_party,
    second,
)
from tests.builders.sessions import a_ringout as a_ringout_session
from tests.builders.sessions import an_outbound_call, folded

OVER = DISCONNECTED
CALL = an_outbound_call((1, PROCEEDING), (2, ANSWERED), (1, ANSWERED), (2, OVER), (1, OVER))
US, THEM = PhoneParty(phone_number=MIRAS_NUMBER), PhoneParty(phone_number=CALLERS_NUMBER)


def told(from_: PhoneParty | None, to: PhoneParty | None, session: Session = CALL) -> CallData:
    return an_outcome(a_record("Call connected", direction="Outbound", from_=from_, to=to), session=session).data


def rules(data: CallData) -> set[str]:
    """Give the rules by which both ends are what they are."""
    return {one.rule for one in data.explanation if one.field.startswith(("from.", "to."))}


def why(data: CallData) -> list[Explanation]:
    return [one for one in data.explanation if one.rule == "number-told"]


@pytest.mark.parametrize("from_", [None, PhoneParty(), PhoneParty(name="M. Holm"), PhoneParty(location="Springfield")])
def test_an_end_that_the_record_leaves_open_stays_what_the_notifications_told(from_: PhoneParty | None) -> None:
    data = told(from_, THEM)

    assert (data.from_.phone_number, data.from_.raw_phone_number) == (MIRAS_NUMBER, MIRAS_NUMBER)
    assert (data.from_.extension_id, data.from_.name) == (MIRA, (from_ and from_.name) or "Mira Holm")
    assert why(data) == [Explanation("from.phoneNumber", MIRAS_NUMBER, "number-told", None, REASONS["number-told"])]
    assert rules(data) == {"number-told"}


def test_so_a_number_that_was_told_is_not_taken_back_by_the_call_log() -> None:
    first = ended(CALL, now=second(40)).data

    assert {"from", "to"}.isdisjoint(changed(first, told(None, None)))


@pytest.mark.parametrize(
    "end", [PhoneParty(phone_number="101"), PhoneParty(extension_number="101"), PhoneParty(extension_id="7")]
)
def test_an_end_that_the_record_names_is_the_records_alone(end: PhoneParty) -> None:
    data = told(end, end)

    assert {data.from_.extension_id, data.to.extension_id} == {end.extension_id}
    assert (data.from_.name, data.to.name) == (None, None)
    assert why(data) == []


@pytest.mark.parametrize("written", ["6505550101", "06505550101", "5550101", "650.5550101"])
def test_a_number_that_the_record_writes_without_its_country_is_the_whole_one_that_was_told(written: str) -> None:
    data = told(PhoneParty(phone_number=written, name="Desk"), THEM)

    assert (data.from_.phone_number, data.from_.raw_phone_number, data.from_.name) == (MIRAS_NUMBER, written, "Desk")
    assert [(one.rule, one.value) for one in data.explanation if one.field == "from.phoneNumber"] == [
        ("number-told-whole", MIRAS_NUMBER)
    ]


@pytest.mark.parametrize("written", ["6505550102", "0101", "550101", "anonymous", "+1650555****", "911"])
def test_a_number_that_is_not_the_end_of_the_one_that_was_told_stays_as_it_is_written(written: str) -> None:
    data = told(PhoneParty(phone_number=written), THEM)

    assert (data.from_.phone_number, data.from_.raw_phone_number) == (None, written)
    assert [one.rule for one in data.explanation if one.field == "from.phoneNumber"] == ["not-e164"]


def test_an_extension_that_was_told_with_its_number_is_kept_where_the_record_has_the_number_only() -> None:
    by_number, by_part, of_another = (
        told(PhoneParty(one), THEM) for one in (MIRAS_NUMBER, "6505550101", "+16505550109")
    )

    assert [one.from_.extension_id for one in (by_number, by_part, of_another)] == [MIRA, MIRA, None]
    assert [(one.value, one.rule) for one in by_number.explanation if one.field == "from.extensionId"] == [
        (MIRA, "extension-told")
    ]
    assert rules(by_number) == {"extension-told"}
    assert told(PhoneParty(MIRAS_NUMBER, extension_id="7"), THEM).from_.extension_id == "7"
    assert told(US, THEM).to.extension_id is None


@pytest.mark.parametrize("end", [PhoneParty(extension_number="102"), PhoneParty("102")])
def test_an_extension_is_the_one_that_was_told_by_its_short_number_too(end: PhoneParty) -> None:
    mira, tom = Endpoint(MIRAS_NUMBER, None, MIRA), Endpoint("102", None, TOM)
    session = folded(a_notification(a_party(1, OVER, extension_id=MIRA, from_=mira, to=tom)))

    assert told(US, end, session).to.extension_id == TOM
    assert told(US, PhoneParty(extension_number="103"), session).to.extension_id is None
    assert told(US, PhoneParty(extension_id=TOM), session).to.extension_id == TOM


def test_a_name_that_was_told_with_its_number_is_kept_where_the_record_has_the_number_only() -> None:
    by_number, named, of_another = (
        told(US, end) for end in (THEM, PhoneParty(CALLERS_NUMBER, name="N. V."), PhoneParty("+12125550119"))
    )

    assert [one.to.name for one in (by_number, named, of_another)] == ["Noor Vale", "N. V.", None]
    assert "Noor Vale" not in {why.value for why in by_number.explanation}
    assert told(US, PhoneParty("2125550111"), CALL).to.name == "Noor Vale"


@pytest.mark.parametrize("from_", [PhoneParty("6505550101"), PhoneParty(extension_id="7"), PhoneParty("+16505550101")])
def test_of_whom_no_number_was_told_nothing_is_kept_beside_what_the_record_says(from_: PhoneParty) -> None:
    nameless = Endpoint(None, "Mira Holm", MIRA)
    session = folded(a_notification(a_party(1, OVER, extension_id=MIRA, from_=nameless)))

    end = told(from_, THEM, session).from_

    assert (end.raw_phone_number, end.extension_id, end.name) == (from_.phone_number, from_.extension_id, None)


def test_a_ringout_of_which_the_record_names_nobody_goes_from_who_was_rung_first_to_the_other() -> None:
    session = a_ringout_session((1, PROCEEDING), (1, ANSWERED), (2, ANSWERED), (2, OVER), (1, OVER))

    data = an_outcome(a_ringout("Call connected", to_caller(), to_callee()), session=session).data

    assert (data.from_.phone_number, data.to.phone_number) == (MIRAS_NUMBER, CALLERS_NUMBER)


def test_where_neither_says_it_nobody_is_named() -> None:
    data = told(None, None, Session("s-1"))

    assert (data.from_, data.to, why(data)) == (call_outcome.Endpoint(), call_outcome.Endpoint(), [])
