"""Strangers are told of, and cannot fill the log."""

import structlog

from web.refusals import Refusals


def told(refusals: Refusals, *accounts: str) -> list[tuple[str, int]]:
    with structlog.testing.capture_logs() as lines:
        for account in accounts:
            refusals.tell(account)
    return [(line["account"], line["count"]) for line in lines]


def test_the_first_is_told_at_once_and_the_next_with_a_later_line() -> None:
    refusals = Refusals(every=0.0)

    assert told(refusals, "acme", "acme") == [("acme", 1), ("acme", 1)]


def test_a_crowd_is_one_line() -> None:
    refusals = Refusals(every=60.0)

    assert told(refusals, *["acme"] * 1000) == [("acme", 1)]


def test_accounts_are_told_apart() -> None:
    assert told(Refusals(every=60.0), "acme", "other", "acme") == [("acme", 1), ("other", 1)]
