"""Backfill: history becomes outcomes, in full pages, once, whatever is killed."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import cycle

import msgspec
import pytest

from runtime import keys, prometheus, replays
from runtime.asking import LATE_SECONDS, Asking
from runtime.budget import Share
from runtime.deliveries import destinations
from runtime.replays import Level, Progress, Replay, State, Unanswered
from telephony.call_log import CallLogPage, MalformedRecord
from telephony.destinations import Draft
from telephony.events import Trigger
from telephony.records import CallLogRecord
from telephony.times import iso_ms_at, moment_at
from tests.asking.test_not_answered import cannot_answer
from tests.builders.call_log import a_leg, a_record, an_accept_leg
from tests.builders.calls import ivr_call
from tests.outputs import entries, events
from tests.replay.replaying import ReplayOffice
from tests.workers.office import ACCOUNT
from workers.replaying import replay_errand
from workers.replaying.backfill import STUCK_SECONDS, Backfill, passed
from workers.ringcentral import call_log
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import NotFound, NotSent, Unavailable

MINUTE, DAY = 60.0, 86400.0


def history(replaying: ReplayOffice, count: int, *, days: float = 30) -> list[CallLogRecord]:
    """Have so many calls in the call log, over so many days, that nobody was told of."""
    last = ivr_call().ending_at(replaying.office.now).began_at
    step = timedelta(days=days) / count
    records = [
        a_record(
            "Accepted",
            an_accept_leg(telephony_session_id=f"s-h{number:06}"),
            a_leg(telephony_session_id=f"s-h{number:06}"),
            id=f"H{number:06}",
            telephony_session_id=f"s-h{number:06}",
            start_time=last - step * number - timedelta(minutes=5),
            duration=29,
        )
        for number in range(count)
    ]
    for record in records:
        replaying.office.show(record)
    return records


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Have pages of ten calls, judged four at a time."""
    monkeypatch.setattr(call_log, "PER_PAGE", 10)
    monkeypatch.setattr(replay_errand, "TOGETHER", 4)
    return 10


def test_every_call_of_the_past_gets_its_outcome_and_none_an_end(replaying: ReplayOffice, small_pages: int) -> None:
    records = history(replaying, 35)

    done = replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    told = events(replaying.redis)
    assert {event.subject for event in told} == {record.telephony_session_id for record in records}
    assert {(event.data.revision, event.data.trigger) for event in told} == {(1, Trigger.BACKFILL)}
    assert len(told) == 35
    assert (done.progress.state, done.progress.requests) == (State.DONE, 4)


