"""Waiting for RingCentral's answers, however long they take."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from runtime import asking
from runtime.asking import FAILURES, Asking
from runtime.budget import Share
from telephony.call_log import CallLogPage, SyncPage
from telephony.fetch_plan import FULLNESS, LONGEST, PAGE, Feed, Lane, Request, Window, window_length
from tests.builders.call_log import a_record
from workers.resolving import patience, sweep
from workers.resolving.sweep import Sweep, Sweeper
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import NotSent, Unavailable
from workers.ringcentral.feeds import CallLogFeed
from workers.stopping import Stopping

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = BEGAN.timestamp() + 3600
HOUR = Window(BEGAN, BEGAN + timedelta(hours=1))
FEED = Feed(Lane.EXTRACT)
LATE, AWAY = Unavailable("no answer", late=True), NotSent("no connection")


class SilentLog(CallLog):
    """A call log from which nothing comes but an error."""

    def __init__(self, error: Unavailable) -> None:
        self._error = error

    def pages(self, *_: Any, **__: Any) -> Iterator[CallLogPage]:
        raise self._error


class SilentFeed(CallLogFeed):
    """Its feeds."""

    def __init__(self, error: Unavailable) -> None:
        self._error = error

    def begin(self, *_: Any, **__: Any) -> SyncPage:
        raise self._error


class HalfSilentLog(CallLog):
    """A call log from which one page comes, of a call a second, and then nothing."""

    def __init__(self) -> None:
        """Ask nobody."""

    def pages(self, *_: Any, **__: Any) -> Iterator[CallLogPage]:
        starts = (HOUR.date_to - timedelta(seconds=second) for second in range(sweep.MANY))
        yield CallLogPage(tuple(a_record(start_time=start) for start in starts), next_page="https://platform.example/2")
        raise LATE


class SparseLog(CallLog):
    """A call log with a call in three minutes, from which one page comes."""

    def __init__(self) -> None:
        """Ask nobody."""

    def pages(self, *_: Any, **__: Any) -> Iterator[CallLogPage]:
        yield CallLogPage(tuple(a_record(start_time=BEGAN + timedelta(minutes=3 * one)) for one in range(sweep.MANY)))


def swept(error: Unavailable, request: Request, share: Share, *, times: int = 1) -> Asking:
    """Say what is known after so many sweeps with this one request."""
    known = Asking()
    for _ in range(times):
        sweeper = Sweeper(SilentLog(error), SilentFeed(error), known, lambda _: None)
        list(sweeper.carry_out([(request, share)], since=BEGAN, now=NOW))
        known = sweeper.found.asking
    return known


def test_a_feed_that_is_always_late_gives_way_and_one_that_is_not_there_does_not() -> None:
    late, away = (swept(error, FEED, Share.LIVE, times=FAILURES) for error in (LATE, AWAY))

    assert late.lane(company=True, now=NOW) is Lane.SYNC
    assert away.lane(company=True, now=NOW) is Lane.EXTRACT


def test_a_window_that_takes_too_long_is_half_as_long_the_next_time() -> None:
    assert window_length(swept(LATE, HOUR, Share.LIVE).density) == timedelta(minutes=30)
    assert swept(AWAY, HOUR, Share.LIVE).density is None


@pytest.mark.parametrize("share", [Share.LIVE, Share.BACKFILL])
def test_where_the_first_pages_of_a_window_tell_how_long_one_should_be_the_next_one_is_no_longer(share: Share) -> None:
    sweeper = Sweeper(HalfSilentLog(), SilentFeed(LATE), Asking(), lambda _: None)

    list(sweeper.carry_out([(HOUR, share)], since=BEGAN, now=NOW))

    assert window_length(sweeper.found.asking.density_for(share, now=NOW)) < timedelta(seconds=FULLNESS * PAGE + 1)


@pytest.mark.parametrize("share", [Share.LIVE, Share.BACKFILL])
def test_a_shorter_window_that_is_answered_makes_the_next_one_no_longer_but_time_does(share: Share) -> None:
    sweeper = Sweeper(SparseLog(), SilentFeed(LATE), swept(LATE, HOUR, share), lambda _: None)

    list(sweeper.carry_out([(HOUR, share)], since=BEGAN, now=NOW))

    lengths = [
        window_length(sweeper.found.asking.density_for(share, now=NOW + seconds)).total_seconds()
        for seconds in (-60, 0, asking.LATE_SECONDS, 2 * asking.LATE_SECONDS, 10**9)
    ]
    assert lengths == pytest.approx([1800, 1800, 3600, 7200, LONGEST.total_seconds()], rel=0.001)


def test_a_stretch_of_the_past_that_takes_too_long_rests_so_that_the_present_need_not_wait_for_it() -> None:
    late, away = (swept(error, HOUR, Share.BACKFILL) for error in (LATE, AWAY))

    assert late.past_from > NOW
    assert window_length(late.past_density) == timedelta(minutes=30)
    assert away.past_from == 0.0


def test_a_sweep_is_answered_by_a_page_of_a_feed_that_is_not_read_to_its_end_too() -> None:
    unanswered = Sweep(Asking(), unanswered=[HOUR])

    assert not unanswered.is_answered
    assert Sweep(Asking(), answered=[HOUR]).is_answered
    assert Sweep(Asking(), records={"s-1": [a_record()]}, unanswered=[FEED]).is_answered


def test_the_lease_is_kept_while_an_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RENEW_SECONDS", 0.001)
    kept, waited = Event(), []

    def one_slow_answer() -> Iterator[None]:
        waited.append(kept.wait(10))
        yield

    patience.take_patiently(one_slow_answer(), kept.set, Stopping())

    assert waited == [True]


def test_after_a_long_time_nothing_more_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 0.0)
    answers = iter([None, None, None])

    patience.take_patiently(answers, lambda: None, Stopping())

    assert len(list(answers)) == 2


def test_once_the_process_is_to_stop_nothing_more_is_asked_for() -> None:
    answers, stopping = iter([None, None, None]), Stopping()
    stopping.set()

    patience.take_patiently(answers, lambda: None, stopping)

    assert len(list(answers)) == 2
