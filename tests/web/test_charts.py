"""The chart of calls by minute: each tone stands on the one before, and a quiet hour looks quiet."""

import pytest

from telephony.words import LegStatus, Outcome
from web.dashboard.charts import HEIGHT, STEP, by_minute
from web.dashboard.tones import _OF_WORD, Tone, tone


def test_the_tones_of_a_minute_stand_on_each_other_and_the_fullest_minute_fills_the_chart() -> None:
    chart = by_minute([{"voicemail": 3, "answered": 6, "missed": 3}, {}, {"busy": 1, "fax_failed": 2}])

    assert (chart.top, chart.width) == (12, 3 * STEP)
    assert [(one.tone, one.x, one.y, one.height) for one in chart.pieces] == [
        (Tone.GOOD, 0, HEIGHT / 2, HEIGHT / 2),
        (Tone.MESSAGE, 0, HEIGHT / 4, HEIGHT / 4),
        (Tone.MISSED, 0, 0.0, HEIGHT / 4),
        (Tone.FAILED, 2 * STEP, HEIGHT * 3 / 4, HEIGHT / 4),
    ]


def test_all_calls_are_counted_by_their_tone_also_where_there_is_none() -> None:
    chart = by_minute([{"answered": 6, "no word of ours": 1}, {"answered": 1, "emergency": 1}])

    assert [(each, count) for each, _, count in chart.totals] == [
        (Tone.GOOD, 7),
        (Tone.MESSAGE, 0),
        (Tone.MISSED, 0),
        (Tone.FAILED, 1),
        (Tone.OTHER, 1),
    ]
    assert chart.total == 9


@pytest.mark.parametrize(("calls", "height"), [(1, HEIGHT / 4), (4, HEIGHT), (8, HEIGHT)])
def test_a_quiet_hour_is_not_blown_up(calls: int, height: float) -> None:
    (piece,) = by_minute([{"answered": calls}]).pieces

    assert piece.height == height


def test_every_word_for_how_a_call_ended_has_a_tone_and_another_word_is_neither_good_nor_bad() -> None:
    assert {*Outcome, *LegStatus} <= set(_OF_WORD)
    assert tone("no word of ours") is tone(None) is Tone.OTHER
