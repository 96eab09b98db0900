"""Which events are sent again when somebody asks for them, and how fast."""

from typing import Any

import msgspec
import pytest

from runtime import keys, operator_log, outcome_log
from runtime.clocks import redis_time
from runtime.deliveries import attempts, redrive, waiting
from runtime.deliveries.redrive import Redrive
from runtime.leases import lease
from telephony.destinations import Destination, Include
from telephony.operator_events import What
from telephony.times import parse_time
from telephony.words import Outcome
from tests.builders.attempts import a_dead_letter
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import A_MISSED_CALL, at_present, make_due, revised
from tests.fakes.killed import Killed
from tests.fakes.sender import delivered, forbidden, refused
from tests.scripts.publishing import outcome_of, publish
from workers.delivering.charge import Health
from workers.destinations.breaker import Breaker
from workers.destinations.schedule import SCHEDULE

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


def test_what_was_told_once_is_told_again_though_its_last_revision_is_not_wanted(stage: Stage) -> None:
    destination = stage.add(create_only=True, outcomes=(Outcome.MISSED,))
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2))

    assert count(stage, destination, EVERYTHING) == 1


def test_of_what_was_sent_in_vain_to_the_end_where_each_call_is_told_once_the_same_is_sent_again(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    for _ in SCHEDULE:
        stage.run(destination)
        make_due(stage, destination)
    assert [one.event_id for one in attempts.dead_letters(stage.redis, destination.id)] == ["s-1/1"]
    stage.sender.answer = lambda _: delivered()
    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)

    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)

    assert set(stage.sender.ids()) == {"s-1/1"}
    assert list(attempts.dead_letters(stage.redis, destination.id)) == []


def test_so_it_is_where_it_was_sent_in_vain_before_nothing_might_be_sent_there_any_more(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)
    make_due(stage, destination)
    stage.sender.answer = lambda _: forbidden()
    stage.run(destination)
    assert [one.because for one in attempts.dead_letters(stage.redis, destination.id)] == ["permanent"]

    stage.sender.answer = lambda _: delivered()
    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)
    assert set(stage.sender.ids()) == {"s-1/1"}

    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)
    assert set(stage.sender.ids()) == {"s-1/1"}
    assert list(attempts.dead_letters(stage.redis, destination.id)) == []


def test_so_it_is_where_nothing_might_be_sent_there_any_more_when_it_was_sent_again(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.sender.answer = lambda _: refused()
    for _ in SCHEDULE:
        stage.run(destination)
        make_due(stage, destination)
    stage.sender.answer = lambda _: forbidden()
    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)
    (letter,) = attempts.dead_letters(stage.redis, destination.id)
    assert (letter.because, letter.attempts) == ("permanent", len(SCHEDULE) + 1)

    stage.sender.answer = lambda _: delivered()
    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)

    assert set(stage.sender.ids()) == {"s-1/1"}


