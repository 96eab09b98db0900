"""Replay: calls are looked at again because somebody asks, and told anew only if something differs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from runtime import bells, keys, outcome_log, replays
from runtime.bells import Stage
from runtime.budget import RULES, Budget, Group, Share
from runtime.deliveries import destinations, waiting
from runtime.deliveries.waiting import Waiting
from runtime.leases import lease
from runtime.replay_documents import done as looked_at
from runtime.replay_documents import replay_document
from runtime.replays import Finding, Level, State
from scripts.simulator import USER_JWT
from telephony import results, search_terms, sessions
from telephony.call_log import CallLogPage
from telephony.destinations import Draft
from telephony.events import Trigger
from telephony.words import LegStatus, Outcome
from tests.asking.test_not_answered import cannot_answer
from tests.builders.attempts import a_dead_letter, bury
from tests.builders.calls import ivr_call
from tests.builders.kept_calls import an_outcome_of, publish
from tests.replay.replaying import ReplayOffice
from tests.workers.office import ACCOUNT
from tests.workers.test_guardian import DAY, with_jwt
from tests.workers.test_resolve import look, the_record
from workers.housekeeping.put_back import be_due_earlier
from workers.replay import LEFT_SECONDS
from workers.replaying import replay_errand
from workers.replaying.borrowed import borrowed
from workers.replaying.replay_errand import HANDFUL
from workers.ringcentral import call_log
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import NotSent, RateLimited, Unavailable
from workers.stopping import Stopping


def test_a_refetch_tells_what_the_call_log_says_otherwise_now(replaying: ReplayOffice) -> None:
    call, other = replaying.resolved(), replaying.resolved(1)
    replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}", result="Voicemail"))

    done = replaying.run(Level.REFETCH, since=0.0)

    assert (done.progress.state, done.progress.total, done.changed, done.missing) == (State.DONE, 2, 1, 0)
    first, second = replaying.office.outcomes(call)
    assert (second.id, second.data.trigger) == (f"{call.telephony_session_id}/2", Trigger.REPLAY)
    assert "result" in second.data.changed
    assert len(replaying.office.outcomes(other)) == 1
    assert first.data.trigger is Trigger.WEBHOOK


def test_a_dry_run_says_what_would_change_and_changes_nothing(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    replaying.resolved(1)
    replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}", result="Voicemail"))
    before = replaying.redis.xlen(keys.OUTCOMES)

    done = replaying.run(Level.REFETCH, dry_run=True, since=0.0)

    (finding,) = replaying.findings(done)
    told = {one.field: (one.before, one.after) for one in finding.differences}
    assert (finding.call, finding.revision) == (call.telephony_session_id, 2)
    assert told["result"] == ("Accepted", "Voicemail")
    assert replaying.redis.xlen(keys.OUTCOMES) == before


def test_what_a_dry_run_showed_is_what_the_real_one_publishes(replaying: ReplayOffice) -> None:
    calls = [replaying.resolved(number) for number in range(3)]
    for call in calls[:2]:
        replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}", result="Missed"))

    dry = replaying.run(Level.REFETCH, dry_run=True, since=0.0)
    real = replaying.run(Level.REFETCH, since=0.0)

    assert replaying.findings(dry) == replaying.findings(real)
    told = [call for call in calls if len(replaying.office.outcomes(call)) == 2]
    assert sorted(call.telephony_session_id for call in told) == [one.call for one in replaying.findings(real)]


def test_what_is_to_go_on_now_is_due_now_and_not_half_a_millisecond_later(replaying: ReplayOffice) -> None:
    asked, now = replaying.ask(Level.REFETCH, since=0.0), replaying.office.now // 1 + 0.000_6

    with lease(replaying.redis, ACCOUNT, Stage.REPLAY) as held:
        held.commit(replays.progressed(asked, asked.progress, retention=60.0, again_at=now))

    assert replays.next_due(replaying.redis, ACCOUNT, now + 0.000_1) == asked.id


def test_asking_twice_for_the_same_is_asking_once(replaying: ReplayOffice) -> None:
    one = replaying.ask(Level.REFETCH, since=0.0)
    other = replaying.ask(Level.REFETCH, since=0.0)
    assert one.id == other.id

    replaying.finish(one)

    assert replaying.ask(Level.REFETCH, since=0.0).id != one.id


def test_a_replay_that_was_forgotten_before_its_end_is_asked_for_anew(replaying: ReplayOffice) -> None:
    lost = replaying.ask(Level.REFETCH, since=0.0)
    replaying.redis.delete(keys.replay(ACCOUNT, lost.id))

    again = replaying.run(Level.REFETCH, since=0.0)

    assert (again.id != lost.id, again.progress.state) == (True, State.DONE)
    assert replaying.redis.zcard(keys.replays_due(ACCOUNT)) == 0


@pytest.mark.parametrize("is_over", [False, True])
def test_a_replay_is_kept_for_the_retention_after_its_last_step(replaying: ReplayOffice, *, is_over: bool) -> None:
    asked = replaying.ask(Level.REFETCH, calls=["s-1"])
    on = replays.progressed(asked, asked.progress, retention=60, again_at=0)
    over = replays.ended(asked, asked.progress, retention=60)

    for command in [*replays.chosen(asked, [("s-1", 1.0)]), *(over if is_over else on)]:
        replaying.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    kept = (keys.replay(ACCOUNT, asked.id), *([] if is_over else [keys.replay_calls(ACCOUNT, asked.id)]))
    assert all(replaying.redis.ttl(name) == 60 for name in kept)


def test_whoever_asks_has_the_bell_rung_and_whoever_cancels_too_and_what_is_over_is_not_due_for_that(
    replaying: ReplayOffice,
) -> None:
    asked, due = replaying.ask(Level.REFETCH, calls=["s-1"]), keys.replays_due(ACCOUNT)
    assert replaying.office.next_bell(Stage.REPLAY) == pytest.approx(0, abs=5)
    for name in (due, keys.BELLS):
        there: Any = replaying.redis.zrange(name, 0, -1)
        replaying.redis.zadd(name, dict.fromkeys(there, replaying.office.now + 3600))

    replays.cancel(replaying.redis, ACCOUNT, asked.id)
    assert replaying.redis.zscore(due, asked.id) == pytest.approx(replaying.office.now, abs=5)
    assert replaying.office.next_bell(Stage.REPLAY) == pytest.approx(0, abs=5)

    replaying.redis.zrem(due, asked.id)  # as by who has just ended it
    replays.cancel(replaying.redis, ACCOUNT, asked.id)
    assert replaying.redis.zcard(due) == 0


def test_what_was_found_is_told_from_behind_a_call_on(replaying: ReplayOffice) -> None:
    asked = replaying.ask(Level.REFETCH, calls=["s-1"])
    for call in ("s-1", "s-2", "s-3"):
        command = replays.found(asked, Finding(call, 1))
        replaying.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    assert [one.call for one in replays.findings(replaying.redis, ACCOUNT, asked.id, after="s-1")] == ["s-2", "s-3"]


def test_what_a_replay_shall_only_write_down_is_published_and_sent_to_no_destination(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}", result="Missed"))

    replaying.run(Level.REFETCH, deliver=False, calls=(call.telephony_session_id,))

    told = [one.deliver for one in outcome_log.after(replaying.redis, "0-0", most=10)]
    assert [event.data.revision for event in replaying.office.published(call)] == [0, 1, 2]
    assert told == [True, True, False]


def test_a_bell_that_came_while_a_stage_was_borrowed_is_rung_once_that_is_given_back(replaying: ReplayOffice) -> None:
    redis, rung = replaying.redis, keys.rung(ACCOUNT, Stage.RESOLVE)
    with borrowed(redis, ACCOUNT, Stage.RESOLVE, Stopping()):
        redis.set(rung, "1", ex=60)
        redis.zadd(keys.BELLS, {bells.member(Stage.RESOLVE, ACCOUNT): replaying.office.now + 60})

    assert not redis.exists(rung)
    assert replaying.office.next_bell(Stage.RESOLVE) == pytest.approx(0, abs=5)


def test_a_replay_that_changed_nothing_says_nothing(replaying: ReplayOffice) -> None:
    call = replaying.resolved()

    done = replaying.run(Level.RAW, calls=(call.telephony_session_id,))

    assert (done.progress.total, done.changed) == (1, 0)
    assert len(replaying.office.outcomes(call)) == 1


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Have no result of a table that was changed outlive the test."""
    yield
    results.status_of.cache_clear()


