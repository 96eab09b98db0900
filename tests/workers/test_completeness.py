"""Completeness, held against calls that really went through the stages, and against losses planted by hand."""

import argparse
from typing import Self

import msgspec
import pytest

from runtime import audit, completeness, keys, ledger, operator_log
from runtime.audit import Hour
from runtime.completeness import Completeness
from scripts import audit as audit_command
from scripts.terminal.audit_report import report
from scripts.terminal.place import Place
from telephony.completeness import Standing
from telephony.operator_events import What
from telephony.records import CallLogRecord
from tests.builders.calls import Call, ivr_call, queue_call
from tests.scripts.commands import run, run_here
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, an_ended_call, look, the_record
from workers import upkeep
from workers.housekeeping import completeness as checking

HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNEXPLAINED = What.COMPLETENESS_UNEXPLAINED


def count(office: Office, *, fresh: bool = True) -> Hour:
    """Count all calls of the last two days."""
    now = office.now
    return audit.total(audit.hours(office.redis, ACCOUNT, since=now - 48 * HOUR, until=now, fresh=fresh))


def standings(office: Office) -> dict[Standing, int]:
    return {place: number for place, number in count(office).standings.items() if number}


def check(office: Office) -> None:
    office.let_pass(30 * MINUTE)  # however busy this machine is: counting takes its share of time only
    checking.check(office.redis, ACCOUNT, retention=office.settings.retention_seconds)


def a_resolved_call(office: Office) -> Call:
    call = an_ended_call(office)
    office.show(the_record(call, id=call.telephony_session_id[-8:]))
    look(office)
    return call


def unheard(office: Office, **fields: object) -> CallLogRecord:
    """Build the record of a call nobody told of."""
    return the_record(ivr_call().ending_at(office.now), **fields)  # type: ignore[arg-type]  # fields


def test_all_hours_are_counted_however_many_there_are(office: Office) -> None:
    now = office.now
    for number, ago in enumerate((0.0, 1001 * HOUR, 2500 * HOUR)):
        office.redis.zadd(keys.calls(ACCOUNT), {f"s-{number}": now - ago})

    hours = list(audit.hours(office.redis, ACCOUNT, since=now - 2500 * HOUR, until=now))

    assert len(hours) == 2501
    assert [place for place, hour in enumerate(hours) if hour.known] == [0, 1499, 2500]