def test_of_what_was_sent_in_vain_and_cannot_be_sent_again_a_later_revision_is_sent(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    letter = a_dead_letter("s-1/1", "1-0", attempts=len(SCHEDULE), because="retention")
    stage.redis.execute_command(*attempts.buried(destination.id, letter))  # type: ignore[no-untyped-call]  # redis-py's

    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.redis.hset(
        keys.delivery_cursor(destination.id), "place", outcome_log.after(stage.redis, "0-0", most=1)[0].place
    )
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/2"]


def test_so_it_is_where_an_earlier_revision_that_was_never_sent_is_chosen_by_blame(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.sender.answer = lambda _: refused()
    for _ in SCHEDULE:
        stage.run(destination)
        make_due(stage, destination)
    assert len(list(attempts.dead_letters(stage.redis, destination.id))) == 2

    assert count(stage, destination, Redrive(blame=("configuration",))) == 0
    assert count(stage, destination, Redrive(blame=("theirs",))) == 1


def test_so_it_is_of_what_is_tried_still_which_everything_has_sent_at_once(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.run(destination)
    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()

    assert redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1"]


def test_of_what_was_never_sent_where_each_call_is_told_once_a_later_revision_is_sent(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL))
    stage.run(destination)
    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()

    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1", "s-1/2"]


def test_the_end_of_a_call_that_is_told_once_is_told_again_whatever_its_outcome_is(stage: Stage) -> None:
    publish(stage.redis, revised("s-1", 0), revised("s-1", 1), revised("s-1", 2))
    destination = stage.add(create_only=True, include=Include.ENDED)

    assert count(stage, destination, EVERYTHING) == 1


def test_a_redrive_asks_for_so_many_in_a_second_and_in_the_order_of_publication(stage: Stage) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    destination = stage.add()

    redrive.redrive(stage.redis, destination.id, Redrive(everything=True, per_second=2), dry_run=False)

    asked: Any = stage.redis.zrange(keys.asked(destination.id), 0, -1, withscores=True)
    places = [entry.place.encode() for entry in outcome_log.after(stage.redis, "0-0", most=10)]
    assert [place for place, _ in asked] == places
    assert [at - asked[0][1] for _, at in asked] == pytest.approx([0.0, 0.5, 1.0])


def test_a_redrive_keeps_its_pace_though_nothing_was_sent_for_an_hour(stage: Stage) -> None:
    destination = asked_for_an_hour_ago(stage, operator=True)
    key = keys.asked(destination.id)
    operator_log.raise_alert(stage.redis, What.NOTIFICATIONS_MISSING, "default", "It is quiet.", account="default")

    stage.run(destination)

    assert [one for one in stage.sender.ids() if not one.startswith("operator:")] == ["s-0/1"]
    assert len(stage.sender.sent) == 2
    left: Any = stage.redis.zrange(key, 0, -1, withscores=True)
    assert [at - redis_time(stage.redis) for _, at in left] == pytest.approx([10, 20], abs=1)


def test_so_it_does_where_an_alert_shows_first_that_the_destination_is_back(stage: Stage) -> None:
    destination = asked_for_an_hour_ago(stage, operator=True)
    operator_log.raise_alert(stage.redis, What.NOTIFICATIONS_MISSING, "default", "It is quiet.", account="default")
    asked: Any = stage.redis.zrange(keys.asked(destination.id), 3, 3)
    stage.redis.zadd(keys.asked(destination.id), {asked[0]: 0})
    left_alone = Breaker(opens_until=redis_time(stage.redis) - 1, pause=600)
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(Health(left_alone)))

    stage.run(destination)

    assert [one for one in stage.sender.ids() if not one.startswith("operator:")] == ["s-0/1"]


def test_very_many_are_put_off_a_page_at_a_time_and_a_kill_leaves_them_in_their_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive, "_PAGE", 2)
    destination, now = stage.add(), redis_time(stage.redis)
    key, places = keys.asked(destination.id), [f"{number}-0".encode() for number in range(1, 8)]
    stage.redis.zadd(key, {place: now - 3600 + number for number, place in enumerate(places)})
    renewals = iter(range(6))  # four times while they are read, then after two of four pages

    def renew() -> None:
        if next(renewals, None) is None:
            raise Killed

    with lease(stage.redis, destination.id, "deliver") as held:
        with monkeypatch.context() as killed:
            killed.setattr(held, "keep", renew)
            with pytest.raises(Killed):
                redrive.keep_pace(stage.redis, held, destination.id, now=now)
        assert stage.redis.zrange(key, 0, -1) == places
        assert stage.redis.zcount(key, now, "+inf") > 0

        redrive.keep_pace(stage.redis, held, destination.id, now=now + 10)

    assert stage.redis.zrange(key, 0, -1) == places
    assert stage.redis.zcount(key, now + 9.999, now + 20) == len(places)


def test_what_is_late_because_a_destination_is_slow_is_not_put_off(stage: Stage) -> None:
    destination = asked_for_an_hour_ago(stage)
    stage.redis.hset(keys.delivery_cursor(destination.id), "asked", f"{redis_time(stage.redis):.3f}")

    stage.run(destination)

    assert stage.sender.ids() == ["s-0/1", "s-1/1", "s-2/1"]


def test_a_redrive_keeps_its_pace_though_redis_s_clock_was_put_back(stage: Stage) -> None:
    destination = asked_for_an_hour_ago(stage)
    stage.redis.hset(keys.delivery_cursor(destination.id), "asked", f"{redis_time(stage.redis) + 3600:.3f}")

    stage.run(destination)

    assert stage.sender.ids() == ["s-0/1"]


def test_what_was_asked_for_is_not_sent_once_a_later_revision_was_taken_meanwhile(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))
    stage.sender.answer = lambda _: forbidden()
    stage.run(destination)
    redrive.redrive(stage.redis, destination.id, Redrive(per_second=0.1), dry_run=False)
    publish(stage.redis, revised("s-2", 2))
    stage.sender.answer = lambda _: delivered()
    stage.run(destination)
    asked: Any = stage.redis.zrange(keys.asked(destination.id), 0, -1)
    stage.redis.zadd(keys.asked(destination.id), dict.fromkeys(asked, 1))

    stage.run(destination)

    assert sorted(stage.sender.ids()[2:]) == ["s-1/1", "s-2/2"]


def asked_for_an_hour_ago(stage: Stage, **draft: Any) -> Destination:
    """Add a destination for which the events of three calls were asked for an hour ago, one each ten seconds."""
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    destination = stage.add(**draft)
    redrive.redrive(stage.redis, destination.id, Redrive(everything=True, per_second=0.1), dry_run=False)
    an_hour_later(stage, keys.asked(destination.id))
    return destination