def test_after_a_rule_changed_exactly_the_calls_it_is_about_are_told_again(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, forgetful: None
) -> None:
    def busy(call: object) -> object:
        return the_record(call, result="Busy", id=f"R{call.telephony_session_id[-10:]}")  # type: ignore[attr-defined,arg-type]

    calls = [replaying.resolved(number, record=busy if number % 2 else None) for number in range(4)]  # type: ignore[arg-type]
    rows = {**results.STATUS_BY_RESULT, "Busy": LegStatus.REJECTED}
    monkeypatch.setattr(results, "_STATUS", results.folded(rows))
    results.status_of.cache_clear()

    dry = replaying.run(Level.RAW, dry_run=True, since=0.0)
    real = replaying.run(Level.RAW, since=0.0)

    concerned = sorted(call.telephony_session_id for call in calls[1::2])
    assert [one.call for one in replaying.findings(dry)] == concerned
    assert [one.call for one in replaying.findings(real)] == concerned
    assert [len(replaying.office.outcomes(call)) for call in calls] == [1, 2, 1, 2]
    assert replaying.office.outcomes(calls[1])[-1].data.outcome is Outcome.REJECTED


def test_a_call_that_was_given_up_is_resolved_when_its_record_is_there_after_all(replaying: ReplayOffice) -> None:
    call = ivr_call().ending_at(replaying.office.now)
    replaying.office.ended(call)
    replaying.office.let_pass(replaying.office.settings.record_deadline_seconds)
    replaying.office.resolve()
    assert replaying.office.outcomes(call)[-1].data.outcome is Outcome.UNRESOLVED
    replaying.office.show(the_record(call))

    replaying.run(Level.REFETCH, unresolved=True)

    last = replaying.office.outcomes(call)[-1].data
    assert (last.outcome, last.trigger, last.confirmed) == (Outcome.ANSWERED, Trigger.REPLAY, True)


