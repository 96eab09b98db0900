"""Reconcile: calls nobody told of are found, however long we were away, by whichever way the log can be asked."""

import pytest

from runtime.asking import Asking
from telephony.events import Trigger
from telephony.fetch_plan import Lane, Window
from telephony.narrowing import Narrowing
from telephony.times import moment_at
from tests.builders.calls import ivr_call
from tests.workers.office import Office
from tests.workers.test_resolve import MINUTE, look, the_record
from workers.resolving import reconcile

HOUR = 60 * MINUTE

LANES = [list(Lane)[:0], list(Lane)[:1], list(Lane)[:2]]
"""The change feeds that RingCentral refuses, so that the next way to ask is taken."""


@pytest.mark.parametrize("refused", LANES, ids=["extract", "sync", "list"])
def test_calls_that_came_and_went_while_nobody_listened_are_found(office: Office, refused: list[Lane]) -> None:
    for lane in refused:
        office.platform.fault("forbid", endpoint=lane.value)
    look(office, times=3)
    office.let_pass(6 * HOUR)
    calls = [ivr_call().ending_at(office.now - ago * HOUR) for ago in range(6)]
    for number, call in enumerate(calls):
        office.show(the_record(call, id=f"A{number}"))

    look(office, times=12)

    told = [[event.data.trigger for event in office.published(call)] for call in calls]
    assert told == [[Trigger.RECONCILE]] * len(calls)


@pytest.mark.parametrize("refused", LANES, ids=["extract", "sync", "list"])
def test_a_long_call_nobody_told_of_is_found_when_it_ends(office: Office, refused: list[Lane]) -> None:
    for lane in refused:
        office.platform.fault("forbid", endpoint=lane.value)
    look(office, times=3)
    call = ivr_call().ending_at(office.now)
    look(office, times=20)
    office.show(the_record(call, duration=20 * 60))

    look(office, times=12)

    assert [event.data.trigger for event in office.published(call)] == [Trigger.RECONCILE]


@pytest.mark.parametrize("refused", LANES, ids=["extract", "sync", "list"])
def test_calls_nobody_told_of_are_found_in_time_though_redis_s_clock_was_put_back(
    office: Office, refused: list[Lane]
) -> None:
    for lane in refused:
        office.platform.fault("forbid", endpoint=lane.value)
    look(office, times=3)
    office.let_pass(-2 * HOUR)
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))

    look(office, times=12)

    assert [event.data.trigger for event in office.published(call)] == [Trigger.RECONCILE]


def test_the_first_comparison_reaches_back_a_little_and_no_further(office: Office) -> None:
    lately = ivr_call().ending_at(office.now - 3 * MINUTE)
    office.show(the_record(lately, id="A1"))
    office.let_pass(HOUR)
    yesterday = ivr_call().ending_at(office.now - 24 * HOUR)
    office.platform.fault("forbid", endpoint="call-log-extract-sync")
    office.platform.fault("forbid", endpoint="call-log-sync")
    office.show(the_record(yesterday, id="A2"))

    look(office, times=12)

    assert office.published(yesterday) == []


@pytest.mark.parametrize("refused", LANES, ids=["extract", "sync", "list"])
def test_calls_nobody_told_of_are_found_though_the_first_looks_failed_for_long(
    office: Office, refused: list[Lane]
) -> None:
    office.platform.fault("answer_status", group="heavy", count=10_000, status=503)
    office.platform.fault("answer_status", group="light", count=10_000, status=503)
    look(office)
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))
    office.let_pass(2 * HOUR)
    office.forgive()
    for lane in refused:
        office.platform.fault("forbid", endpoint=lane.value)

    look(office, times=20)

    assert [event.data.trigger for event in office.published(call)] == [Trigger.RECONCILE]


def test_what_is_compared_again_is_not_told_again(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))

    look(office, times=30)

    assert len(office.published(call)) == 1


def test_with_nothing_going_on_the_call_log_is_asked_only_as_often_as_it_is_compared(office: Office) -> None:
    look(office)
    before = len(office.platform.requests())

    look(office, times=20)

    comparisons = 20 * MINUTE / office.settings.reconcile_seconds
    assert len(office.platform.requests()) - before == pytest.approx(comparisons, abs=1)


def test_what_the_retention_has_passed_of_what_was_gone_through_in_short_windows_is_not_compared_again(
    office: Office,
) -> None:
    now, kept = office.now, office.settings.retention_seconds
    before = Asking(narrowing=Narrowing(10.0, since=now - 2 * kept))

    again = reconcile.again(before, Asking(), office.settings, now=now)

    assert again == Window(moment_at(now - kept), moment_at(now))
