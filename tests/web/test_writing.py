"""How times, spans, numbers and names are written for people."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from telephony.call_outcome import Endpoint
from web.dashboard.writing import commands, counted, fine, number, shown, side, span, ticking, when, words

AT = datetime(2026, 3, 2, 9, 0, 41, 250_000, UTC)
DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 m 00 s"),
        (3599, "59 m 59 s"),
        (3600, "1 h 00 m"),
        (7529, "2 h 05 m"),
        (DAY - 1, "23 h 59 m"),
        (DAY, "1 d 0 h"),
        (3 * DAY + 4 * 3600, "3 d 4 h"),
    ],
)
def test_how_long_something_takes_is_told_in_two_units_at_most(seconds: float | None, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(None, ""), (0.26, "0.3 s"), (59.9, "59.9 s"), (60.0, "1 m 00 s")])
def test_what_takes_no_minute_is_told_with_a_digit_after_the_point(seconds: float | None, told: str) -> None:
    assert fine(seconds) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("+12125550163", "+1 212 555 0163"),
        ("+1212555016", "+1212555016"),
        ("+1212555016x", "+1212555016x"),
        ("+44795550163", "+44795550163"),
        ("anonymous", "anonymous"),
        (None, ""),
    ],
)
def test_a_number_of_north_america_is_written_in_its_parts_and_all_else_as_it_is(text: str | None, told: str) -> None:
    assert number(text) == told


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (Endpoint(phone_number="+16505550101", raw_phone_number="6505550101"), "+1 650 555 0101"),
        (Endpoint(raw_phone_number="anonymous", extension_number="101"), "anonymous"),
        (Endpoint(extension_number="101"), "ext. 101"),
        (Endpoint(name="Mira Holm"), "Mira Holm"),
        (Endpoint(), "unknown"),
    ],
)
def test_a_side_of_a_call_is_told_by_whatever_is_known_of_it(end: Endpoint, told: str) -> None:
    assert side(end) == f'<bdi class="name">{told}</bdi>'


@pytest.mark.parametrize(
    ("form", "told"),
    [("time", "09:00:41"), ("fine", "09:00:41.250"), ("day", "02 Mar 09:00:41")],
)
@pytest.mark.parametrize(
    "moment", [AT, AT.timestamp(), "2026-03-02T09:00:41.250Z", AT.astimezone(timezone(timedelta(hours=1))).isoformat()]
)
def test_a_moment_is_written_in_utc_however_it_is_told(moment: Any, form: str, told: str) -> None:
    written = when(moment, form)

    assert written.endswith(f">{told}</time>")
    assert 'datetime="2026-03-02T09:00:41.250Z"' in written
    assert f'data-form="{form}" title="02 Mar 2026 09:00:41 UTC"' in written


@pytest.mark.parametrize("moment", [None, "yesterday"])
def test_of_no_moment_nothing_is_written(moment: str | None) -> None:
    assert (when(moment), ticking(moment)) == ("", "")


def test_how_long_ago_something_began_is_counted_on_by_a_script_and_never_less_than_nothing() -> None:
    now = datetime.now(UTC)

    assert ticking(now - timedelta(days=3, hours=4, minutes=30)).endswith(">3 d 4 h</span>")
    assert ticking(now + timedelta(hours=1)).endswith(">0 s</span>")
    assert 'data-since="1772442041"' in ticking(AT)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "<i>none</i>"),
        ((), "<i>none</i>"),
        ([], "<i>none</i>"),
        ({"phoneNumber": "+16505550101", "name": None, "extensionId": "101"}, "+16505550101, 101"),
        ([{"index": 0}], "1 entry"),
        (({"index": 0}, {"index": 1}), "2 entries"),
        (["60200101", "60200102"], "60200101, 60200102"),
        ("not_attempted", "not attempted"),
        ("<b>", "&lt;b&gt;"),
        (0, "0"),
        (False, "False"),
    ],
)
def test_any_value_of_an_event_is_told_in_a_few_words(value: object, told: str) -> None:
    assert shown(value) == told


def test_what_stands_between_backticks_is_a_command_and_nothing_becomes_more_than_text() -> None:
    told = commands("Set `RC_USER_JWT`, then see <b> in `logs & traces`.")

    assert told == "Set <code>RC_USER_JWT</code>, then see &lt;b&gt; in <code>logs &amp; traces</code>."


def test_what_is_counted_is_one_or_several() -> None:
    assert [counted(count, "call") for count in (0, 1, 1204)] == ["0 calls", "1 call", "1,204 calls"]
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]
    assert words("answered_elsewhere") == "answered elsewhere"
