"""A call that has been silent for too long is looked up, and closed, or kept with the reason."""

import msgspec

from runtime import guarding, keys
from runtime.guarding import LONGEST_PATIENCE, Guarded, Silence
from telephony.events import Trigger
from telephony.words import Outcome
from tests.builders.calls import Call, ivr_call
from tests.simulator.waiting import wait_until
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, look, the_record

DAY = 86_400.0


def a_silent_call(office: Office) -> Call:
    """Have a call begin, and nothing more be heard of it for as long as is patient."""
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:6])
    office.track()
    office.let_pass(office.settings.silence_seconds + MINUTE)
    return call


def guard(office: Office) -> None:
    office.be_patient()
    office.guard()


def found(office: Office, call: str | Call) -> str:
    one = call if isinstance(call, str) else call.telephony_session_id
    silence = guarding.silence(office.redis, ACCOUNT, one)
    return silence.found if silence else ""


def test_a_call_that_is_over_is_closed_with_its_record(office: Office) -> None:
    call = a_silent_call(office)
    office.show(the_record(call))
    office.platform.fault("forbid", endpoint="call-log-extract-sync")
    office.platform.fault("forbid", endpoint="call-log-sync")

    guard(office)
    assert "does not know the call any more" in found(office, call)
    look(office)
    guard(office)

    (event,) = office.published(call)
    assert (event.data.outcome, event.data.trigger) == (Outcome.ANSWERED, Trigger.RECONCILE)
    assert found(office, call) == ""


def test_a_call_without_a_record_is_taken_as_ended_and_given_up(office: Office) -> None:
    call = a_silent_call(office)

    for _ in range(4):
        guard(office)
        office.track()
        look(office)

    assert [event.data.outcome for event in office.published(call)][1:] == [Outcome.UNRESOLVED]
    assert office.published(call)[0].data.revision == 0


def test_a_call_that_goes_on_is_kept_with_the_reason_and_looked_up_again_later(office: Office) -> None:
    (one,) = office.platform.play(count=1, scenario="inbound_direct_answered", speed=0.01)
    wait_until(lambda: office.platform._box.player.find(one) is not None, 5)
    call = ivr_call().ending_at(office.now)
    office.hear(*(body.replace(call.telephony_session_id.encode(), one.encode()) for body in call.bodies[:6]))
    office.track()
    office.redis.zadd("legwork:{acme}:open", {one: office.now - office.settings.silence_seconds - MINUTE})
    before = len(office.platform.requests())

    guard(office)
    first = len(office.platform.requests()) - before
    guard(office)

    assert "it goes on" in found(office, one)
    assert len(office.platform.requests()) - before - first <= 1  # the subscription alone
    assert not office.is_due(one)


def test_a_call_that_ringcentral_cannot_tell_of_keeps_no_other_waiting(office: Office) -> None:
    poison, other = a_silent_call(office), a_silent_call(office)
    guarding.keep(office.redis, ACCOUNT, Guarded(next_at=office.now + LONGEST_PATIENCE))  # no look at the subscription
    office.platform.fault("answer_status", group="light", status=500, count=1)

    guard(office)
    office.let_pass(MINUTE)
    guard(office)

    assert "cannot say" in found(office, poison)
    assert (office.is_due(poison), office.is_due(other)) == (False, True)
    office.let_pass(office.settings.silence_seconds)
    guard(office)
    assert office.is_due(poison)


def test_after_a_gap_the_calls_that_were_open_before_it_are_looked_up_soon(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:6])
    office.track()
    office.let_pass(MINUTE)
    guarding.keep(office.redis, ACCOUNT, Guarded(doubtful_before=office.now))
    office.let_pass(2 * MINUTE)

    guard(office)

    assert office.is_due(call)


def test_a_call_looked_at_before_the_clock_was_put_back_is_looked_at_again(office: Office) -> None:
    call = a_silent_call(office)
    later = Silence(office.now + DAY, "RingCentral says that it goes on: Answered", office.now + DAY + MINUTE)
    office.redis.hset(keys.silences(ACCOUNT), call.telephony_session_id, msgspec.json.encode(later))

    guard(office)

    assert "does not know" in found(office, call)


def test_a_subscription_that_was_left_alone_before_the_clock_was_put_back_is_looked_at_again(office: Office) -> None:
    guarding.keep(office.redis, ACCOUNT, Guarded(next_at=office.now + DAY))

    assert office.guard().checked_at is not None
