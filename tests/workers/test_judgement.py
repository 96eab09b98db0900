"""The judgement of one call: when its record counts, when it is waited for, and that it keeps no other waiting."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from runtime import keys, lifetimes
from telephony import ringout_link
from telephony.events import Trigger
from telephony.fetch_plan import Feed
from telephony.records import CallLogRecord, Recording
from telephony.words import Outcome
from tests.builders.call_log import a_leg
from tests.builders.calls import Call, ivr_call, ringout_call
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, an_ended_call, look, the_record
from workers import resolve
from workers.resolving import casebook
from workers.resolving.judgement import GRACE_SECONDS, PUT_ASIDE_SECONDS

DAY = 86400.0


def spoil_what_was_published(office: Office, call: Call, entry: dict[Any, Any]) -> bytes:
    """Have the log hold something else where it held the call's first revision; give its place."""
    place = cast("bytes", office.redis.xadd(keys.OUTCOMES, entry))
    office.redis.hset(keys.revisions(ACCOUNT, call.telephony_session_id), "1", place)
    office.redis.xtrim(keys.OUTCOMES, minid=place.decode(), approximate=False)
    return place


def test_a_record_that_was_there_before_the_end_was_told_counts_when_it_is(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:-1])
    office.track()
    office.show(the_record(call))
    office.resolve()
    office.hear(call.bodies[-1])
    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()
    office.let_pass(office.settings.settle_seconds)
    look(office)

    (event,) = office.outcomes(call)
    assert (event.data.outcome, event.data.trigger) == (Outcome.ANSWERED, Trigger.WEBHOOK)


def test_a_call_nobody_told_of_is_given_time_for_its_notifications_to_come(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.show(the_record(call))
    wait = office.settings.quiet_seconds + office.settings.settle_seconds + GRACE_SECONDS

    office.resolve()
    assert office.is_due(call)
    office.let_pass(wait - 10)
    office.resolve()
    assert office.published(call) == []
    office.let_pass(10)
    office.resolve()

    assert [event.data.trigger for event in office.published(call)] == [Trigger.RECONCILE]


def test_a_call_older_than_the_retention_is_not_taken_up(office: Office) -> None:
    call = ivr_call().ending_at(office.now - office.settings.retention_seconds - MINUTE)
    office.show(the_record(call))

    look(office, times=6)

    assert office.published(call) == []


def test_a_call_that_is_gone_by_a_shorter_retention_is_not_told_again_by_a_longer_one(an_office: MakeOffice) -> None:
    office = an_office(retention_seconds=DAY)
    call = an_ended_call(office)
    office.show(the_record(call))
    look(office)
    for longer in (DAY, 30 * DAY):
        lifetimes.note(office.redis, longer, now=office.now)
    office.settings = office.dependencies.settings = msgspec.structs.replace(
        office.settings, retention_seconds=30 * DAY
    )
    office.let_pass(2 * DAY)
    of_call = (keys.session, keys.resolution, keys.revisions, keys.records)
    office.redis.delete(*(build(ACCOUNT, call.telephony_session_id) for build in of_call))  # their time to live is over

    office.show(the_record(call, result="Missed"))
    look(office, times=6)

    assert len(office.outcomes(call)) == 1


def test_a_final_record_that_becomes_less_so_takes_nothing_back(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))
    look(office)
    office.show(the_record(call, result="In Progress"))

    look(office, times=20)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.ANSWERED]
    assert not office.is_due(call)


def test_a_resolved_call_that_went_on_and_whose_record_is_being_rewritten_is_not_given_up(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call))
    look(office)
    last = call.documents[-1]
    party = last["body"]["parties"][0] | {"id": f"p-{call.telephony_session_id}-9"}
    late = last["body"] | {"sequence": 13, "parties": [party | {"status": {"code": "Answered"}}]}
    gone = last["body"] | {"sequence": 14, "parties": [party]}
    office.show(the_record(call, result="In Progress"))
    for body in (late, gone):
        office.hear(msgspec.json.encode(last | {"body": body}))
        office.track()
        office.let_pass(office.settings.quiet_seconds)
        office.track()

    look(office, times=20)

    assert [event.data.outcome for event in office.outcomes(call)] == [Outcome.ANSWERED]


def test_at_the_deadline_a_record_that_is_not_final_is_told_unconfirmed(office: Office) -> None:
    call = an_ended_call(office)
    office.show(msgspec.structs.replace(the_record(call), duration=None))
    look(office, times=18)

    ended, event = office.published(call)
    assert (event.data.result, event.data.confirmed) == ("Accepted", False)
    assert event.data.end_time == ended.data.end_time is not None
    assert event.data.duration_seconds == ended.data.duration_seconds is not None


