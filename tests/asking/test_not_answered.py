"""What RingCentral cannot answer, or shows in part only: it holds up nobody else, and takes nothing back."""

import copy
from datetime import datetime
from typing import Any

import pytest
from flask import Request

from runtime import asking, comparisons, keys
from runtime.comparisons import Why
from runtime.ledger import State
from scripts.simulator import moments
from scripts.simulator.api import call_log as api
from scripts.simulator.box import Box
from scripts.simulator.problems import ApiError
from scripts.simulator.take import Take
from telephony.narrowing import Narrowing
from tests.asking.company import EXTRACT, LIST, SYNC, Company
from tests.asking.conftest import Opened
from tests.asking.legwork import events_of, published_at, state_of
from workers.resolving import agenda

DAY = 86_400.0
HOUR = 3600.0


def cannot_answer(
    monkeypatch: pytest.MonkeyPatch,
    problem: str,
    *,
    windows: bool = False,
    session: str = "",
    moment: float | None = None,
) -> None:
    """Have the list answer for no window, not for one call, or for no window with a moment in it."""
    answer = api._list

    def choosy(box: Box, request: Request, extension: str | None) -> Any:
        asked = request.args.get("telephonySessionId", "")
        is_in_it = moment is not None and not asked and _is_within(request, moment)
        if is_in_it or (windows and not asked) or (session and asked == session):
            raise ApiError(problem, "telephonySessionId")
        return answer(box, request, extension)

    monkeypatch.setattr(api, "_list", choosy)


def _is_within(request: Request, moment: float) -> bool:
    begin, end = (datetime.fromisoformat(request.args[name]).timestamp() for name in ("dateFrom", "dateTo"))
    return begin <= moment <= end


def show_in_two(company: Company, take: Take, *, apart: float) -> None:
    """List two records of a call when it is over, of which the second began later."""
    (first, *_) = company.records(take)
    second = copy.deepcopy(first)
    second["id"] += "B"
    for part in (second, *second["legs"]):
        part["startTime"] = moments.written(take.started_at + apart)
    company.clock.at(take.record_at, lambda: company.put(first, second))


@pytest.mark.parametrize("problem", ["internal", "bad_parameter"])
def test_a_stretch_of_the_past_that_cannot_be_answered_holds_up_no_call(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    legwork, company = opened(reread_seconds=())
    legwork.pass_time(60)
    cannot_answer(monkeypatch, problem, windows=True)
    now = legwork.clock()
    comparisons.ask(legwork.redis, "acme", Why.NIGHTLY, since=now - 2 * DAY, until=now)
    takes = [company.call(begins=120 * number) for number in range(10)]

    legwork.pass_time(1800)

    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}
    assert 2 <= len(company.asked(LIST)) <= 8
    pending = agenda.read(legwork.redis, "acme").comparison
    assert pending is not None

    monkeypatch.undo()
    legwork.pass_time(HOUR)

    assert agenda.read(legwork.redis, "acme").comparison is None


@pytest.mark.parametrize("problem", ["bad_parameter", "internal", "user_forbidden"])
@pytest.mark.parametrize("refused", [(), (EXTRACT, SYNC)], ids=["feed", "list"])
def test_a_call_that_ringcentral_will_not_look_up_is_given_up_in_its_time_like_any_other(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...], problem: str
) -> None:
    legwork, company = opened(record_deadline_seconds=300.0)
    company.without(*refused)
    legwork.pass_time(60)
    never = company.call(listed=False)
    cannot_answer(monkeypatch, problem, session=never.ids.telephony_session_id)
    takes = [company.call(begins=30 * number) for number in range(1, 10)]

    legwork.pass_time(900)  # till the deadline, and till the list was compared up to there, every five minutes

    assert state_of(legwork.redis, never) is State.UNRESOLVED
    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}


def test_a_comparison_that_ends_while_a_call_is_on_takes_none_of_its_records_away(opened: Opened) -> None:
    legwork, company = opened()
    take = company.call(length=1200, listed=False)
    show_in_two(company, take, apart=1000)
    legwork.pass_time(2 * HOUR)
    before = events_of(legwork.redis, take)
    assert len(before[-1].data.record_ids) == 2
    legwork.redis.delete(keys.records("acme", take.ids.telephony_session_id))  # their time is over

    comparisons.ask(legwork.redis, "acme", Why.ASKED, since=take.started_at - 600, until=take.started_at + 600)
    legwork.pass_time(HOUR)

    assert events_of(legwork.redis, take) == before


def test_however_many_calls_were_shown_in_part_those_that_just_ended_wait_for_none_but_one_of_them_at_a_time(
    opened: Opened,
) -> None:
    legwork, company = opened(reread_seconds=())
    old = [company.call(begins=number, length=60, listed=False) for number in range(40)]
    for take in old:
        show_in_two(company, take, apart=1)
    legwork.pass_time(HOUR)
    for take in old:
        legwork.redis.delete(keys.records("acme", take.ids.telephony_session_id))  # their time is over
        (first, *_) = company.records(take)
        company.put(first | {"result": "Voicemail"})
    live = [company.call(begins=6 * number, length=20) for number in range(75)]

    legwork.pass_time(510)

    assert max(published_at(legwork.redis, take) - take.ends_at for take in live) < 30
    assert sum(len(events_of(legwork.redis, take)) > 2 for take in old) >= 10