def test_a_call_is_in_one_place_at_each_moment_of_its_life(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    seen = []

    office.hear(*call.bodies[:3])
    office.track()
    seen.append(standings(office))
    office.ended(call)
    seen.append(standings(office))
    office.show(the_record(call))
    look(office)
    seen.append(standings(office))

    assert seen == [{Standing.OPEN: 1}, {Standing.WAITING: 1}, {Standing.PUBLISHED: 1}]
    assert (count(office).known, count(office).in_log, count(office).triggers) == (1, 1, {"webhook": 1})


def test_a_call_only_the_log_told_of_is_known_from_the_moment_it_was_shown(office: Office) -> None:
    office.resolve()
    office.let_pass(6 * MINUTE)
    office.show(unheard(office))
    office.resolve()
    assert (standings(office), count(office).in_log) == ({Standing.WAITING: 1}, 1)

    look(office, times=6)

    assert (standings(office), count(office).triggers) == ({Standing.PUBLISHED: 1}, {"reconcile": 1})


def test_a_call_that_the_log_shows_going_on_is_open_though_nobody_told_of_it(office: Office) -> None:
    office.resolve()
    office.let_pass(6 * MINUTE)
    office.show(unheard(office, result="In Progress"))

    office.resolve()

    assert standings(office) == {Standing.OPEN: 1}


def test_what_the_log_showed_is_asked_for_again_where_it_was_forgotten_before_its_time(office: Office) -> None:
    office.resolve()
    office.let_pass(6 * MINUTE)
    record = unheard(office)
    office.show(record)
    office.resolve()
    assert standings(office) == {Standing.WAITING: 1}
    office.redis.delete(keys.records(ACCOUNT, str(record.telephony_session_id)))  # as after half an hour's stop

    look(office, times=6)

    assert standings(office) == {Standing.PUBLISHED: 1}


def test_a_call_that_was_given_up_is_unresolved(an_office: MakeOffice) -> None:
    office = an_office(record_deadline_seconds=60.0)
    an_ended_call(office)

    look(office, times=4)

    assert standings(office) == {Standing.UNRESOLVED: 1}


def test_the_identity_holds_over_calls_in_all_places(office: Office) -> None:
    a_resolved_call(office)
    an_ended_call(office, queue_call)
    office.hear(*(body.replace(b"s-", b"s-x") for body in ivr_call().ending_at(office.now).bodies[:2]))
    office.track()

    found = count(office)

    assert found.known == 3
    assert sum(found.standings.values()) == found.known == found.explained


@pytest.mark.parametrize("lost", [keys.resolution, keys.revisions])
def test_a_loss_is_noticed_and_named(office: Office, lost: object) -> None:
    call = a_resolved_call(office)
    office.redis.delete(lost(ACCOUNT, call.telephony_session_id))  # type: ignore[operator]  # a builder of keys

    (one,) = count(office).unexplained

    assert one.telephony_session_id == call.telephony_session_id
    assert "it" in one.because


def test_a_call_that_nobody_waits_for_is_taken_up_again_and_nobody_is_told(office: Office) -> None:
    call = an_ended_call(office)
    office.redis.zrem(keys.due(ACCOUNT), call.telephony_session_id)
    assert standings(office) == {Standing.UNEXPLAINED: 1}
    office.show(the_record(call))

    check(office)
    look(office)
    check(office)

    assert standings(office) == {Standing.PUBLISHED: 1}
    assert operator_log.alerts(office.redis) == ()


def test_what_does_not_heal_is_told_once_and_cleared_when_it_is_over(office: Office) -> None:
    call = a_resolved_call(office)
    kept = office.redis.dump(keys.revisions(ACCOUNT, call.telephony_session_id))
    assert kept is not None
    office.redis.delete(keys.revisions(ACCOUNT, call.telephony_session_id))
    for _ in range(3):
        check(office)
    (alert,) = operator_log.alerts(office.redis)
    assert (alert.what, list(alert.details)) == (UNEXPLAINED, [call.telephony_session_id])
    last = completeness.last(office.redis, ACCOUNT)
    assert last is not None
    assert last.calls.count(Standing.UNEXPLAINED) == 1

    office.redis.restore(keys.revisions(ACCOUNT, call.telephony_session_id), 0, kept)
    check(office)

    assert operator_log.alerts(office.redis) == ()


def test_it_is_counted_again_though_redis_s_clock_was_put_back(office: Office) -> None:
    completeness.keep(office.redis, ACCOUNT, Completeness(office.now + DAY, 0.0, Hour(0.0)))
    a_resolved_call(office)

    check(office)

    last = completeness.last(office.redis, ACCOUNT)
    assert last is not None
    assert last.calls.known == 1


def test_what_a_later_version_wrote_of_a_call_is_no_loss_where_the_log_has_its_outcome(office: Office) -> None:
    call = a_resolved_call(office)
    office.redis.set(keys.resolution(ACCOUNT, call.telephony_session_id), b"\x7f who knows")

    assert standings(office) == {Standing.PUBLISHED: 1}


def test_what_is_erased_stays_in_the_counts(office: Office) -> None:
    call = a_resolved_call(office)
    one = call.telephony_session_id
    office.redis.delete(keys.resolution(ACCOUNT, one), keys.revisions(ACCOUNT, one), keys.session(ACCOUNT, one))

    office.redis.execute_command(*ledger.suppressed(ACCOUNT, one, "erased"))  # type: ignore[no-untyped-call]

    assert standings(office) == {Standing.SUPPRESSED: 1}


def test_an_hour_that_is_over_is_counted_once_until_a_call_is_added_to_it(office: Office) -> None:
    a_resolved_call(office)
    office.let_pass(4 * HOUR)
    assert count(office, fresh=False).known == 1
    (kept,) = office.redis.hvals(keys.audited(ACCOUNT))
    late = ivr_call().ending_at(office.now - 4 * HOUR).telephony_session_id + "-late"

    for command in ledger.listed(ACCOUNT, {late: office.now - 4 * HOUR - MINUTE}):
        office.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    assert b'"known":1' in kept
    assert count(office, fresh=False).known == 2


def test_bodies_no_notification_can_be_read_from_are_counted_by_their_hour(office: Office) -> None:
    office.hear(b"{", b"no")
    office.track()

    assert count(office).quarantined == 2


def test_the_report_names_what_is_missing_and_sums_up(office: Office) -> None:
    call = a_resolved_call(office)
    office.redis.delete(keys.revisions(ACCOUNT, call.telephony_session_id))

    text = "\n".join(report({ACCOUNT: [count(office)]}))

    assert f"unexplained: {call.telephony_session_id}: it is resolved" in text
    assert "0 of 1 calls accounted for: SOME ARE NOT" in text


def test_the_command_says_by_its_exit_code_whether_every_call_is_accounted_for(redis_url: str, office: Office) -> None:
    began = {"s-1": office.now - 60}
    office.redis.zadd(keys.calls("default"), began)
    office.redis.zadd(keys.due("default"), began)
    well = run("audit.py", "--json", redis_url=redis_url)
    office.redis.delete(keys.due("default"))

    ill = run_here("audit.py", redis_url=redis_url)

    assert (well.returncode, ill.returncode) == (0, 1), ill.stderr
    assert '"waiting":1' in well.stdout
    assert "unexplained: s-1" in ill.stdout


def test_calls_that_are_gone_by_a_shorter_retention_are_not_missed_by_a_longer_one(an_office: MakeOffice) -> None:
    office = an_office(retention_seconds=DAY)
    call = a_resolved_call(office)
    upkeep.serve(ACCOUNT)
    office.settings = office.dependencies.settings = msgspec.structs.replace(
        office.settings, retention_seconds=30 * DAY
    )
    office.let_pass(upkeep.UPKEEP_SECONDS)
    upkeep.serve(ACCOUNT)
    office.let_pass(2 * DAY)
    of_call = (keys.session, keys.resolution, keys.revisions, keys.records)
    office.redis.delete(*(build(ACCOUNT, call.telephony_session_id) for build in of_call))  # their time to live is over

    upkeep.serve(ACCOUNT)

    counted = completeness.last(office.redis, ACCOUNT)
    assert counted is not None
    assert counted.calls.known == 0
    assert not office.is_due(call)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_call_that_began_before_anything_is_kept_is_not_missed_though_it_is_listed_still(
    office: Office, *, is_kept: bool
) -> None:
    call = a_resolved_call(office)
    upkeep.serve(ACCOUNT)
    office.let_pass(office.settings.retention_seconds - is_kept * audit.HOUR / 2)
    if not is_kept:  # its time to live is over, and upkeep has yet to come by
        of_call = (keys.session, keys.resolution, keys.revisions, keys.records)
        office.redis.delete(*(build(ACCOUNT, call.telephony_session_id) for build in of_call))

    counted = audit.total(audit.hours(office.redis, ACCOUNT, since=office.now - 8 * DAY, until=office.now))

    assert (counted.known, counted.explained) == (is_kept, is_kept)


def test_one_bar_counts_the_hours_of_all_accounts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    bars: list[Bar] = []

    def drawn(*, total: int, **_: object) -> Bar:
        bars.append(Bar(total))
        return bars[-1]

    monkeypatch.setattr(audit_command, "tqdm", drawn)
    options = argparse.Namespace(since=None, until=None)
    names = [f"account-{number}" for number in range(50)]

    found = audit_command._counted(Place(office.redis, office.settings), names, options)

    (bar,) = bars
    assert list(found) == names
    assert (bar.done, sum(map(len, found.values()))) == (bar.total, bar.total)


class Bar:
    """Stands for a progress bar, and draws none."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def set_description(self, *_: object, **__: object) -> None:
        """Do nothing."""

    def update(self) -> None:
        self.done += 1
