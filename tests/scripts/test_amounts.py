"""Numbers on the command line: within their bounds, and refused in words that say which."""

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from scripts.terminal.amounts import number, positive, whole


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [(whole(0), "0", 0), (whole(1, 10), "10", 10), (number(0, 24), "0.5", 0.5), (positive, "0.1", 0.1)],
)
def test_a_number_within_its_bounds_is_read(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (whole(1), "0", "must be 1 or more, a whole number, not '0'"),
        (whole(0), "1.5", "must be 0 or more, a whole number, not '1.5'"),
        (whole(1, 10), "x", "must be from 1 to 10, a whole number, not 'x'"),
        (number(0, 24), "25", "must be from 0 to 24, not '25'"),
        (number(0, 24), "x", "must be from 0 to 24, not 'x'"),
        (number(0), "nan", "must be 0 or more, not 'nan'"),
        (positive, "0", "must be above 0, not '0'"),
        (positive, "nan", "must be above 0, not 'nan'"),
        (positive, "inf", "must be above 0, not 'inf'"),
        (positive, "x", "must be above 0, not 'x'"),
    ],
)
def test_any_other_is_refused_in_words(read: Callable[[str], float], text: str, why: str) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        read(text)

    assert str(refused.value) == why
