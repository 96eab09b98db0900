"""Calls that RingCentral gave no answer about: when they are asked about again, and when that is the end of waiting."""

import pytest

from runtime import keys
from runtime.asking import Asking
from runtime.settings import Settings, load
from telephony.fetch_plan import LookUp, Wanted
from tests.builders.notifications import second
from workers.resolving.sweep import Sweep
from workers.resolving.unanswered import is_over, put_off

ENDED = second(60).timestamp()
CALL = Wanted("s-1", second(0), ended_at=second(60))
OTHER = Wanted("s-2", second(0))


@pytest.fixture
def settings() -> Settings:
    return load({"REDIS_URL": "redis://127.0.0.1:1", "RECORD_DEADLINE_SECONDS": "300"})


def swept(*, compared_to: float | None = None, unanswered: str = "s-1") -> Sweep:
    """Have asked about a call, and got no answer."""
    return Sweep(Asking(compared_to=compared_to), unanswered=[LookUp(unanswered, second(0))])


@pytest.mark.parametrize(("compared_to", "over"), [(None, False), (ENDED + 299, False), (ENDED + 300, True)])
def test_waiting_is_over_when_all_else_that_could_have_shown_a_call_was_read(
    settings: Settings, compared_to: float | None, over: object
) -> None:
    assert is_over(CALL, swept(compared_to=compared_to), settings) is over


def test_waiting_is_not_over_for_a_call_that_nobody_asked_about(settings: Settings) -> None:
    assert not is_over(CALL, swept(compared_to=ENDED + 300, unanswered="s-2"), settings)


def test_a_call_whose_end_nobody_told_is_waited_for_since_it_began(settings: Settings) -> None:
    began = second(0).timestamp()

    assert is_over(OTHER, swept(compared_to=began + 300, unanswered="s-2"), settings)
    assert not is_over(OTHER, swept(compared_to=began + 299, unanswered="s-2"), settings)


def test_only_what_was_not_answered_is_put_off_and_the_longer_the_longer_it_is_over(settings: Settings) -> None:
    due = {"s-1": 5.0, "s-2": 6.0}
    wanted = {"s-1": CALL, "s-2": OTHER}

    soon = list(put_off("acme", due, wanted, swept(), settings, now=ENDED + 4))
    later = list(put_off("acme", due, wanted, swept(), settings, now=ENDED + 80))
    unended = list(put_off("acme", due, wanted, swept(unanswered="s-2"), settings, now=ENDED + 80))

    interval = settings.fetch_interval_seconds
    assert soon == [("MOVE", keys.due("acme"), "s-1", "5.0", f"{ENDED + 4 + interval:.3f}")]
    assert later == [("MOVE", keys.due("acme"), "s-1", "5.0", f"{ENDED + 80 + 20:.3f}")]
    assert unended == [("MOVE", keys.due("acme"), "s-2", "6.0", f"{ENDED + 80 + 35:.3f}")]
