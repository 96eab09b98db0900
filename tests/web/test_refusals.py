"""Refused notifications are told of, and cannot fill the log."""

import logging
from collections.abc import Callable

import pytest

from tests.web.conftest import NOBODY, ONLY, Web
from tests.web.posting import BODY, PATH, SIGNED
from web import refusals
from web.refusals import Refusals


class Lines(list[tuple[str, str, int]]):
    """A log that keeps who was told of, why, and how often; other tests may have set up the real one for good."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: list[str] = []

    def log(self, _level: int, _event: str, *, account: str, why: str, count: int, asked_for: str = "") -> None:
        self.append((account, why, count))
        self.asked_for.append(asked_for)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Keep what is logged of refusals."""
    kept = Lines()
    monkeypatch.setattr(refusals, "log", kept)
    return kept


def tell(every: float, *kinds: tuple[str, str], count: int = 1) -> None:
    """Tell of refusals at these accounts, for these reasons."""
    strangers = Refusals("notification.refused", logging.WARNING, every)
    for account, why in kinds:
        strangers.tell(account, why=why, count=count)


def test_the_first_is_told_at_once_and_the_next_with_a_later_line(lines: Lines) -> None:
    tell(0.0, ("acme", "x"), ("acme", "x"), count=3)

    assert lines == [("acme", "x", 3), ("acme", "x", 3)]


def test_a_crowd_is_one_line(lines: Lines) -> None:
    tell(60.0, *[("acme", "x")] * 1000)

    assert lines == [("acme", "x", 1)]


def test_accounts_and_reasons_are_told_apart(lines: Lines) -> None:
    tell(60.0, ("acme", "x"), ("other", "x"), ("acme", "y"), ("acme", "x"))

    assert lines == [("acme", "x", 1), ("other", "x", 1), ("acme", "y", 1)]


def statuses(web: Web) -> set[int]:
    """Post twenty notifications, and say how they were answered."""
    return {web.client.post(PATH, headers=SIGNED, data=BODY).status_code for _ in range(20)}


def test_an_outage_of_redis_is_one_line(make: Callable[..., Web], lines: Lines) -> None:
    assert statuses(make(NOBODY)) == {503}
    assert lines == [(ONLY, "ConnectionError", 1)]


def test_a_full_redis_is_one_line(
    make: Callable[..., Web], redis_url: str, configured: Callable[..., None], lines: Lines
) -> None:
    configured(maxmemory=1)

    assert statuses(make(redis_url)) == {503}
    assert lines == [(ONLY, "no_room", 1)]


def test_posts_for_accounts_there_are_not_are_one_line_that_names_one_of_them(
    make: Callable[..., Web], redis_url: str, lines: Lines
) -> None:
    client = make(redis_url).client

    answered = {client.post(f"{PATH}/{name}", data=BODY, headers=SIGNED).status_code for name in ("north", "south")}

    assert answered == {404}
    assert (lines, lines.asked_for) == ([("?", "unknown_account", 1)], ["north"])


def test_what_no_account_can_be_called_is_not_repeated_in_the_log(
    make: Callable[..., Web], redis_url: str, lines: Lines
) -> None:
    make(redis_url).client.post(f"{PATH}/%1b[2J", data=BODY, headers=SIGNED)

    assert (lines, lines.asked_for) == ([("?", "unknown_account", 1)], [""])
