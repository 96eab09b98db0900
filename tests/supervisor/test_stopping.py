"""How urgently we are to stop."""

import signal
from collections.abc import Iterator

import pytest

from scripts.supervisor.stopping import StopRequest


@pytest.fixture
def stop() -> Iterator[StopRequest]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it is ignored where the tests run under nohup
    stop = StopRequest()
    stop.listen()
    yield stop
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("signals", "urgent"),
    [
        ((signal.SIGINT,), False),
        ((signal.SIGINT, signal.SIGINT), True),
        ((signal.SIGHUP, signal.SIGHUP), False),
        ((signal.SIGTERM, signal.SIGHUP), False),
        ((signal.SIGHUP, signal.SIGINT), True),
    ],
)
def test_twice_means_now_but_a_closed_terminal_is_no_hurry(
    stop: StopRequest, signals: tuple[signal.Signals, ...], *, urgent: bool
) -> None:
    assert not stop.is_wanted()
    for number in signals:
        signal.raise_signal(number)

    assert stop.is_wanted()
    assert stop.is_urgent() is urgent


def test_under_nohup_a_closed_terminal_ends_nothing(stop: StopRequest) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    disowned = StopRequest()

    disowned.listen()
    signal.raise_signal(signal.SIGHUP)

    assert not disowned.is_wanted()
