"""Strangers are told of, and cannot fill the log."""

from collections.abc import Callable

import pytest

from web import refusals
from web.refusals import Refusals

Told = Callable[..., list[tuple[str, int]]]


class Lines(list[tuple[str, int]]):
    """A log that keeps who was told of, and how often; other tests may have set up the real one for good."""

    def warning(self, _event: str, *, account: str, why: str, count: int) -> None:
        assert why == "verification"
        self.append((account, count))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Tell of strangers at these accounts, and give what was logged."""

    def tell(strangers: Refusals, *accounts: str) -> list[tuple[str, int]]:
        lines = Lines()
        monkeypatch.setattr(refusals, "log", lines)
        for account in accounts:
            strangers.tell(account)
        return list(lines)

    return tell


def test_the_first_is_told_at_once_and_the_next_with_a_later_line(told: Told) -> None:
    assert told(Refusals(every=0.0), "acme", "acme") == [("acme", 1), ("acme", 1)]


def test_a_crowd_is_one_line(told: Told) -> None:
    assert told(Refusals(every=60.0), *["acme"] * 1000) == [("acme", 1)]


def test_accounts_are_told_apart(told: Told) -> None:
    assert told(Refusals(every=60.0), "acme", "other", "acme") == [("acme", 1), ("other", 1)]
