"""Which events are sent again when somebody asks for them, and how fast."""

from typing import Any

import pytest

from runtime import attempts, keys, outcome_log, redrive
from runtime.clocks import redis_time
from runtime.redrive import Redrive
from telephony.destinations import Destination
from telephony.words import Outcome
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import A_MISSED_CALL, revised
from tests.fakes.sender import delivered, refused
from tests.scripts.publishing import outcome_of, publish

EVERYTHING = Redrive(everything=True)


def test_what_waits_after_a_failure_is_sent_at_once_unless_it_is_chosen_by_blame(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()
    assert count(stage, destination, Redrive(blame=("theirs",))) == 0

    redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]


def test_everything_is_what_a_destination_wants_and_no_history_that_is_only_written_down(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-missed", A_MISSED_CALL))
    publish(stage.redis, outcome_of("s-2", A_MISSED_CALL), deliver=False)
    destination = stage.add(outcomes=(Outcome.MISSED,))

    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)

    assert stage.sender.ids() == ["s-missed/1"]


def test_a_redrive_chooses_by_when_events_were_published(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-1"))
    destination, now = stage.add(), redis_time(stage.redis)

    chosen = [
        count(stage, destination, Redrive(everything=True, since=now + since, until=now + until))
        for since, until in ((-60, 60), (-120, -60), (60, 120))
    ]

    assert chosen == [1, 0, 0]


def test_of_what_was_told_once_the_same_is_told_again_and_no_correction_of_it(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2))
    stage.run(destination)
    assert stage.sender.ids() == ["s-1/1"]

    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]


def test_a_redrive_asks_for_so_many_in_a_second_and_in_the_order_of_publication(stage: Stage) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    destination = stage.add()

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True, per_second=2), dry_run=False)

    asked: Any = stage.redis.zrange(keys.asked(destination.id), 0, -1, withscores=True)
    places = [entry.place.encode() for entry in outcome_log.after(stage.redis, "0-0", most=10)]
    assert [place for place, _ in asked] == places
    assert [at - asked[0][1] for _, at in asked] == pytest.approx([0.0, 0.5, 1.0])


@pytest.mark.parametrize("asks", ["a test", "a redrive"])
def test_who_asks_has_the_bell_of_the_destination_rung(stage: Stage, asks: str) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    assert bell(stage, destination) is None

    if asks == "a test":
        redrive.send_test(stage.redis, destination.id)
    else:
        redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)

    assert bell(stage, destination) == pytest.approx(redis_time(stage.redis), abs=5)


def test_what_the_log_holds_no_more_cannot_be_sent_again(stage: Stage) -> None:
    destination = stage.add()
    letter = attempts.DeadLetter(
        event_id="s-1/1",
        call="s-1",
        account="default",
        place="1-0",
        published_at=0.0,
        dead_at=0.0,
        attempts=0,
        because="retention",
    )
    stage.redis.execute_command(*attempts.buried(destination.id, letter))  # type: ignore[no-untyped-call]  # redis-py's

    assert count(stage, destination, Redrive()) == 0


def count(stage: Stage, destination: Destination, selection: Redrive) -> int:
    """Say how many events would be sent again."""
    return redrive.redrive(stage.redis, destination.id, selection, dry_run=True)


def bell(stage: Stage, destination: Destination) -> float | None:
    """Say when the clock rings the destination next."""
    score = stage.redis.zscore(keys.BELLS, f"deliver|{destination.id}")
    return None if score is None else float(score)
