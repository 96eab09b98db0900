import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.numbers import e164


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+16505550101", "+16505550101"),
        ("16505550101", "+16505550101"),
        ("+1 (650) 555-0101", "+16505550101"),
        ("(650)555-0101", "+16505550101"),
        ("650-555-0101", "+16505550101"),
        ("(650) 555-0101", "+16505550101"),
        (" (650) 555-0101 ", "+16505550101"),
        ("+44 20 7946 0018", "+442079460018"),
    ],
)
def test_a_number_with_a_certain_country_becomes_e164(text: str, number: str) -> None:
    assert e164(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "101", "911", "*801", "anonymous", "+PHONE_NUMBER", "6505550101", "+1650555010199999"),
        *("0116505550101", "(650)055-0101"),
    ],
)
def test_what_would_need_guessing_is_left_alone(text: str | None) -> None:
    assert e164(text) is None


@pytest.mark.parametrize("text", ["+44 (0)20 7946 0018", "44(0)2079460018", "+39 (0)6 5550 0101"])
def test_a_zero_that_is_dialled_at_home_only_makes_no_number(text: str) -> None:
    assert e164(text) is None


@pytest.mark.parametrize("text", ["1650555010155", "+1650555010155", "+1650555"])
def test_a_north_american_number_has_eleven_digits(text: str) -> None:
    assert e164(text) is None


def test_digits_of_other_scripts_are_no_number() -> None:
    assert e164("+١٦٥٠٥٥٥٠١٠١") is None


@given(st.text(alphabet="+0123456789()- .x*#"))
def test_only_e164_comes_out_and_stays_as_it_is(text: str) -> None:
    number = e164(text)

    assert number is None or (re.fullmatch(r"\+[1-9][0-9]{6,14}", number) and e164(number) == number)
