"""Waiting for RingCentral's answers, however long they take."""

from collections.abc import Iterator
from threading import Event

import pytest

from workers import sweep


def test_the_lease_is_kept_while_an_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "RENEW_SECONDS", 0.001)
    kept, waited = Event(), []

    def one_slow_answer() -> Iterator[None]:
        waited.append(kept.wait(10))
        yield

    sweep.take_patiently(one_slow_answer(), kept.set)

    assert waited == [True]


def test_after_a_long_time_nothing_more_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LONGEST_SECONDS", 0.0)
    answers = iter([None, None, None])

    sweep.take_patiently(answers, lambda: None)

    assert len(list(answers)) == 2
