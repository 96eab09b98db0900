"""Where a call stands, told from what is stored of it."""

import itertools

import msgspec
import pytest

from telephony.completeness import MEANINGS, Evidence, Standing, standing

RESOLVED = Evidence(state="resolved", revision=2, published=2, listed=True)


def stands(**evidence: object) -> Standing:
    return standing(Evidence(**evidence))[0]  # type: ignore[arg-type]  # fields


def because(**evidence: object) -> str:
    return standing(Evidence(**evidence))[1]  # type: ignore[arg-type]  # fields


def test_a_call_whose_outcome_is_in_the_log_is_published_whatever_else_is_true() -> None:
    for due, is_open in itertools.product([False, True], repeat=2):
        assert standing(msgspec.structs.replace(RESOLVED, is_due=due, is_open=is_open)) == (Standing.PUBLISHED, "")


@pytest.mark.parametrize("published", [None, 0, 1])
def test_a_resolution_alone_proves_nothing(published: int | None) -> None:
    place, why = standing(msgspec.structs.replace(RESOLVED, published=published))

    assert place is Standing.UNEXPLAINED
    assert "outcome log" in why


def test_a_call_that_was_given_up_is_unresolved_though_it_is_looked_at_again() -> None:
    assert stands(state="unresolved", revision=1, published=1, is_due=True) is Standing.UNRESOLVED
    assert stands(state="unresolved", revision=1, published=1) is Standing.UNRESOLVED
    assert stands(state="unresolved", revision=1) is Standing.UNEXPLAINED


def test_who_waits_for_something_is_explained() -> None:
    assert stands(has_ended=True, is_due=True) is Standing.WAITING
    assert stands(listed=True, is_due=True) is Standing.WAITING
    assert stands(has_ended=False, is_open=True) is Standing.OPEN
    assert stands(listed=True, is_open=True) is Standing.OPEN


def test_a_call_whose_end_alone_was_told_is_neither_published_nor_given_up() -> None:
    assert stands(state="resolved", revision=0, published=0) is Standing.UNEXPLAINED
    assert stands(state="ended", revision=1, published=1, is_due=True) is Standing.WAITING
    assert "given up" in because(state="unresolved", revision=1, has_ended=True)


def test_what_nobody_waits_for_is_unexplained_and_says_what_is_missing() -> None:
    assert "record" in because(has_ended=True)
    assert "its end" in because(has_ended=False)
    assert "nothing came of it" in because(listed=True)
    assert "nothing is left" in because()


def test_what_shall_not_be_told_is_suppressed() -> None:
    assert stands(is_suppressed=True, listed=True) is Standing.SUPPRESSED


def test_every_standing_says_what_it_means() -> None:
    assert set(MEANINGS) == set(Standing)
