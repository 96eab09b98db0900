"""What a call is found by, and what may be meant by a number that somebody types."""

import pytest

from telephony.events import ended
from telephony.records import PhoneParty
from telephony.search_terms import (
    COUNTRY_CODES,
    ENDED,
    MOST,
    UNRESOLVED,
    Kind,
    of_event,
    of_session,
    opposites,
    spellings,
)
from tests.builders.call_log import a_leg, a_record
from tests.builders.events import an_outcome
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


@pytest.mark.parametrize("typed", ["+44 20 7946 0018", "+44 (0)20 7946 0018", "0044 20 79460018", "020 7946 0018"])
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
    assert {ENDED, UNRESOLVED} <= set(opposites(outcome))


def test_the_numbers_of_the_legs_are_found_too() -> None:
    record = a_record("Accepted", a_leg(to=PhoneParty(phone_number="+1 (650) 555-0177")))

    assert (Kind.NUMBER, "16505550177") in of_event(an_outcome(record).data)


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