@pytest.mark.parametrize(
    "written_mid_call",
    [
        lambda call: the_record(call, result="In Progress"),
        lambda call: the_record(call, a_leg("PstnToSip", "Stopped"), result="Stopped", direction="Outbound"),
        lambda call: the_record(call, finished=False),
    ],
    ids=["in progress", "mid-call shape of a queue call", "not finished"],
)
def test_at_the_deadline_a_record_that_was_written_during_the_call_tells_nothing(
    office: Office, written_mid_call: Callable[[Call], CallLogRecord]
) -> None:
    call = an_ended_call(office)
    office.show(written_mid_call(call))
    look(office, times=18)

    (event,) = office.outcomes(call)
    assert (event.data.outcome, event.data.confirmed) == (Outcome.UNRESOLVED, False)
    assert (event.data.direction, event.data.record_ids) == ("Inbound", ())


def test_a_correction_says_only_what_differs_from_the_revision_before(office: Office) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, result="Missed"))
    look(office)
    office.show(the_record(call))
    look(office, times=2)
    office.show(the_record(call, recording=Recording("R1")))
    look(office, times=6)

    assert [event.data.changed for event in office.outcomes(call)][2] == ("recordings",)


@pytest.mark.parametrize(
    "entry", [{"event": "{", "account": ACCOUNT}, {"event": "{"}], ids=["no event", "no entry of ours"]
)
def test_a_call_that_cannot_be_judged_is_put_aside_and_keeps_no_other_waiting(
    office: Office, entry: dict[str, str]
) -> None:
    poison, other = an_ended_call(office), an_ended_call(office)
    office.show(the_record(poison, id="A1"))
    look(office)
    place = spoil_what_was_published(office, poison, entry)
    office.show(the_record(poison, id="A1", recording=Recording("R1")))
    office.show(the_record(other, id="A2"))

    look(office, every=0)

    due = office.redis.zscore(keys.due(ACCOUNT), poison.telephony_session_id)
    assert due is not None
    assert PUT_ASIDE_SECONDS / 2 < due - office.now <= PUT_ASIDE_SECONDS
    office.redis.xdel(keys.OUTCOMES, place)
    assert [event.data.outcome for event in office.outcomes(other)] == [Outcome.ANSWERED]


def test_a_call_of_which_a_part_was_shown_keeps_its_place_until_all_of_it_was_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = an_ended_call(office)
    office.show(the_record(call, id="A1"))
    office.show(the_record(call, id="A2"))
    look(office)
    office.redis.delete(keys.records(ACCOUNT, call.telephony_session_id))  # their time is over
    office.show(the_record(call, id="A1", result="Voicemail"))
    monkeypatch.setattr(resolve, "plan", lambda *_, lane, **__: (Feed(lane),))

    look(office, times=3)  # till it is looked at again
    since = office.redis.zscore(keys.due(ACCOUNT), call.telephony_session_id)
    look(office)

    assert since is not None
    assert office.redis.zscore(keys.due(ACCOUNT), call.telephony_session_id) == since

    monkeypatch.undo()
    look(office, times=2)

    assert [sorted(event.data.record_ids) for event in office.outcomes(call)] == [["A1", "A2"], ["A1", "A2"]]
    assert not office.is_due(call)


def test_a_ringout_of_which_nothing_can_be_made_keeps_no_other_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casebook, "sighting", lambda *_: 1 / 0)
    monkeypatch.setattr(ringout_link, "sighting", lambda *_: 1 / 0)
    poison, other = an_ended_call(office, ringout_call), an_ended_call(office)
    office.show(the_record(poison, id="A1"))
    office.show(the_record(other, id="A2"))

    look(office, every=0)

    assert office.outcomes(poison) == []
    assert [event.data.outcome for event in office.outcomes(other)] == [Outcome.ANSWERED]


def test_first_looks_come_when_most_records_of_the_account_are_there(office: Office) -> None:
    assert office.redis.get(keys.first_wait(ACCOUNT)) is None
    for number in range(3):
        call = an_ended_call(office)
        office.let_pass(17)
        office.show(the_record(call, id=f"A{number}"))
        look(office)

    wait = float(office.redis.get(keys.first_wait(ACCOUNT)) or 0)
    assert 30 <= wait < 45  # 3 of quiet, 10 until the first look, 17 more; and what the test itself takes
