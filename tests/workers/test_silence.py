"""A call that has been silent for too long is looked up, and closed, or kept with the reason."""

import msgspec
import pytest
from redis import Redis

from runtime import bells, guarding, keys
from runtime.bells import Stage
from runtime.guarding import LONGEST_PATIENCE, Guarded, Silence
from telephony.events import Trigger
from telephony.words import Outcome
from tests.builders.calls import Call, ivr_call
from tests.simulator.waiting import wait_until
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, look, the_record
from workers.housekeeping.silence import AGAIN_SECONDS, AT_ONCE, SHORTEST_SECONDS, Silences
from workers.ringcentral.errors import Forbidden, NotFound, NotSent, Refused, RingCentralError, Unavailable
from workers.ringcentral.telephony_sessions import SessionParty, TelephonySession, TelephonySessions, _Status

DAY = 86_400.0
NOW = 1_772_442_000.0
SILENCE = 4 * 3600.0


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


class Answering(TelephonySessions):
    """Stands for RingCentral, which says the same of every call."""

    def __init__(self, answer: RingCentralError | tuple[str, ...]) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def get(self, telephony_session_id: str) -> TelephonySession:
        self.asked.append(telephony_session_id)
        if isinstance(self._answer, RingCentralError):
            raise self._answer
        return TelephonySession(telephony_session_id, tuple(SessionParty(_Status(code)) for code in self._answer))


def silent(redis: Redis, count: int = 1, *, seconds: float = SILENCE + MINUTE) -> list[str]:
    """Have so many calls been silent for so long, the first for longest."""
    ids = [f"s-{number:03}" for number in range(count)]
    redis.zadd(keys.open_sessions(ACCOUNT), {one: NOW - seconds + place / 1000 for place, one in enumerate(ids)})
    return ids


def silences(redis: Redis, answers: Answering, *, seconds: float = SILENCE) -> Silences:
    return Silences(redis, ACCOUNT, answers, silence_seconds=seconds)


@pytest.mark.parametrize(
    ("answer", "found", "gone"),
    [
        (NotFound("no such session"), "RingCentral does not know the call any more; the call log is asked", True),
        (
            Unavailable("in a proxy's words", status=404),
            "RingCentral does not know the call any more; the call log is asked",
            True,
        ),
        (Forbidden("CallControl"), "RingCentral does not say how the call stands; the call log is asked", True),
        (Refused("bad"), "RingCentral does not say how the call stands; the call log is asked", True),
        (
            Unavailable("not offered", status=501),
            "RingCentral does not say how the call stands; the call log is asked",
            True,
        ),
        (("Disconnected", "GONE"), "RingCentral says that all parties have left; the call log is asked", True),
        (("Disconnected", "Hold"), "RingCentral says that it goes on: Disconnected, Hold", False),
        ((), "RingCentral says that it goes on: with nobody in it", False),
    ],
)
def test_what_ringcentral_says_of_a_silent_call_is_kept_and_of_one_that_is_over_the_call_log_is_asked(
    redis: Redis, answer: RingCentralError | tuple[str, ...], found: str, *, gone: bool
) -> None:
    (one,) = silent(redis)

    assert silences(redis, Answering(answer)).look(Guarded(), now=NOW) == 1

    pause = AGAIN_SECONDS if gone else SILENCE / 4
    assert guarding.silence(redis, ACCOUNT, one) == Silence(NOW, found, NOW + pause, gone=gone)
    assert (redis.zscore(keys.due(ACCOUNT), one) is not None) is gone
    assert (redis.zscore(keys.BELLS, bells.member(Stage.RESOLVE, ACCOUNT)) is not None) is gone


def test_however_short_the_silence_a_call_that_goes_on_is_left_alone_for_a_minute(redis: Redis) -> None:
    (one,) = silent(redis)

    silences(redis, Answering(("Answered",)), seconds=120.0).look(Guarded(), now=NOW)

    noted = guarding.silence(redis, ACCOUNT, one)
    assert noted is not None
    assert noted.next_at == NOW + SHORTEST_SECONDS


