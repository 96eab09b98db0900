"""The deliver stage on a real server: what is sent, in which order, and what stays when it cannot be."""

from datetime import UTC, datetime

import msgspec
import pytest

from runtime import faults, keys
from runtime.clocks import redis_time
from runtime.deliveries import attempts, backlog, destinations, redrive, waiting
from runtime.deliveries.attempts import Blame
from runtime.deliveries.redrive import Redrive
from runtime.leases import Lease
from telephony.destinations import Changes, Destination, DestinationState, Include
from telephony.events import CallEvent, encode
from telephony.records import CallLogRecord
from telephony.times import iso_ms
from telephony.words import Outcome
from tests.builders.call_log import a_leg, a_record, an_accept_leg
from tests.deliver.conftest import Stage
from tests.fakes.killed import Killed
from tests.fakes.sender import Sent, delivered, forbidden, gone, refused
from tests.scripts.publishing import outcome_of, publish
from workers.delivering import delivery_view
from workers.delivering.charge import Health
from workers.destinations.breaker import FIRST_PAUSE, Breaker
from workers.destinations.verdicts import Answer, Verdict

A_MISSED_CALL = a_record(
    "Missed", an_accept_leg("Missed"), a_leg(result="Missed")
)  # told at once: nothing can be missing


def test_what_is_published_after_it_was_added_is_sent_to_a_destination(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-0"))
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    stage.run(destination)

    assert sorted(stage.sender.ids()) == ["s-1/1", "s-2/1"]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_the_body_is_the_event_as_it_was_published(stage: Stage) -> None:
    destination, event = stage.add(), outcome_of("s-1")
    publish(stage.redis, event)

    stage.run(destination)

    assert stage.sender.sent[0].body == encode(event)


def test_what_a_destination_does_not_want_is_passed_over(stage: Stage) -> None:
    destination = stage.add(outcomes=(Outcome.MISSED,))
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert not stage.sender.sent
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_history_that_is_only_written_down_is_sent_to_nobody_and_keeps_nothing_waiting(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"), deliver=False)
    publish(stage.redis, outcome_of("s-2"))

    stage.run(destination)

    assert stage.sender.ids() == ["s-2/1"]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_failed_is_sent_again_under_the_same_id_with_the_same_bytes(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)

    stage.sender.answer = lambda _: delivered()
    make_due(stage, destination)
    stage.run(destination)

    first, second = stage.sender.sent
    assert first == second
    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")] == ["temporary", "delivered"]


def test_a_later_revision_waits_for_the_earlier_one(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2))
    stage.run(destination)

    stage.sender.answer = lambda _: delivered()
    make_due(stage, destination)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1", "s-1/2"]


def test_a_later_revision_takes_the_place_of_one_that_was_never_delivered(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    for _ in range(waiting.REPLACED_AFTER):
        make_due(stage, destination)
        stage.run(destination)

    stage.sender.answer = lambda _: delivered()
    publish(stage.redis, revised("s-1", 2))
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"] * waiting.REPLACED_AFTER + ["s-1/2"]
    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")][-2:] == ["replaced", "delivered"]


def test_an_attempt_says_of_which_account_its_event_is(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda sent: refused() if sent.event_id == "s-1/1" else delivered()
    publish(stage.redis, outcome_of("s-1"), account="globex")
    for _ in range(waiting.REPLACED_AFTER - 1):
        stage.run(destination)
        make_due(stage, destination)
    publish(stage.redis, revised("s-1", 2), account="globex")
    stage.run(destination)
    make_due(stage, destination)
    stage.run(destination)

    kept = attempts.page(stage.redis, destination.id).items
    assert {one.verdict for one in kept} == {"temporary", "replaced", "delivered"}
    assert {one.account for one in kept} == {"globex"}


def test_a_call_that_fails_keeps_no_other_waiting(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda sent: refused() if sent.event_id == "s-1/1" else delivered()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    stage.run(destination)

    assert set(waiting.everything(stage.redis, destination.id)) == {"s-1"}


def test_what_is_refused_again_and_again_keeps_nothing_new_from_a_destination(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    destination = stage.add()
    stage.sender.answer = lambda sent: delivered() if sent.event_id == "s-3/1" else refused()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    for _ in range(waiting.REPLACED_AFTER):
        stage.run(destination)
        make_due(stage, destination)
    publish(stage.redis, outcome_of("s-3"))

    stage.run(destination)

    assert stage.sender.ids()[-1] == "s-3/1"
    letters = attempts.dead_letters(stage.redis, destination.id)
    assert sorted((one.event_id, one.because) for one in letters) == [("s-1/1", "crowded"), ("s-2/1", "crowded")]


def test_what_is_not_wanted_any_more_is_not_given_up_for_that(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2", A_MISSED_CALL))
    for _ in range(waiting.REPLACED_AFTER):
        stage.run(destination)
        make_due(stage, destination)
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    destinations.update(stage.redis, destination.id, Changes(outcomes=(Outcome.MISSED,)))

    stage.run(destination)

    letters = attempts.dead_letters(stage.redis, destination.id)
    assert [(one.event_id, one.because) for one in letters] == [("s-2/1", "crowded")]
    assert not waiting.everything(stage.redis, destination.id)


def test_nothing_is_given_up_of_a_destination_that_is_left_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    for _ in range(waiting.REPLACED_AFTER):
        stage.run(destination)
        make_due(stage, destination)
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    left_alone = Health(Breaker(redis_time(stage.redis) + FIRST_PAUSE, FIRST_PAUSE))
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(left_alone))

    stage.run(destination)

    assert not list(attempts.dead_letters(stage.redis, destination.id))


def test_what_was_refused_seldom_is_not_given_up_however_much_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    for _ in range(waiting.REPLACED_AFTER - 1):
        make_due(stage, destination)
        stage.run(destination)
    stage.run(destination)

    assert not list(attempts.dead_letters(stage.redis, destination.id))
    assert set(waiting.everything(stage.redis, destination.id)) == {"s-1", "s-2"}


def test_a_paused_destination_is_sent_nothing_and_all_of_it_when_it_goes_on(stage: Stage) -> None:
    destination = stage.add()
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    assert not stage.sender.sent
    assert backlog.status(stage.redis, destination.id).backlog == 1

    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.ACTIVE))
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]


def test_a_destination_that_is_gone_is_disabled_and_its_backlog_kept(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: gone()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    publish(stage.redis, outcome_of("s-2"))
    stage.run(destination)

    after = destinations.get(stage.redis, destination.id)
    assert after is not None
    assert (after.state, after.disabled_because) == (DestinationState.DISABLED, "it answered 410 Gone")
    assert stage.sender.ids() == ["s-1/1"]

    stage.sender.answer = lambda _: delivered()
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.ACTIVE))
    stage.run(destination)
    assert stage.sender.ids() == ["s-1/1", "s-1/1", "s-2/1"]


def test_what_can_never_be_sent_is_a_dead_letter_until_somebody_asks(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    assert [one.because for one in attempts.dead_letters(stage.redis, destination.id)] == ["permanent"]

    stage.sender.answer = lambda _: delivered()
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=True) == 1
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]
    assert not list(attempts.dead_letters(stage.redis, destination.id))