def test_stored_events_are_sent_again_once_however_often_it_is_asked(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    destination, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/hook"), keys=())

    dry = replaying.run(Level.DELIVER, dry_run=True, since=0.0)
    assert [one.destinations for one in replaying.findings(dry)] == [(destination.id,)]
    assert replaying.redis.zcard(keys.asked(destination.id)) == 0
    replaying.run(Level.DELIVER, since=0.0)
    replaying.run(Level.DELIVER, calls=(call.telephony_session_id,))

    assert replaying.redis.zcard(keys.asked(destination.id)) == 1


def test_where_each_call_is_told_of_once_what_was_sent_in_vain_to_the_end_is_sent_again_and_no_later_revision(
    replaying: ReplayOffice,
) -> None:
    destination, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/", create_only=True), keys=())
    first, second = an_outcome_of(1), an_outcome_of(1, revision=2, result="Voicemail")
    publish(replaying.redis, first)
    (entry,) = outcome_log.after(replaying.redis, "0-0", most=1)
    letter = a_dead_letter(first.id, entry.place, account=ACCOUNT, because="exhausted", attempts=9)
    bury(replaying.redis, destination.id, letter)
    publish(replaying.redis, second)

    done = replaying.run(Level.DELIVER, failed=True, destination=destination.id)

    assert done.changed == 1
    assert replaying.redis.zrange(keys.asked(destination.id), 0, -1) == [entry.place.encode()]


def test_what_is_tried_still_where_each_call_is_told_of_once_is_sent_at_once_and_no_later_revision(
    replaying: ReplayOffice,
) -> None:
    destination, _ = destinations.create(replaying.redis, Draft(url="https://crm.example/", create_only=True), keys=())
    first, second = an_outcome_of(1), an_outcome_of(1, revision=2, result="Voicemail")
    publish(replaying.redis, first, second)
    (entry, _) = outcome_log.after(replaying.redis, "0-0", most=2)
    tried = Waiting(entry.place, first.id, ACCOUNT, 1, due=replaying.office.now + 3600, attempts=6, going=True)
    with lease(replaying.redis, destination.id, Stage.DELIVER) as held:
        held.commit([*waiting.write(destination.id, first.subject, (tried,))])

    done = replaying.run(Level.DELIVER, since=0.0)

    assert replaying.findings(done) == [Finding(first.subject, 1, destinations=(destination.id,))]
    assert replaying.redis.zrange(keys.asked(destination.id), 0, -1) == [entry.place.encode()]


def test_many_calls_cost_few_requests(replaying: ReplayOffice) -> None:
    for number in range(12):
        replaying.resolved(number)
    before = len(replaying.office.platform.requests())

    done = replaying.run(Level.REFETCH, since=0.0)

    asked = len(replaying.office.platform.requests()) - before
    assert (done.progress.total, done.progress.requests) == (12, asked)
    assert asked <= 2


def test_a_replay_can_be_cancelled(replaying: ReplayOffice) -> None:
    replaying.resolved()
    asked = replaying.ask(Level.REFETCH, since=0.0)

    replays.cancel(replaying.redis, ACCOUNT, asked.id)
    done = replaying.finish(asked)

    assert (done.progress.state, done.left) == (State.CANCELLED, 0)
    assert replaying.ask(Level.REFETCH, since=0.0).id != asked.id


def test_of_one_that_was_cancelled_while_it_chose_its_calls_none_was_looked_at(replaying: ReplayOffice) -> None:
    asked = replaying.ask(Level.REFETCH, since=0.0)
    with lease(replaying.redis, ACCOUNT, Stage.REPLAY) as held:
        held.commit(replays.chosen(asked, [("s-1", 1.0), ("s-2", 2.0)]))
    assert looked_at(replaying.look(asked)) == 0

    replays.cancel(replaying.redis, ACCOUNT, asked.id)
    over = replaying.finish(asked)

    assert (over.state, over.left, looked_at(over)) == (State.CANCELLED, 2, 0)


@pytest.mark.parametrize("calls", [1, 2], ids=["look-up", "window"])
def test_without_the_permission_a_replay_ends_and_says_so(replaying: ReplayOffice, calls: int) -> None:
    for call in [ivr_call().ending_at(replaying.office.now) for _ in range(calls)]:
        replaying.office.ended(call)
    replaying.office.platform.fault("forbid", endpoint="call-log")

    done = replaying.run(Level.REFETCH, since=0.0)

    assert (done.progress.state, (done.progress.why or "").split()[0]) == (State.FAILED, "Forbidden")
    assert (done.left, replay_document(done, now=0.0).done) == (done.progress.total, 0)  # it has looked at none


def test_a_window_that_is_refused_is_asked_for_in_halves_a_minute_later(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved(), replaying.resolved(1)
    cannot_answer(monkeypatch, "bad_parameter", windows=True)
    asked, before = replaying.ask(Level.REFETCH, since=0.0), len(replaying.office.platform.requests())
    for _ in range(20):
        replaying.serve()
        replaying.office.let_pass(1)

    waiting = replaying.look(asked).progress

    assert (waiting.why or "").split()[0] == "Refused"
    assert waiting.density is not None
    assert len(replaying.office.platform.requests()) - before == 1

    monkeypatch.undo()

    assert replaying.finish(asked).progress.state is State.DONE


def test_a_shorter_window_that_is_answered_is_followed_by_no_longer_one(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(24):  # three minutes after one another
        replaying.resolved()
    pages, lengths = CallLog.pages, []

    def frail(self: CallLog, date_from: datetime, date_to: datetime, **how: Any) -> Iterator[CallLogPage]:
        lengths.append((date_to - date_from).total_seconds() / 60)
        if lengths[-1] > 20:
            raise Unavailable("no answer", late=True)
        return pages(self, date_from, date_to, **how)

    monkeypatch.setattr(CallLog, "pages", frail)
    done = replaying.run(Level.REFETCH, since=0.0)

    assert done.progress.state is State.DONE
    assert sum(length > 20 for length in lengths) <= 3  # 78, 36, and 20.1 that time has brought


def test_one_call_that_ringcentral_chokes_on_keeps_a_replay_from_no_other(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [ivr_call().ending_at(replaying.office.now - number) for number in range(4)]
    for call in crowd:
        replaying.office.ended(call)
        replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}"))
    look(replaying.office, times=3)
    for _ in range(3):
        replaying.resolved()
    poison, pages, of_one = crowd[0], CallLog.pages, CallLog.by_telephony_session_id

    def choosy(self: CallLog, date_from: datetime, date_to: datetime, **how: Any) -> Iterator[CallLogPage]:
        if date_from <= poison.began_at <= date_to:
            raise Unavailable("no answer", status=500)
        return pages(self, date_from, date_to, **how)

    def choosy_of_one(self: CallLog, session_id: str, *which: Any, **how: Any) -> CallLogPage:
        if session_id == poison.telephony_session_id:
            raise Unavailable("no answer", status=500)
        return of_one(self, session_id, *which, **how)

    monkeypatch.setattr(CallLog, "pages", choosy)
    monkeypatch.setattr(CallLog, "by_telephony_session_id", choosy_of_one)
    asked = replaying.ask(Level.REFETCH, since=0.0)
    for _ in range(15):
        replaying.serve()
        replaying.office.let_pass(61)

    assert (replaying.look(asked).left, replaying.look(asked).is_over) == (1, False)
    monkeypatch.undo()
    assert replaying.finish(asked).progress.state is State.DONE


def test_a_call_that_ringcentral_has_no_answer_for_is_asked_for_once_a_minute_though_it_answers_others(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved()
    cannot_answer(monkeypatch, "internal", session="s-nobody-knows")
    replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))
    before = len(replaying.office.platform.requests())

    for _ in range(90):
        replaying.serve()
        replaying.office.let_pass(2.1)
        replaying.office.be_patient()  # as after any answer to somebody else

    assert len(replaying.office.platform.requests()) - before == 4


@pytest.mark.parametrize("hours", [1, 5])
def test_a_replay_that_ringcentral_has_had_no_answer_for_in_a_day_ends_and_says_so(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    replaying.resolved()
    cannot_answer(monkeypatch, "internal", session="s-nobody-knows")
    asked = replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))

    for _ in range(0, 24, hours):
        replaying.serve()
        assert not replaying.look(asked).is_over
        replaying.office.let_pass(hours * 3600)
        replaying.office.be_patient()
    replaying.serve()

    over = replaying.look(asked)
    assert (over.progress.state, over.progress.why, over.left) == (State.FAILED, "Unavailable CMN-203", 1)


def test_it_ends_after_a_day_also_where_the_clock_was_put_back_meanwhile(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved()
    cannot_answer(monkeypatch, "internal", session="s-nobody-knows")
    asked = replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))
    replaying.serve()

    replaying.office.redis.set(keys.TIDIED, replaying.office.now)
    replaying.office.let_pass(-DAY)
    be_due_earlier(replaying.redis, [ACCOUNT], now=replaying.office.now)
    for _ in range(26):
        replaying.office.let_pass(3600)
        replaying.office.be_patient()
        replaying.serve()

    assert replaying.look(asked).progress.state is State.FAILED


