"""What becomes of the events of a call after each kind of answer, from the answer to what is stored."""

import pytest

from runtime import keys
from runtime.clocks import redis_time
from runtime.deliveries import attempts, backlog, destinations, waiting
from runtime.deliveries.attempts import Blame
from runtime.deliveries.waiting import Waiting
from runtime.settings import load
from telephony.destinations import Changes, Destination, DestinationState
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import at_present, make_due, revised
from tests.fakes.sender import delivered, gone, refused
from tests.outputs import entries
from tests.scripts.publishing import outcome_of, publish
from workers.destinations.schedule import SCHEDULE
from workers.destinations.verdicts import Answer, Verdict

OUR_FAULT = Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0, error="disk")


def test_what_is_refused_to_the_end_is_a_dead_letter_that_tells_the_last_answer(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"))

    for _ in SCHEDULE:
        make_due(stage, destination)
        stage.run(destination)

    (letter,) = attempts.dead_letters(stage.redis, destination.id)
    assert (letter.because, letter.attempts, letter.status, letter.blame) == ("exhausted", 9, 500, Blame.THEIRS)
    assert not waiting.everything(stage.redis, destination.id)


def test_who_asks_for_patience_is_given_it_and_the_attempt_tells_until_when(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused(retry_after=600)
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    (item,) = queue(stage, destination)
    assert 599 < item.due - redis_time(stage.redis) <= 720
    (attempt,) = attempts.of_call(stage.redis, "default", "s-1")
    assert (attempt.next_at, attempt.status, attempt.blame) == (item.due, 500, Blame.THEIRS)


def test_of_a_failure_without_an_answer_the_attempt_tells_what_happened(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: OUR_FAULT
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    (attempt,) = attempts.of_call(stage.redis, "default", "s-1")
    assert (attempt.error, attempt.status, attempt.blame) == ("disk", None, Blame.OURS)


@pytest.mark.parametrize("answer", [OUR_FAULT, gone(), refused()], ids=["ours", "gone", "refused"])
def test_whatever_is_answered_to_the_first_event_of_a_call_the_later_ones_still_wait(
    stage: Stage, answer: Answer
) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: answer
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2), revised("s-1", 3))

    stage.run(destination)

    assert [one.revision for one in queue(stage, destination)] == [1, 2, 3]
    stage.sender.answer = lambda _: delivered()
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.ACTIVE))
    make_due(stage, destination)
    stage.run(destination)
    assert stage.sender.ids() == ["s-1/1", "s-1/1", "s-1/2", "s-1/3"]


def test_what_failed_is_late_since_it_was_published_though_it_is_tried_again_later(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused(retry_after=600)
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    oldest = backlog.status(stage.redis, destination.id).oldest
    assert oldest == queue(stage, destination)[0].published_at


def test_an_answered_call_is_told_at_once_to_who_can_be_told_again(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, at_present(stage, outcome_of("s-1")))  # a recording may still come

    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1"]


def test_of_a_call_the_last_attempts_and_what_was_taken_are_kept_and_no_longer_than_all_else(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "KEPT_OF_CALL", 2)
    destination = stage.add()
    log = keys.attempts(destination.id)
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2), revised("s-1", 3))

    stage.run(destination)

    assert [one.event_id for one in attempts.of_call(stage.redis, "default", "s-1")] == ["s-1/2", "s-1/3"]
    retention = load({"REDIS_URL": "redis://127.0.0.1:1"}).retention_seconds
    kept = (keys.attempts_of_call("default", "s-1"), keys.delivered(destination.id, "s-1"))
    assert all(retention - 5 < stage.redis.ttl(name) <= retention for name in kept)
    newest, (place, _) = attempts.page(stage.redis, destination.id).items[0], entries(stage.redis, log)[-1]
    assert (newest.event_id, newest.id.encode()) == ("s-1/3", place)


def queue(stage: Stage, destination: Destination) -> tuple[Waiting, ...]:
    """Give what waits of the only call."""
    return waiting.everything(stage.redis, destination.id)["s-1"]