def test_a_redrive_chooses_by_blame(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)

    assert redrive.redrive(stage.redis, destination.id, Redrive(blame=("theirs",)), dry_run=True) == 0
    assert redrive.redrive(stage.redis, destination.id, Redrive(blame=("configuration",)), dry_run=True) == 1


def test_a_redrive_leaves_out_what_a_later_revision_made_old(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()
    publish(stage.redis, revised("s-1", 2))
    stage.run(destination)

    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=True) == 0
    assert redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=True) == 1


def test_what_was_delivered_can_be_asked_for_again(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]


def test_a_test_event_is_sent_once_and_about_no_call(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()

    event_id = redrive.send_test(stage.redis, destination.id)
    stage.run(destination)

    assert stage.sender.ids() == [event_id]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_create_only_waits_for_a_recording_until_the_deadline(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, at_present(stage, outcome_of("s-1")))  # answered, no recording yet
    stage.run(destination)
    assert not stage.sender.sent

    make_due(stage, destination)
    stage.run(destination)
    publish(stage.redis, at_present(stage, revised("s-1", 2)))
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]


def test_what_is_held_is_not_late_before_that_is_over(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, at_present(stage, outcome_of("s-1")))
    stage.run(destination)
    status = backlog.status(stage.redis, destination.id)
    assert (status.backlog, status.oldest, status.lag) == (1, None, 0.0)

    make_due(stage, destination)
    assert backlog.status(stage.redis, destination.id).oldest is not None


def test_however_much_is_held_keeps_nothing_new_from_a_destination(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_view, "MOST_WAITING", 2)
    destination = stage.add(create_only=True)
    publish(stage.redis, *(at_present(stage, outcome_of(f"s-{number}")) for number in range(3)))
    stage.run(destination)

    publish(stage.redis, outcome_of("s-missed", A_MISSED_CALL))
    stage.run(destination)

    assert stage.sender.ids() == ["s-missed/1"]


def test_create_only_sends_the_last_revision_before_the_deadline(stage: Stage) -> None:
    destination = stage.add(create_only=True, include=Include.BOTH)
    publish(stage.redis, at_present(stage, outcome_of("s-1")), at_present(stage, revised("s-1", 2)))
    stage.run(destination)

    make_due(stage, destination)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/2"]


def test_create_only_sends_nothing_of_a_call_whose_last_revision_is_not_wanted(stage: Stage) -> None:
    destination = stage.add(create_only=True, outcomes=(Outcome.ANSWERED,))
    publish(stage.redis, at_present(stage, outcome_of("s-1")), at_present(stage, outcome_of("s-2")))
    stage.run(destination)

    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)
    make_due(stage, destination)
    stage.run(destination)

    assert stage.sender.ids() == ["s-2/1"]


