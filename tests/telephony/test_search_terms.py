"""What a call is found by, and what may be meant by a number that somebody types."""

import pytest

from telephony.events import ended
from telephony.notifications import Endpoint
from telephony.records import PhoneParty
from telephony.search_terms import (
    COUNTRY_CODES,
    ENDED,
    MOST,
    UNRESOLVED,
    Kind,
    digits_of,
    of_event,
    of_session,
    opposites,
    spellings,
)
from tests.builders.call_log import a_leg, a_record
from tests.builders.events import an_outcome, unresolved
from tests.builders.notifications import (
    CALLERS_NUMBER,
    MIRA,
    MIRAS_NUMBER,
    a_notification,
    a_party,
    one_of_ours,
    second,
)
from tests.builders.sessions import an_inbound_call, folded

CALL = an_inbound_call((1, "Answered"), (3, "Disconnected"))


@pytest.mark.parametrize(
    "typed",
    [
        "+16505550101",
        "16505550101",
        "6505550101",
        "(650) 555-0101",
        "+1 650 555 0101",
        "1-650-555-0101",
        "650.555.0101",
    ],
)
def test_a_north_american_number_is_found_in_any_spelling(typed: str) -> None:
    assert {"16505550101", "6505550101"} <= set(spellings(typed))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("6505550101", ("6505550101", "16505550101")),
        ("16505550101", ("16505550101", "6505550101")),
        ("+442079460018", ("442079460018",)),
        ("26505550101", ("26505550101",)),
        ("1505550101", ("1505550101",)),
        ("101", ("101",)),
        ("5", ()),
    ],
)
def test_nothing_else_is_meant_by_a_number(typed: str, meant: tuple[str, ...]) -> None:
    assert spellings(typed) == meant


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        *[(None, None), ("", None), ("5", None), ("10", "10"), ("1" * 15, "1" * 15), ("1" * 16, None)],
        *[("(650) 555-0101", "16505550101"), ("101", "101"), ("anonymous", None)],
    ],
)
def test_a_number_is_found_by_its_digits_if_it_has_as_many_as_one_may_have(
    number: str | None, digits: str | None
) -> None:
    assert digits_of(number) == digits


@pytest.mark.parametrize("typed", ["+44 20 7946 0018", " +44 (0)20 7946 0018", "0044 20 79460018", "020 7946 0018"])
def test_a_number_of_elsewhere_is_found_with_its_country_and_without(typed: str) -> None:
    assert "442079460018" in spellings(typed)


@pytest.mark.parametrize("typed", ["+39 06 5550 0101", "0039 06 5550 0101", "06 5550 0101"])
def test_a_number_that_keeps_its_zero_abroad_is_found_with_its_country_and_without(typed: str) -> None:
    assert "390655500101" in spellings(typed)


@pytest.mark.parametrize("typed", ["", "anna", "+", "1" * 40])
def test_what_cannot_be_a_number_is_no_number(typed: str) -> None:
    assert spellings(typed) == ()


def test_no_country_code_begins_another() -> None:
    assert not [
        (one, other) for one in COUNTRY_CODES for other in COUNTRY_CODES if one != other and one.startswith(other)
    ]


def test_a_call_is_found_by_both_its_numbers_its_extensions_and_its_direction() -> None:
    assert of_session(CALL) == {
        (Kind.NUMBER, CALLERS_NUMBER[1:]),
        (Kind.NUMBER, MIRAS_NUMBER[1:]),
        (Kind.EXTENSION, MIRA),
        (Kind.DIRECTION, "Inbound"),
    }


def test_an_ended_call_is_found_by_its_state_until_its_record_is_there() -> None:
    end, outcome = of_event(ended(CALL, now=second(40)).data), of_event(an_outcome(session=CALL).data)

    assert ENDED in end
    assert not {ENDED, UNRESOLVED} & outcome
    given_up = of_event(unresolved(CALL, revision=1, now=second(940)).data)
    assert {ENDED, UNRESOLVED} & given_up == {UNRESOLVED}
    assert set(opposites(outcome)) == {ENDED, UNRESOLVED, (Kind.DIRECTION, "Outbound")}
    assert set(opposites(end)) == {UNRESOLVED, (Kind.DIRECTION, "Outbound")}
    assert set(opposites(of_session(CALL))) == {(Kind.DIRECTION, "Outbound")}
    assert not list(opposites([(Kind.NUMBER, CALLERS_NUMBER[1:])]))


@pytest.mark.parametrize("direction", ["Inbound", "Outbound", "Sideways", None])
def test_an_outcome_is_found_by_the_direction_if_it_is_one_of_the_two(direction: str | None) -> None:
    found = of_event(an_outcome(a_record("Accepted", direction=direction)).data)

    named = {value for kind, value in found if kind is Kind.DIRECTION}
    assert named == ({direction} & {"Inbound", "Outbound"})


def test_whom_a_queue_rang_is_found_beside_the_queue() -> None:
    rung = folded(a_notification(one_of_ours(2, to=Endpoint(extension_id="60200300"))))

    assert {(Kind.EXTENSION, MIRA), (Kind.EXTENSION, "60200300")} <= of_session(rung)


def test_the_numbers_of_the_legs_are_found_too() -> None:
    record = a_record("Accepted", a_leg(to=PhoneParty(phone_number="+1 (650) 555-0177")))

    assert (Kind.NUMBER, "16505550177") in of_event(an_outcome(record).data)
    short = of_event(an_outcome(a_record("Accepted", a_leg(to=PhoneParty("102")), to=PhoneParty("101"))).data)
    assert {(Kind.NUMBER, "101"), (Kind.NUMBER, "102")} <= short


def test_a_call_that_rang_a_whole_queue_is_found_by_its_own_ends_all_the_same() -> None:
    people = [(f"+1202555{100 + number:04}", str(60200300 + number)) for number in range(2 * MOST)]
    legs = [a_leg(to=PhoneParty(phone_number=phone, extension_id=extension)) for phone, extension in people]
    ends = {"from_": PhoneParty(CALLERS_NUMBER), "to": PhoneParty(MIRAS_NUMBER, extension_number="101")}
    rung = [one_of_ours(number, extension_id=extension) for number, (_, extension) in enumerate(people, start=2)]

    told = of_session(folded(a_notification(a_party(1), *rung)))
    logged = of_event(an_outcome(a_record(None, *legs, **ends)).data)

    own = {(Kind.NUMBER, CALLERS_NUMBER[1:]), (Kind.NUMBER, MIRAS_NUMBER[1:])}
    assert own <= told
    assert own | {(Kind.EXTENSION, "101")} <= logged
    assert max(len(told), len(logged)) < 2 * MOST