def test_a_backfill_that_is_killed_within_a_page_goes_on_and_tells_nothing_twice(
    replaying: ReplayOffice, small_pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(replaying, 35)
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
    moved_on, times = Backfill._moved_on, iter([True, True])

    def killed(self: Backfill, progress: object, page: object) -> object:
        if next(times, False):
            raise KeyboardInterrupt
        return moved_on(self, progress, page)  # type: ignore[arg-type]

    monkeypatch.setattr(Backfill, "_moved_on", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            replaying.serve()
    done = replaying.finish(asked)

    assert len(events(replaying.redis)) == 35
    assert (done.progress.total, done.progress.requests) == (35, 4)


def test_history_can_be_written_down_without_being_delivered(replaying: ReplayOffice) -> None:
    history(replaying, 3)
    destination, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/hook"), keys=())
    replaying.redis.delete(keys.BELLS)

    replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY, deliver=False)

    assert {fields[b"deliver"] for _, fields in entries(replaying.redis, keys.OUTCOMES)} == {b"no"}
    assert replaying.redis.zscore(keys.BELLS, f"deliver|{destination.id}") is None


def test_what_has_an_outcome_already_is_not_told_again(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    history(replaying, 2)

    replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    assert len(replaying.office.outcomes(call)) == 1
    assert len(events(replaying.redis)) == 2 + 2


def test_calls_that_all_began_at_once_fill_more_than_a_page(replaying: ReplayOffice, small_pages: int) -> None:
    history(replaying, 25, days=1e-9)

    done = replaying.run(Level.BACKFILL, since=replaying.office.now - DAY)

    assert len({event.subject for event in events(replaying.redis)}) == 25
    assert done.progress.total == 25


def test_calls_that_began_together_or_in_moments_beside_each_other_where_a_page_ends_are_counted_once_each(
    replaying: ReplayOffice, small_pages: int
) -> None:
    last = round(replaying.office.now) - 60.0
    for number, one in enumerate(history(replaying, 30)):
        began = moment_at(last - number // 4 / 1000)
        replaying.office.show(msgspec.structs.replace(one, start_time=began))

    done = replaying.run(Level.BACKFILL, since=last - DAY, until=last)

    assert done.progress.total == 30


@pytest.mark.parametrize("days", [30, 1e-9])
def test_a_page_that_takes_too_long_is_asked_for_in_halves(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    asked_for = CallLog._page

    def in_time(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        if size > 4:
            raise Unavailable("no answer", late=True)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    monkeypatch.setattr(CallLog, "_page", in_time)
    records = history(replaying, 10, days=days)

    done = replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    told = [event.subject for event in events(replaying.redis)]
    assert sorted(told) == [one.telephony_session_id for one in records]
    assert done.progress.state is State.DONE


def test_a_shorter_page_that_is_answered_is_followed_by_no_longer_one_but_time_brings_it(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for, sizes = CallLog._page, []

    def in_time(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        sizes.append(size)
        replaying.office.let_pass(40)
        if size > 8:
            raise Unavailable("no answer", late=True)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    monkeypatch.setattr(CallLog, "_page", in_time)
    history(replaying, 60)

    replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    assert (sizes.count(16), sizes.count(8)) == (3, 9)


def test_pages_grow_again_one_step_at_a_time(replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for, sizes = CallLog._page, []

    def busy_at_first(
        self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int
    ) -> CallLogPage:
        sizes.append(size)
        replaying.office.let_pass(LATE_SECONDS / 2 + 1)
        if len(sizes) < 3:
            raise Unavailable("no answer", late=True)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    monkeypatch.setattr(CallLog, "_page", busy_at_first)
    history(replaying, 60)

    replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    assert sizes[:8] == [16, 8, 4, 4, 8, 8, 16, 16]


def test_pages_do_not_grow_among_calls_that_all_began_at_once(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for, late = CallLog._page, iter([True])

    def busy_once(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        replaying.office.let_pass(LATE_SECONDS)
        if number > 1 and next(late, False):
            raise Unavailable("no answer", late=True)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    monkeypatch.setattr(CallLog, "_page", busy_once)
    records = history(replaying, 40, days=1e-9)

    replaying.run(Level.BACKFILL, since=replaying.office.now - DAY)

    assert {event.subject for event in events(replaying.redis)} == {one.telephony_session_id for one in records}


def test_of_calls_that_all_began_at_once_none_is_passed_over_nor_asked_for_twice_where_pages_become_smaller(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for, asked = CallLog._page, list[tuple[int, int]]()

    def busy_twice(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        asked.append((number, size))
        replaying.office.let_pass(LATE_SECONDS / 2 + 1)
        if (number, size) in {(1, 16), (3, 8)}:
            raise Unavailable("no answer", late=True)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    monkeypatch.setattr(CallLog, "_page", busy_twice)
    records = history(replaying, 26, days=1e-9)

    replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    told = [event.subject for event in events(replaying.redis)]
    assert sorted(told) == [one.telephony_session_id for one in records]
    assert asked == [(1, 16), (1, 8), (1, 8), (2, 8), (3, 8), (5, 4), (6, 4), (7, 4)]


def test_a_page_for_which_ringcentrals_own_gateway_would_not_wait_is_asked_for_in_halves(
    replaying: ReplayOffice,
) -> None:
    records = history(replaying, 10)
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
    replaying.office.platform.fault("answer_status", group="heavy", status=504, count=1)

    replaying.serve()

    assert replaying.look(asked).progress.halvings == 1
    replaying.office.be_patient()
    assert replaying.finish(asked).progress.total == len(records)


def choke(monkeypatch: pytest.MonkeyPatch, *record_ids: str, ends: bool = False, late: bool = False) -> None:
    """Have the list answer for no page with one of these records on it; nor, where it `ends`, for one without any."""
    asked_for = CallLog._page

    def choosy(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        page = asked_for(self, begin, end, share, number, size)
        if any(one.id in record_ids for one in page.records):
            raise Unavailable("no answer", status=None if late else 500, late=late)
        if ends and not page.records:
            raise NotFound("no such page", status=404)
        return page

    monkeypatch.setattr(CallLog, "_page", choosy)


def compared(replaying: ReplayOffice) -> None:
    """Have the call log been compared up to now."""
    replaying.redis.set(keys.asking(ACCOUNT), msgspec.json.encode(Asking(compared_to=replaying.office.now)))


def go_on(replaying: ReplayOffice, asked: Replay, minutes: int, *, answers_others: bool = True) -> Replay:
    """Let so many minutes pass, in which RingCentral answers other requests, or does not."""
    for _ in range(minutes):
        replaying.office.be_patient()
        replaying.serve()
        replaying.office.let_pass(61)
        if answers_others:
            compared(replaying)
    return replaying.look(asked)


@pytest.mark.parametrize("number", [0, 20, 39], ids=["newest", "between", "oldest"])
def test_a_page_that_ringcentral_has_no_answer_for_is_made_small_then_passed_over_and_told_of(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    records = history(replaying, 40)
    choke(monkeypatch, f"H{number:06}")

    done = go_on(replaying, replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY), 60)

    missing = {one.telephony_session_id for one in records} - {event.subject for event in events(replaying.redis)}
    assert f"s-h{number:06}" in missing
    assert len(missing) <= 2  # a page of two
    assert done.progress.state is State.DONE
    assert "RingCentral has no answer for" in (done.progress.why or "")
    (passed,) = done.progress.unanswered
    began = records[number].start_time
    assert began is not None
    assert passed.begin <= began.timestamp() <= passed.end
    assert done.progress.requests < 16  # pages are larger again at once


def test_the_smallest_page_is_passed_over_also_where_ringcentral_takes_too_long_for_any(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    records = history(replaying, 10)
    choke(monkeypatch, "H000000", late=True)

    done = go_on(replaying, replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY), 20)

    told = {event.subject for event in events(replaying.redis)}
    assert told == {one.telephony_session_id for one in records[2:]}
    assert done.progress.state is State.DONE


def test_a_page_that_was_not_asked_for_is_neither_made_smaller_nor_passed_over(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(replaying, 5)
    choke(monkeypatch, "H000000")
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
    go_on(replaying, asked, 1)

    def not_asked(*_: object) -> CallLogPage:
        raise NotSent("no access token")

    monkeypatch.setattr(CallLog, "_page", not_asked)
    waiting = go_on(replaying, asked, 10).progress

    assert (waiting.place, waiting.halvings) == ("", 0)


@pytest.mark.parametrize("answered_before", [True, False])
def test_while_ringcentral_answers_nothing_no_page_of_a_backfill_is_passed_over(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, *, answered_before: bool
) -> None:
    records = history(replaying, 5)
    if answered_before:
        compared(replaying)
    with monkeypatch.context() as outage:
        choke(outage, "H000000")
        asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
        waiting = go_on(replaying, asked, 60, answers_others=False)
        assert (waiting.progress.place, waiting.progress.halvings, waiting.progress.why) == ("", 0, "Unavailable")

    replaying.office.be_patient()
    assert replaying.finish(asked).progress.total == len(records)


def test_each_page_that_has_no_answer_has_minutes_to_get_one_and_those_beside_each_other_are_told_of_together(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    records = history(replaying, 40)
    choke(monkeypatch, "H000000", "H000003")
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    pages = [go_on(replaying, asked, 1).progress for _ in range(60)]

    waited = Counter((one.place, one.halvings) for one in pages if one.why == "Unavailable")
    *blocked, _ = waited.values()  # the last is the page behind them, which has an answer
    assert len(blocked) == 5  # four sizes of the first page, and the second of the smallest
    assert min(blocked) >= STUCK_SECONDS // MINUTE
    (passed,) = pages[-1].unanswered
    starts = [record.start_time.timestamp() for record in records if record.start_time]
    assert passed.begin <= starts[3] < starts[0] <= passed.end


def test_where_ringcentral_says_that_there_is_nothing_behind_what_was_passed_over_a_backfill_is_done(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(replaying, 5)
    choke(monkeypatch, "H000000", ends=True)
    since = replaying.office.now - 31 * DAY

    done = go_on(replaying, replaying.ask(Level.BACKFILL, since=since), 60)

    assert done.progress.state is State.DONE
    assert [one.begin for one in done.progress.unanswered] == [pytest.approx(since, abs=1)]


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "cancelled"])
def test_a_backfill_that_ends_early_names_what_it_has_passed_over(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    monkeypatch.setattr(call_log, "PER_PAGE", 16)
    history(replaying, 40)
    choke(monkeypatch, "H000000", "H000039")
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
    while not any(one.begin for one in go_on(replaying, asked, 1).progress.unanswered):
        pass  # until the newest is passed over, and the page behind it is read
    if refused:
        cannot_answer(monkeypatch, "bad_parameter", windows=True)
    else:
        replays.cancel(replaying.redis, ACCOUNT, asked.id)

    done = go_on(replaying, asked, 1).progress

    (one,) = done.unanswered
    span = f"RingCentral has no answer for {iso_ms_at(one.begin)} to {iso_ms_at(one.end)}"
    ended = (State.FAILED, f"Refused CMN-101; {span}") if refused else (State.CANCELLED, span)
    assert (done.state, done.why) == ended


def test_where_a_backfill_ends_just_behind_what_it_passed_over_it_says_that_it_began_before() -> None:
    assert passed(Progress(unanswered=(Unanswered(end=0.0),))) == (
        "RingCentral has no answer for what began before 1970-01-01T00:00:00.000Z"
    )


@pytest.mark.parametrize(("count", "end"), [(5, "05.000Z"), (7, "05.000Z, and 2 more")])
def test_of_what_was_passed_over_five_times_are_named(count: int, end: str) -> None:
    told = passed(Progress(unanswered=tuple(Unanswered(0.5, 1.0 + number) for number in range(count))))

    assert told is not None
    assert told.endswith(end)


def test_a_page_that_has_no_answer_is_asked_for_once_a_minute_though_ringcentral_answers_others(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(replaying, 5)
    cannot_answer(monkeypatch, "internal", windows=True)
    replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)
    before = len(replaying.office.platform.requests())

    for _ in range(80):
        replaying.serve()
        replaying.office.let_pass(2.1)
        replaying.office.be_patient()  # as after any answer to somebody else

    assert len(replaying.office.platform.requests()) - before == 1 + 3  # the first is for the access token


def test_a_backfill_that_gets_on_between_failures_is_not_ended_for_them(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_log, "PER_PAGE", 2)
    history(replaying, 60)
    asked_for, answers = CallLog._page, cycle((False, True))

    def in_turn(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        if not next(answers):
            raise Unavailable("no answer", status=500)
        return asked_for(self, begin, end, share, number, size)

    monkeypatch.setattr(CallLog, "_page", in_turn)
    asked = replaying.ask(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    for _ in range(28):
        replaying.serve()
        replaying.office.let_pass(3600)
        replaying.office.be_patient()

    assert replaying.look(asked).progress.state is State.RUNNING
    monkeypatch.undo()
    assert replaying.finish(asked).progress.state is State.DONE


@pytest.mark.parametrize(("problem", "why"), [("bad_parameter", "Refused CMN-101"), ("not_found", "NotFound CMN-102")])
def test_a_page_that_ringcentral_refuses_ends_a_backfill_and_it_says_so(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, problem: str, why: str
) -> None:
    cannot_answer(monkeypatch, problem, windows=True)

    done = replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    assert (done.progress.state, done.progress.why) == (State.FAILED, why)


def test_a_record_that_cannot_be_read_holds_up_no_other_and_is_counted(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = CallLog._page

    def spoiled(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> CallLogPage:
        page = asked_for(self, begin, end, share, number, size)
        return msgspec.structs.replace(page, malformed=(MalformedRecord(0, "no id", b"{}"),))

    monkeypatch.setattr(CallLog, "_page", spoiled)
    records = history(replaying, 3)

    done = replaying.run(Level.BACKFILL, since=replaying.office.now - 31 * DAY)

    assert done.progress.total == len(records)
    replaying.office.dependencies.recorder.flush()
    told = prometheus.render(replaying.redis).decode()
    assert f'legwork_malformed_records_total{{account="{ACCOUNT}"}} {done.progress.requests}.0' in told


@pytest.mark.parametrize("numbers", [(9, 10), (8, 10)], ids=["which overlap in one of them", "which do not"])
def test_two_records_of_a_call_on_two_pages_become_one_outcome(
    replaying: ReplayOffice, small_pages: int, numbers: tuple[int, int]
) -> None:
    records = history(replaying, 12, days=0.01)
    for number in numbers:
        replaying.office.show(
            a_record(
                "Accepted",
                an_accept_leg(),
                id=records[number].id,
                telephony_session_id="s-both",
                start_time=records[number].start_time,
                duration=29,
            )
        )

    replaying.run(Level.BACKFILL, since=replaying.office.now - DAY)

    assert replaying.office.published("s-both")[-1].data.record_ids == ("H000010", f"H{numbers[0]:06}")