def raising(*errors: Exception) -> Any:
    """Make what raises one of these after the other."""
    left = iter(errors)

    def fail(*_: object, **_named: object) -> Any:
        raise next(left)

    return fail


def test_a_runner_that_is_to_stop_asks_for_no_further_page(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        replaying.resolved(number)
    monkeypatch.setattr(call_log, "PER_PAGE", 1)
    asked_for, pages = CallLog._page, list[int]()

    def until_one_came(self: CallLog, begin: datetime, end: datetime, share: Share, number: int, size: int) -> Any:
        pages.append(number)
        replaying.office.dependencies.stopping.set()
        return asked_for(self, begin, end, share, number, size)

    asked = replaying.ask(Level.REFETCH, since=replaying.office.now - DAY)
    with monkeypatch.context() as stopped:
        stopped.setattr(CallLog, "_page", until_one_came)
        replaying.serve()
    assert pages == [1]

    monkeypatch.setattr(replaying.office.dependencies.stopping, "_asked", False)
    assert replaying.finish(asked).progress.state is State.DONE


def test_a_while_in_which_nobody_asked_is_none_in_which_ringcentral_had_no_answer(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved()
    with monkeypatch.context() as hiccups:
        cannot_answer(hiccups, "internal", session="s-nobody-knows")
        asked = replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))
        replaying.serve()
        replaying.office.let_pass(2 * DAY)  # all was stopped
        replaying.office.be_patient()
        replaying.serve()

    replaying.office.be_patient()
    assert replaying.finish(asked).progress.state is State.DONE