def test_many_silent_calls_are_looked_up_a_few_at_a_time_and_each_comes_to_its_turn(redis: Redis) -> None:
    ids, answers = silent(redis, AT_ONCE + 5), Answering(("Answered",))

    asked = [silences(redis, answers).look(Guarded(), now=NOW + second) for second in range(3)]

    assert asked == [AT_ONCE, 5, 0]
    assert answers.asked == ids


@pytest.mark.parametrize(
    ("error", "is_noted"),
    [
        (NotSent("no budget"), False),
        (NotSent("no token", status=404), False),
        (NotSent("no token", status=501), False),
        (Unavailable("500"), True),
    ],
)
def test_a_call_is_put_off_only_where_ringcentral_was_asked(
    redis: Redis, error: RingCentralError, *, is_noted: bool
) -> None:
    (one,) = silent(redis)

    with pytest.raises(type(error)):
        silences(redis, Answering(error)).look(Guarded(), now=NOW)

    assert (guarding.silence(redis, ACCOUNT, one) is not None) is is_noted


@pytest.mark.parametrize(
    ("heard_ago", "gap_ago", "asked"),
    [(600, None, 0), (600, 300, 1), (200, 300, 0), (600, 50, 0), (SILENCE + 1, 50, 1)],
)
def test_after_a_gap_calls_are_looked_up_that_were_not_heard_of_since_and_only_a_while_later(
    redis: Redis, heard_ago: float, gap_ago: float | None, asked: int
) -> None:
    silent(redis, seconds=heard_ago)
    guarded = Guarded(doubtful_before=None if gap_ago is None else NOW - gap_ago)

    assert silences(redis, Answering(("Answered",))).look(guarded, now=NOW) == asked


def test_what_was_found_of_a_call_that_is_open_no_more_is_forgotten(redis: Redis) -> None:
    over, on = silent(redis, 2)
    silences(redis, Answering(("Answered",))).look(Guarded(), now=NOW)
    redis.zrem(keys.open_sessions(ACCOUNT), over)

    silences(redis, Answering(("Answered",))).look(Guarded(), now=NOW + 1)

    assert redis.hkeys(keys.silences(ACCOUNT)) == [on.encode()]


def test_a_process_that_is_to_stop_asks_about_no_further_call(office: Office) -> None:
    call = a_silent_call(office)
    office.dependencies.stopping.set()

    guard(office)

    assert found(office, call) == ""


def test_a_call_that_waits_for_the_call_log_already_is_not_put_off(redis: Redis) -> None:
    (one,) = silent(redis)
    redis.zadd(keys.due(ACCOUNT), {one: NOW - 5})

    silences(redis, Answering(NotFound("no such session"))).look(Guarded(), now=NOW)

    assert redis.zscore(keys.due(ACCOUNT), one) == NOW - 5


@pytest.mark.parametrize(
    ("is_due", "is_tracked", "found", "pause"),
    [
        (True, True, "RingCentral does not know the call any more; the call log is asked", 0.0),
        (False, True, "the call log has no final record either; taken as ended", SILENCE),
        (False, False, "the call log does not call it final yet", SILENCE / 4),
    ],
)
def test_a_call_that_neither_ringcentral_nor_the_call_log_knows_is_ended_by_who_has_tracked_it(
    redis: Redis, found: str, pause: float, *, is_due: bool, is_tracked: bool
) -> None:
    (one,), answers, later = silent(redis), Answering(NotFound("no such session")), NOW + AGAIN_SECONDS
    silences(redis, answers).look(Guarded(), now=NOW)
    if is_tracked:
        redis.set(keys.session(ACCOUNT, one), b"what was heard")
    if not is_due:
        redis.zrem(keys.due(ACCOUNT), one)

    assert silences(redis, answers).look(Guarded(), now=later) == 0

    is_ended = is_tracked and not is_due
    noted = guarding.silence(redis, ACCOUNT, one)
    assert noted is not None
    assert (noted.found, noted.next_at) == (found, later + pause)
    assert (redis.zscore(keys.over(ACCOUNT), one), answers.asked) == (later if is_ended else None, [one])
    assert (redis.zscore(keys.BELLS, bells.member(Stage.TRACK, ACCOUNT)) is not None) is is_ended
