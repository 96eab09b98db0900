from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.times import in_utc, iso_ms, iso_ms_at, iso_ms_at_or_none, later, parse_time

MOMENT = datetime(2018, 11, 22, 8, 42, 5, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2018-11-22T08:42:05.500Z",
        "2018-11-22T08:42:05.500+0000",
        "2018-11-22T08:42:05.500+00:00",
        "2018-11-22T08:42:05.5Z",
        "2018-11-22T08:42:05.500",
        "2018-11-22T10:42:05.500+02:00",
        " 2018-11-22T08:42:05.500000Z ",
    ],
)
def test_every_spelling_of_a_time_is_the_same_moment(text: str) -> None:
    assert parse_time(text) == MOMENT


def test_a_time_without_milliseconds_is_a_time() -> None:
    assert parse_time("2018-11-22T08:42:05Z") == MOMENT.replace(microsecond=0)


@given(st.text())
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    moment = parse_time(text)

    assert moment is None or moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2018-13-01T00:00:00Z", "0001-01-01T00:00:00+02:00"),
        *("0001-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.000Z"),
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_times_leave_in_utc_with_three_digits() -> None:
    moment = datetime(2018, 11, 22, 10, 42, 5, 500_999, tzinfo=timezone(timedelta(hours=2)))

    assert iso_ms(moment) == "2018-11-22T08:42:05.500Z"


def test_a_naive_datetime_names_no_moment() -> None:
    with pytest.raises(ValueError, match="zone"):
        iso_ms(datetime(2018, 11, 22))  # noqa: DTZ001 - the case under test


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30), timezones=st.timezones()))  # noqa: DTZ001 - they get one
def test_what_is_written_is_read_back(moment: datetime) -> None:
    in_milliseconds = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert parse_time(iso_ms(moment)) == in_utc(in_milliseconds)


def test_an_end_beyond_the_calendar_is_none() -> None:
    assert later(MOMENT, 10**15) is None
    assert later(MOMENT, None) is None
    assert later(MOMENT, 1500) == MOMENT + timedelta(seconds=1.5)


def test_seconds_since_1970_are_written_like_any_moment() -> None:
    assert iso_ms_at(1542876125.5) == iso_ms_at_or_none(1542876125.5) == "2018-11-22T08:42:05.500Z"
    assert iso_ms_at_or_none(None) is None


@pytest.mark.parametrize("seconds", [253402300800.0, 1e300, -62135596801.0, -1e300])
def test_seconds_beyond_any_calendar_are_its_end(seconds: float) -> None:
    assert iso_ms_at(seconds) == ("9999-12-31T23:59:59.999Z" if seconds > 0 else "0001-01-01T00:00:00.000Z")