def test_what_is_not_sent_ends_no_replay_though_ringcentral_had_no_answer_a_day_ago(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved()
    asked = replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))
    for error in (Unavailable("no answer", status=500), NotSent("no connection")):
        with monkeypatch.context() as hiccups:
            hiccups.setattr(CallLog, "by_telephony_session_id", raising(error))
            replaying.serve()
        replaying.office.let_pass(DAY + 60)

    assert replaying.finish(asked).progress.state is State.DONE


def test_while_it_waits_for_the_budget_now_and_then_a_replay_without_an_answer_gets_on_with_nothing(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaying.resolved()
    asked = replaying.ask(Level.REFETCH, calls=("s-nobody-knows",))
    no_answer, no_budget = Unavailable("no answer", status=500), RateLimited("no budget", retry_after=1.0)

    monkeypatch.setattr(CallLog, "by_telephony_session_id", raising(*[no_answer, no_budget] * 13))
    for _ in range(26):
        replaying.serve()
        replaying.office.let_pass(3600)

    assert replaying.look(asked).progress.state is State.FAILED


@pytest.mark.parametrize("level", [Level.REFETCH, Level.BACKFILL])
def test_the_past_has_its_turn_once_its_patience_is_over_though_live_calls_take_whatever_they_can(
    replaying: ReplayOffice, level: Level
) -> None:
    office = replaying.office
    budget = Budget(office.redis, ACCOUNT, clock=lambda: office.now)
    office.dependencies._budgets[ACCOUNT] = budget
    many = tuple(f"s-nobody-knows-{number}" for number in range(HANDFUL + 1))
    chosen: dict[str, Any] = {"since": office.now - 3600} if level is Level.BACKFILL else {"calls": many}
    while not budget.take(Group.HEAVY, Share.LIVE):
        office.let_pass(1)
    asked = replaying.ask(level, **chosen)
    began, pace = office.now, budget.left(Group.HEAVY).interval

    while not replaying.look(asked).progress.requests and office.now < began + 120:
        if (office.next_bell(Stage.REPLAY) or 0.0) <= 0:
            replaying.serve()
        budget.take(Group.HEAVY, Share.LIVE)
        office.let_pass(0.2)

    assert office.now - began < ((RULES[Share.BACKFILL].patience or 0) + 2) * pace


@pytest.mark.parametrize("level", [Level.REFETCH, Level.BACKFILL])
def test_credentials_that_are_not_accepted_for_a_day_end_no_replay(replaying: ReplayOffice, level: Level) -> None:
    replaying.resolved()
    asked = replaying.ask(level, since=replaying.office.now - DAY)
    with_jwt(replaying.office, "a typing mistake")
    for _ in range(30):
        replaying.serve()
        replaying.office.let_pass(3600)
        replaying.office.be_patient()
    waiting = replaying.look(asked).progress
    assert (waiting.state, (waiting.why or "").split()[0], waiting.unanswered) == (
        State.RUNNING,
        "BrokenConfiguration",
        (),
    )

    with_jwt(replaying.office, USER_JWT)

    assert replaying.finish(asked).progress.state is State.DONE


def test_a_call_that_a_later_version_wrote_down_is_left_as_it_is_and_holds_no_replay_up(
    replaying: ReplayOffice,
) -> None:
    call, other = replaying.resolved(), replaying.resolved(1)
    replaying.office.show(the_record(other, id=f"R{other.telephony_session_id[-10:]}", result="Voicemail"))
    resolution = keys.resolution(ACCOUNT, call.telephony_session_id)
    replaying.redis.set(resolution, b"\x7f who knows")

    done = replaying.run(Level.REFETCH, calls=(call.telephony_session_id, other.telephony_session_id))

    assert (done.progress.state, done.left, done.changed) == (State.DONE, 0, 1)
    assert replaying.redis.get(resolution) == b"\x7f who knows"
    assert not replaying.office.is_due(call)


def test_one_that_only_a_later_version_can_read_is_left_to_it_and_holds_up_no_other(replaying: ReplayOffice) -> None:
    replaying.resolved()
    later = replaying.ask(Level.REFETCH, since=0.0)
    record = keys.replay(ACCOUNT, later.id)
    replaying.redis.hset(record, "asked", b'{"level":"recount"}')

    ours = replaying.run(Level.DELIVER, since=0.0)

    assert ours.progress.state is State.DONE
    assert replaying.redis.hget(record, "asked") == b'{"level":"recount"}'
    left_until = replaying.redis.zscore(keys.replays_due(ACCOUNT), later.id)
    assert left_until is not None
    assert 0 < left_until - replaying.office.now <= LEFT_SECONDS


@pytest.mark.parametrize("level", [Level.DELIVER, Level.REFETCH])
def test_an_event_that_only_a_later_version_can_read_holds_no_replay_up(replaying: ReplayOffice, level: Level) -> None:
    call, _ = replaying.resolved(), replaying.resolved(1)
    destinations.create(replaying.redis, Draft(url="https://crm.example/hook"), keys=())
    place = replaying.redis.xadd(keys.OUTCOMES, {"account": ACCOUNT, "event": b'{"data": {"outcome": "beamed"}}'})
    replaying.redis.hset(keys.revisions(ACCOUNT, call.telephony_session_id), "1", place)

    by_time = replaying.run(level, since=0.0)
    by_id = replaying.run(level, calls=(call.telephony_session_id,))

    assert [(one.progress.state, one.progress.total) for one in (by_time, by_id)] == [(State.DONE, 1), (State.DONE, 0)]


def test_notifications_are_folded_anew_by_the_rules_of_today(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ivr_call().ending_at(replaying.office.now)
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "TERMINAL_CODES", frozenset({"gone"}))  # a rule by which this call never ends
        replaying.office.ended(call)
        assert replaying.office.published(call) == []
    replaying.office.let_pass(60)

    replaying.run(Level.REFETCH, calls=(call.telephony_session_id,))
    stored = replaying.redis.get(keys.session(ACCOUNT, call.telephony_session_id))
    replaying.run(Level.RAW, dry_run=True, calls=(call.telephony_session_id,))
    assert replaying.redis.zcard(keys.quiet(ACCOUNT)) == 0
    assert replaying.redis.get(keys.session(ACCOUNT, call.telephony_session_id)) == stored
    replaying.redis.delete(keys.BELLS, keys.rung(ACCOUNT, Stage.TRACK))
    replaying.run(Level.RAW, calls=(call.telephony_session_id,))
    assert (replaying.office.next_bell(Stage.TRACK) or 1e9) <= replaying.office.settings.quiet_seconds
    replaying.office.let_pass(replaying.office.settings.quiet_seconds)
    replaying.office.track()

    assert [event.data.revision for event in replaying.office.published(call)] == [0]


def test_a_session_that_is_folded_anew_is_found_by_all_it_says_now(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ivr_call().ending_at(replaying.office.now)
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "TERMINAL_CODES", frozenset({"gone"}))
        replaying.office.ended(call)
    replaying.redis.delete(*replaying.redis.scan_iter(keys.calls_by(ACCOUNT, "*", "*")))  # as if nothing of it was said

    replaying.run(Level.RAW, calls=(call.telephony_session_id,))
    replaying.office.let_pass(replaying.office.settings.quiet_seconds)
    replaying.office.track()

    (event,) = replaying.office.published(call)
    for term in search_terms.of_event(event.data):
        assert replaying.redis.zscore(keys.calls_by(ACCOUNT, *term), call.telephony_session_id) is not None


def test_a_session_is_not_folded_anew_from_less_than_was_heard(replaying: ReplayOffice) -> None:
    call = replaying.resolved()
    before = replaying.redis.get(keys.session(ACCOUNT, call.telephony_session_id))
    replaying.redis.xtrim(keys.inbox(ACCOUNT), maxlen=2, approximate=False)

    done = replaying.run(Level.RAW, calls=(call.telephony_session_id,))

    assert done.changed == 0
    assert replaying.redis.get(keys.session(ACCOUNT, call.telephony_session_id)) == before


def test_a_replay_whose_runner_is_killed_goes_on_and_tells_nothing_twice(
    replaying: ReplayOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [replaying.resolved(number) for number in range(3)]
    for call in calls:
        replaying.office.show(the_record(call, id=f"R{call.telephony_session_id[-10:]}", result="Missed"))
    asked = replaying.ask(Level.REFETCH, since=0.0)
    monkeypatch.setattr(replay_errand, "TOGETHER", 1)
    keep, times = replay_errand.Errand.keep, iter(range(10))

    def killed(errand: replay_errand.Errand) -> None:
        if next(times) == 2:
            raise KeyboardInterrupt
        keep(errand)

    monkeypatch.setattr(replay_errand.Errand, "keep", killed)
    with pytest.raises(KeyboardInterrupt):
        replaying.finish(asked)  # its first turn may find the budget spent
    assert 0 < replaying.look(asked).left < len(calls)
    done = replaying.finish(asked)

    assert (done.changed, done.left) == (3, 0)
    assert [len(replaying.office.outcomes(call)) for call in calls] == [2, 2, 2]