def test_where_there_is_the_list_alone_a_long_call_is_shown_with_whatever_began_while_it_was_on(opened: Opened) -> None:
    legwork, company = opened()
    company.without(EXTRACT, SYNC)
    take = company.call(length=1200, listed=False)
    company.call(begins=5, length=1195)
    show_in_two(company, take, apart=1000)

    legwork.pass_time(1300)

    assert len(events_of(legwork.redis, take)[-1].data.record_ids) == 2


def test_where_there_is_the_list_alone_calls_whose_beginning_nobody_heard_are_found_by_their_ids(
    opened: Opened,
) -> None:
    legwork, company = opened()
    company.without(EXTRACT, SYNC)
    takes = [company.call(length=HOUR, heard=False) for _ in range(3)]
    legwork.pass_time(HOUR)
    for take in takes:
        company.hear(company.bodies(take)[-2:])

    legwork.pass_time(800)

    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}


@pytest.mark.parametrize("problem", ["internal", "user_forbidden"])
def test_a_call_that_ringcentral_does_not_answer_for_keeps_no_other_waiting(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    legwork, company = opened(reread_seconds=())
    never = company.call(listed=False)
    cannot_answer(monkeypatch, problem, session=never.ids.telephony_session_id)
    takes = [company.call(begins=4 * number, length=20) for number in range(1, 300)]

    legwork.pass_time(1250)

    assert max(published_at(legwork.redis, take) - take.ends_at for take in takes) < 30
    assert state_of(legwork.redis, never) is State.UNRESOLVED
    assert len(company.asked(LIST)) < 20


@pytest.mark.parametrize("problem", ["internal", "bad_parameter"])
def test_a_moment_that_ringcentral_cannot_answer_for_is_passed_over_where_the_list_is_all_there_is(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    legwork, company = opened(reread_seconds=())
    company.without(EXTRACT, SYNC)
    legwork.pass_time(600)
    cannot_answer(monkeypatch, problem, moment=legwork.clock() - 60)
    asked = comparisons.ask(legwork.redis, "acme", Why.ASKED, since=legwork.clock() - 600, until=legwork.clock())
    takes = [company.call(begins=300 * number, heard=False) for number in range(1, 4)]

    legwork.pass_time(3 * HOUR)

    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}
    done = comparisons.get(legwork.redis, "acme", asked.id)
    assert done is not None
    assert 0 < done.passed_over <= 60
    assert all(one.done_at is not None for one in comparisons.all(legwork.redis, "acme"))


def test_what_was_passed_over_while_ringcentral_answered_nothing_at_all_is_looked_at_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    legwork, company = opened(reread_seconds=())
    company.without(EXTRACT, SYNC)
    legwork.pass_time(320)  # it was just compared
    takes = [company.call(begins=2 * number, length=1, heard=False) for number in range(30)]
    legwork.pass_time(280)
    cannot_answer(monkeypatch, "bad_parameter", windows=True)
    legwork.pass_time(4 * HOUR)
    monkeypatch.undo()

    legwork.pass_time(HOUR)

    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}


def test_what_was_passed_over_before_anything_was_ever_compared_is_looked_at_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    legwork, company = opened(reread_seconds=(), reconcile_seconds=300.0)
    company.without(EXTRACT, SYNC)
    takes = [company.call(begins=2 * number - 299, length=1, heard=False) for number in range(30)]
    cannot_answer(monkeypatch, "bad_parameter", windows=True)
    legwork.pass_time(4 * HOUR)
    monkeypatch.undo()

    legwork.pass_time(HOUR)

    assert {state_of(legwork.redis, take) for take in takes} == {State.RESOLVED}


def test_what_is_older_than_the_retention_is_not_compared_after_a_rest_that_was_longer(opened: Opened) -> None:
    legwork, company = opened(reread_seconds=(), retention_seconds=DAY)
    company.without(EXTRACT, SYNC)
    legwork.pass_time(600)
    legwork.be_away(10 * DAY)
    begins_again = legwork.clock()

    legwork.pass_time(HOUR)

    since = [datetime.fromisoformat(one.query["dateFrom"]) for one in company.asked(LIST) if one.time > begins_again]
    assert since
    assert min(since).timestamp() >= begins_again - DAY
    assert comparisons.all(legwork.redis, "acme") == ()


def test_a_feed_that_is_served_again_ends_the_short_windows_and_has_what_they_showed_compared_once_more(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    legwork, company = opened(reread_seconds=())
    company.without(EXTRACT, SYNC)
    legwork.pass_time(600)
    begun = legwork.clock()
    cannot_answer(monkeypatch, "bad_parameter", windows=True)
    legwork.pass_time(1800)
    monkeypatch.undo()
    company.fault("forbid", endpoint=EXTRACT, on=False)

    legwork.pass_time(2 * HOUR)

    again = comparisons.all(legwork.redis, "acme")[-1]
    assert (again.since < begun, again.until > begun + 1800, again.done_at is None) == (True, True, False)
    assert asking.load(legwork.redis, "acme").narrowing == Narrowing()


@pytest.mark.parametrize("apart", [40.0, 55.0])
def test_a_call_whose_record_came_just_after_a_comparison_is_found_though_ringcentral_chokes_on_one_behind_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, apart: float
) -> None:
    legwork, company = opened(reread_seconds=(), reconcile_seconds=300.0)
    company.without(EXTRACT, SYNC)
    legwork.pass_time(310)
    compared_next_at = (asking.load(legwork.redis, "acme").compared_to or 0) + 300
    cannot_answer(monkeypatch, "bad_parameter", moment=compared_next_at + apart)
    take = company.call(begins=compared_next_at - 35 - legwork.clock(), heard=False)

    legwork.pass_time(4 * HOUR)

    assert state_of(legwork.redis, take) is State.RESOLVED