def an_hour_later(stage: Stage, key: str) -> None:
    """Have what was asked for be due as much earlier."""
    rows: Any = stage.redis.zrange(key, 0, -1, withscores=True)
    stage.redis.zadd(key, {place: at - 3600 for place, at in rows})


def test_what_somebody_else_asks_for_meanwhile_waits_neither_longer_nor_less_for_that(stage: Stage) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    destination = stage.add()
    (first, then, last), key = outcome_log.after(stage.redis, "0-0", most=10), keys.asked(destination.id)
    now = redis_time(stage.redis)
    stage.redis.zadd(key, {first.place: now - 3600, then.place: now - 60, last.place: now + 3600})

    stage.run(destination)

    assert stage.sender.ids() == ["s-0/1", "s-1/1"]
    assert stage.redis.zscore(key, last.place) == pytest.approx(now + 3600, abs=0.01)


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


def test_what_failed_is_sent_again_in_the_order_of_publication_whenever_it_was_given_up(stage: Stage) -> None:
    destination = stage.add()
    places = [f"{number}-0" for number in (1000, 2000, 3000)]
    for place in (places[2], places[0], places[1]):
        bury(stage, destination, f"s-{place}/1", place=place)

    redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False)

    assert stage.redis.zrange(keys.asked(destination.id), 0, -1) == [place.encode() for place in places]


def test_a_later_revision_that_failed_is_sent_again_though_an_earlier_one_was_taken(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, revised("s-1", 2))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()

    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/2", "s-1/2"]


def test_an_operator_event_that_failed_is_sent_again(stage: Stage) -> None:
    destination = stage.add(operator=True)
    stage.sender.answer = lambda _: forbidden()
    operator_log.raise_alert(stage.redis, What.ACCOUNT_PARKED, "default", "No.")
    stage.run(destination)

    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    stage.run(destination)

    first, second = stage.sender.ids()
    assert first == second


def test_of_a_call_that_fails_only_what_was_tried_is_asked_for_and_the_later_one_waits_for_it(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"), revised("s-1", 2))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()

    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1
    stage.run(destination)

    assert stage.sender.ids() == ["s-1/1", "s-1/1", "s-1/2"]


def test_what_is_held_because_it_may_change_has_not_failed(stage: Stage) -> None:
    destination = stage.add(create_only=True)
    publish(stage.redis, at_present(stage, outcome_of("s-1")))
    stage.run(destination)

    assert set(waiting.everything(stage.redis, destination.id)) == {"s-1"}
    assert count(stage, destination, Redrive()) == 0


def test_history_that_is_only_written_down_is_not_counted_as_to_be_sent_again(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-1"))
    publish(stage.redis, outcome_of("s-2"), deliver=False)

    assert count(stage, stage.add(), EVERYTHING) == 1


def test_who_asks_again_but_slowly_puts_nothing_off(stage: Stage) -> None:
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(3)))
    destination = stage.add()
    redrive.redrive(stage.redis, destination.id, EVERYTHING, dry_run=False)
    asked: Any = stage.redis.zrange(keys.asked(destination.id), 0, -1, withscores=True)

    slowly = Redrive(everything=True, per_second=redrive.LEAST_PER_SECOND)
    redrive.redrive(stage.redis, destination.id, slowly, dry_run=False)

    assert stage.redis.zrange(keys.asked(destination.id), 0, -1, withscores=True) == asked


def test_a_test_event_tells_when_it_was_asked_for(stage: Stage) -> None:
    destination = stage.add()
    redrive.send_test(stage.redis, destination.id)

    stage.run(destination)

    told = parse_time(msgspec.json.decode(stage.sender.sent[0].body)["time"])
    assert told is not None
    assert told.timestamp() == pytest.approx(redis_time(stage.redis), abs=5)


def bury(stage: Stage, destination: Destination, event_id: str, *, place: str) -> None:
    """Keep a dead letter."""
    letter = attempts.DeadLetter(
        event_id=event_id,
        call=event_id.partition("/")[0],
        account="default",
        place=place,
        published_at=0.0,
        dead_at=0.0,
        attempts=1,
        because="permanent",
    )
    stage.redis.execute_command(*attempts.buried(destination.id, letter))  # type: ignore[no-untyped-call]  # redis-py's


def count(stage: Stage, destination: Destination, selection: Redrive) -> int:
    """Say how many events would be sent again."""
    return redrive.redrive(stage.redis, destination.id, selection, dry_run=True)


def bell(stage: Stage, destination: Destination) -> float | None:
    """Say when the clock rings the destination next."""
    score = stage.redis.zscore(keys.BELLS, f"deliver|{destination.id}")
    return None if score is None else float(score)
