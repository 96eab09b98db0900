"""The live status of a RingOut: every published word, words never seen, and how often to look."""

import pytest

from telephony.ringout_status import (
    PACES,
    SHARE_SECONDS,
    WORDS,
    Live,
    Phase,
    can_be_cancelled,
    is_borne_out,
    next_look,
    phase,
    unknown_words,
)
from telephony.words import LegStatus

PUBLISHED = (
    *("Invalid", "Success", "InProgress", "Busy", "NoAnswer", "RingOutFromThisNumberIsNotSupported", "Rejected"),
    *("GenericError", "Finished", "InternationalDisabled", "DestinationBlocked", "NotEnoughFunds", "NosuchUser"),
    *("Error", "CannotReach", "NoAnsweringMachine", "NoSessionFound", "Unknown"),
)


def test_the_table_has_every_word_ringcentral_publishes_and_no_other() -> None:
    assert set(WORDS) == set(PUBLISHED)
    assert len(PUBLISHED) == 18


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("InProgress", "InProgress", "InProgress"), Phase.RINGING),
        (("InProgress", "Success", "InProgress"), Phase.RINGING),
        (("InProgress", None, None), Phase.RINGING),
        (("Success", "Success", "Success"), Phase.CONNECTED),
        (("Success", "Success", "InProgress"), Phase.RINGING),
        (("Success", None, None), Phase.CONNECTED),
        (("Success", "Success", "Busy"), Phase.OVER),
        (("CannotReach", "Busy", "InProgress"), Phase.OVER),
        (("InProgress", "NoSuchUser", "InProgress"), Phase.OVER),
        (("Success", "Finished", "Finished"), Phase.OVER),
        (("success", "FINISHED", "finished"), Phase.OVER),
        (("NoSessionFound", None, None), Phase.OVER),
        (("Unknown", "Unknown", "Unknown"), Phase.UNKNOWN),
        (("Unheard", "Of", "Words"), Phase.UNKNOWN),
        (("Unheard", "InProgress", "Words"), Phase.RINGING),
        ((None, None, None), Phase.UNKNOWN),
    ],
)
def test_three_words_make_one_phase(words: tuple[str | None, str | None, str | None], expected: Phase) -> None:
    assert phase(Live(*words)).phase is expected


def test_every_word_can_stand_anywhere() -> None:
    for word in (*PUBLISHED, "Unheard", ""):
        for live in (Live(word), Live(None, word), Live(None, None, word)):
            assert phase(live).because


def test_words_never_seen_are_named() -> None:
    assert unknown_words(Live("Success", "Unheard", None)) == ("Unheard",)
    assert unknown_words(Live("Unheard", "Busy", "Of")) == ("Unheard", "Of")


@pytest.mark.parametrize(
    ("word", "outcome", "expected"),
    [
        ("Success", LegStatus.ANSWERED, True),
        ("Finished", LegStatus.ANSWERED, True),
        ("Success", LegStatus.NOT_ATTEMPTED, False),
        ("Busy", LegStatus.BUSY, True),
        ("Busy", LegStatus.NO_ANSWER, False),
        ("NoAnswer", LegStatus.MISSED, True),
        ("NoAnswer", LegStatus.CANCELLED, False),
        ("Busy", LegStatus.STOPPED, False),
        ("CannotReach", LegStatus.NO_ANSWER, True),
        ("GenericError", LegStatus.FAILED, True),
        ("GenericError", LegStatus.ANSWERED, False),
    ],
)
def test_a_live_word_is_borne_out_by_the_call_log_or_at_odds_with_it(
    word: str, outcome: LegStatus, *, expected: bool
) -> None:
    assert is_borne_out(word, outcome) is expected


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        *(("InProgress", outcome) for outcome in (LegStatus.ANSWERED, LegStatus.NO_ANSWER, LegStatus.NOT_ATTEMPTED)),
        *(("NoSessionFound", LegStatus.ANSWERED), ("Unheard", LegStatus.BUSY), (None, LegStatus.BUSY)),
        *(("Success", LegStatus.UNKNOWN), ("Success", None), ("CannotReach", LegStatus.UNKNOWN)),
        ("Success", LegStatus.IN_PROGRESS),
    ],
)
def test_where_a_live_word_or_the_call_log_says_too_little_neither_bears_the_other_out(
    word: str | None, outcome: LegStatus | None
) -> None:
    assert is_borne_out(word, outcome) is None


def test_only_what_is_not_connected_can_be_cancelled() -> None:
    assert can_be_cancelled(None)
    assert can_be_cancelled(Live("InProgress", "Success", "InProgress"))
    assert can_be_cancelled(Live("Unknown"))
    assert not can_be_cancelled(Live("Success", "Success", "Success"))
    assert not can_be_cancelled(Live("CannotReach", "Busy", None))


def test_looks_become_rarer_with_time_and_are_shared_among_many() -> None:
    for paces in PACES.values():
        assert [pace.every for pace in paces] == sorted(pace.every for pace in paces)
    assert next_look(Phase.RINGING, age=0, followed=1) == 1.0
    assert next_look(Phase.CONNECTED, age=600, followed=1) == 30.0
    assert [next_look(Phase.RINGING, age=0, followed=many) for many in (2, 20)] == [
        2 * SHARE_SECONDS,
        20 * SHARE_SECONDS,
    ]