def test_create_only_sends_nothing_of_a_call_either_that_is_not_wanted_any_more_before_its_turn_comes(
    stage: Stage,
) -> None:
    destination = stage.add(create_only=True, outcomes=(Outcome.MISSED,))

    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL), outcome_of("s-2", A_MISSED_CALL), revised("s-1", 2))
    stage.run(destination)

    assert stage.sender.ids() == ["s-2/1"]


def test_create_only_sends_the_last_revision_also_where_everything_is_sent_again(stage: Stage) -> None:
    publish(stage.redis, *(revised("s-1", revision) for revision in range(3)))
    destination = stage.add(create_only=True, include=Include.BOTH)

    assert redrive.redrive(stage.redis, destination.id, Redrive(everything=True, per_second=1), dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/2"]


def test_create_only_sends_nothing_again_of_a_call_whose_last_revision_is_not_wanted(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"), revised("s-1", 2, A_MISSED_CALL))
    destination = stage.add(create_only=True, outcomes=(Outcome.ANSWERED,))

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)
    stage.run(destination)

    assert stage.sender.ids() == ["s-2/1"]


def test_create_only_holds_what_may_change_also_where_somebody_asks_for_it_again(stage: Stage) -> None:
    publish(stage.redis, at_present(stage, outcome_of("s-1")))
    destination = stage.add(create_only=True)

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)
    stage.run(destination)
    assert not stage.sender.sent

    make_due(stage, destination)
    stage.run(destination)
    assert stage.sender.ids() == ["s-1/1"]


@pytest.mark.parametrize("place", ["deliver.queued", "deliver.sent"])
def test_create_only_tells_nothing_later_in_the_place_of_what_a_killed_runner_may_have_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    with monkeypatch.context() as killed:
        killed.setattr(faults, "point", lambda passed: kill(passed, at=place, once_sent=stage.sender.sent))
        with pytest.raises(Killed):
            stage.run(destination)
    publish(stage.redis, revised("s-1", 2))

    stage.redis.delete(keys.lease(destination.id, "deliver"))
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]


def test_a_runner_that_stood_still_past_its_lease_sends_nothing_any_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    with monkeypatch.context() as stood_still:
        stood_still.setattr(Lease, "may_be_over", property(lambda _: True))
        stage.run(destination)
    assert stage.sender.ids() == []

    make_due(stage, destination)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]


def test_an_event_is_not_charged_for_a_failure_of_ours(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0, error="disk")
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    (queue,) = waiting.everything(stage.redis, destination.id).values()
    assert queue[0].attempts == 0


def test_a_sender_that_breaks_stops_nothing(stage: Stage) -> None:
    destination = stage.add()
    broken = iter([True])

    def answer(_: Sent) -> Answer:
        if next(broken, False):
            raise RuntimeError("a fault of ours")
        return delivered()

    stage.sender.answer = answer
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    stage.run(destination)

    assert len(waiting.everything(stage.redis, destination.id)) == 1


def test_a_destination_that_was_removed_leaves_nothing_behind(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    destinations.delete(stage.redis, destination.id)

    stage.run(destination)

    assert not stage.sender.sent
    left = list(stage.redis.scan_iter(f"*{destination.id}*"))
    assert [key for key in left if b"fence" not in key] == []


def test_what_is_published_has_the_bells_of_destinations_rung(stage: Stage) -> None:
    destination = stage.add()
    stage.run(destination)
    assert stage.redis.zscore(keys.BELLS, f"deliver|{destination.id}") is None

    publish(stage.redis, outcome_of("s-1"))

    assert stage.redis.zscore(keys.BELLS, f"deliver|{destination.id}") is not None


def kill(passed: str, *, at: str, once_sent: list[Sent]) -> None:
    """Kill the process at a fault point, once something is on its way."""
    if passed == at and once_sent:
        raise Killed


def make_due(stage: Stage, destination: Destination) -> None:
    """Let the time pass until everything that waits is due."""
    for call, queue in waiting.everything(stage.redis, destination.id).items():
        head = msgspec.structs.replace(queue[0], due=0.0)
        for command in waiting.write(destination.id, call, (head, *queue[1:])):
            stage.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    stage.redis.delete(keys.health(destination.id))


def revised(telephony_session_id: str, revision: int, *records: CallLogRecord) -> CallEvent:
    """Build a later revision of a call's outcome."""
    event = outcome_of(telephony_session_id, *records)
    data = msgspec.structs.replace(event.data, revision=revision)
    return msgspec.structs.replace(event, id=f"{telephony_session_id}/{revision}", data=data)


def at_present(stage: Stage, event: CallEvent) -> CallEvent:
    """Have a call end just now."""
    now = datetime.fromtimestamp(redis_time(stage.redis), UTC)
    return msgspec.structs.replace(event, time=iso_ms(now))
