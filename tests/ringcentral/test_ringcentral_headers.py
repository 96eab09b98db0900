"""What headers say, and what does not count as said."""

import pytest

from runtime.budget import Group
from workers.ringcentral.headers import RateLimit, is_about, rate_limit, retry_after

DATE = "Wed, 01 Oct 2025 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "60"}, 60),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "86400"}, 86400),
        ({"retry-after": "Wed, 01 Oct 2025 12:01:30 GMT", "date": DATE}, 90),
        ({"retry-after": "Wed, 01 Oct 2025 11:00:00 GMT", "date": DATE}, 0),
        ({"retry-after": "Wed, 01 Oct 2025 12:01:30 GMT"}, None),
        ({"retry-after": "Wed, 01 Oct 2025 12:01:30", "date": DATE}, None),
        ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT", "date": DATE}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon", "date": DATE}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_rate_limit_headers_are_read_and_nonsense_is_not_said() -> None:
    headers = {
        "x-rate-limit-group": "Heavy",
        "x-rate-limit-limit": "10",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-window": "60",
    }

    assert rate_limit(headers) == RateLimit("heavy", 10, 0, 60.0)
    assert rate_limit(dict.fromkeys(headers, "-1x")) == RateLimit("-1x", None, None, None)
    assert rate_limit({}) == RateLimit(None, None, None, None)


@pytest.mark.parametrize(("group", "about"), [("heavy", True), ("light", False), ("renamed", True), (None, True)])
def test_headers_of_another_group_teach_nothing_about_ours(group: str | None, *, about: bool) -> None:
    assert is_about(RateLimit(group, 10, 9, 60), Group.HEAVY) is about
