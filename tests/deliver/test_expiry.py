"""What the retention takes away, on a real server."""

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from redis import Redis

from runtime import bells, keys, operator_log, prometheus
from runtime.bells import Stage as Bell
from runtime.clocks import redis_time
from runtime.deliveries import attempts, backlog, destinations, redrive, waiting
from runtime.deliveries.redrive import Redrive
from runtime.deliveries.waiting import Waiting
from runtime.leases import Command, lease
from runtime.metrics import DROPPED, counted
from telephony.destinations import Changes, Destination, DestinationState
from telephony.operator_events import What
from telephony.words import Outcome
from tests.builders.attempts import a_dead_letter, bury
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import A_MISSED_CALL, revised
from tests.fakes.sender import delivered, forbidden, refused
from tests.outputs import events
from tests.scripts.publishing import outcome_of, publish
from workers.housekeeping import expiry

LONG = 600.0


def test_what_a_paused_destination_never_got_is_listed_when_the_retention_is_over(stage: Stage) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"))

    trim(stage, later=LONG + 1)

    assert [(one.event_id, one.because) for one in dead(stage, destination)] == [("s-1/1", "retention")]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_waits_for_another_attempt_is_listed_too(stage: Stage) -> None:
    destination = tried_in_vain(stage)

    trim(stage, later=LONG + 1)

    assert [(one.event_id, one.attempts) for one in dead(stage, destination)] == [("s-1/1", 1)]


def test_what_somebody_asked_for_and_a_paused_destination_never_got_is_listed_too(stage: Stage) -> None:
    publish(stage.redis, outcome_of("s-1"))
    destination = paused(stage, operator=True)
    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)
    operator_log.raise_alert(stage.redis, What.ACCOUNT_PARKED, "default", "No.")
    redrive.send_test(stage.redis, destination.id)
    trim(stage, later=0)
    assert backlog.status(stage.redis, destination.id).asked == 3

    trim(stage, later=LONG + 1)

    kinds = sorted((one.event_id.partition(":")[0], one.because) for one in dead(stage, destination))
    assert kinds == [("operator", "retention"), ("s-1/1", "retention")]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_it_had_taken_before_somebody_asked_for_it_again_is_not_lost_with_that(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)

    trim(stage, later=LONG + 1)

    assert not dead(stage, destination)
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_nor_is_what_waited_and_was_not_wanted_any_more(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2", A_MISSED_CALL))
    stage.run(destination)
    narrower = Changes(state=DestinationState.PAUSED, outcomes=(Outcome.MISSED,))
    destinations.update(stage.redis, destination.id, narrower)

    trim(stage, later=LONG + 1)

    assert [one.event_id for one in dead(stage, destination)] == ["s-2/1"]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_waits_and_was_asked_for_besides_is_listed_once_with_its_attempts(stage: Stage) -> None:
    destination = tried_in_vain(stage)
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=False) == 1

    trim(stage, later=LONG + 1)

    stage.recorder.flush()
    assert [(one.event_id, one.attempts) for one in dead(stage, destination)] == [("s-1/1", 1)]
    assert counted(stage.redis, DROPPED, destination.id) == 1


def test_inside_the_retention_everything_is_kept(stage: Stage) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"))

    trim(stage, later=0)

    assert backlog.status(stage.redis, destination.id).backlog == 1
    assert not dead(stage, destination)


def test_the_log_is_not_trimmed_past_what_a_runner_is_taking_up(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(300)))

    with lease(stage.redis, destination.id, Bell.DELIVER):
        trim(stage, later=LONG + 1)

    assert stage.redis.xlen(keys.OUTCOMES) == 300
    assert not dead(stage, destination)


def test_old_dead_letters_are_forgotten(stage: Stage) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"))
    trim(stage, later=LONG + 1)

    trim(stage, later=3 * LONG)

    assert not dead(stage, destination)


def test_what_was_lost_is_counted(stage: Stage) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"), outcome_of("s-2"))

    trim(stage, later=LONG + 1)

    stage.recorder.flush()
    counted = f'legwork_deliveries_dropped_total{{destination="{destination.id}"}} 2.0'
    assert counted in prometheus.render(stage.redis).decode().splitlines()


def test_attempts_are_kept_for_the_retention(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)

    trim(stage, later=LONG - 60)
    assert stage.redis.xlen(keys.attempts(destination.id)) == 1

    trim(stage, later=LONG + 60)
    assert stage.redis.xlen(keys.attempts(destination.id)) == 0


def test_a_destination_that_was_removed_meanwhile_is_told_to_have_lost_nothing(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    destinations.delete(stage.redis, destination.id)

    later = redis_time(stage.redis) + 1
    safe = expiry._let_go(stage.redis, destination, stage.recorder, before=int(later * 1000), now=later)

    assert safe == int(later * 1000)
    assert not list(stage.redis.scan_iter(f"*{destination.id}*"))


def test_of_a_call_only_what_is_too_old_is_listed_and_counted_and_the_rest_is_sent_on(stage: Stage) -> None:
    destination = stage.add()
    wait(stage, destination, "s-1", LONG + 60, 10)
    wait(stage, destination, "s-2", 10)
    wait(stage, destination, "s-3", LONG + 60)

    trim(stage, later=0)

    assert {(one.event_id, one.because, one.attempts) for one in dead(stage, destination)} == {
        ("s-1/1", "retention", 1),
        ("s-3/1", "retention", 1),
    }
    left = {
        call: [one.revision for one in queue] for call, queue in waiting.everything(stage.redis, destination.id).items()
    }
    assert left == {"s-1": [2], "s-2": [1]}
    stage.recorder.flush()
    counted = f'legwork_deliveries_dropped_total{{destination="{destination.id}"}} 2.0'
    assert counted in prometheus.render(stage.redis).decode().splitlines()


def test_while_a_runner_is_at_it_the_log_is_kept_from_the_oldest_event_that_waits(stage: Stage) -> None:
    ages = (LONG + 400, LONG + 310, LONG + 200, LONG + 100, 10)
    for age in ages:
        stage.redis.xadd(keys.OUTCOMES, {"event": "{}"}, id=place(stage, age))
    destination = stage.add()
    wait(stage, destination, "s-1", LONG + 300)
    wait(stage, destination, "s-2", LONG + 100)

    with lease(stage.redis, destination.id, Bell.DELIVER):
        trim(stage, later=0)

    assert stage.redis.xlen(keys.OUTCOMES) == 3


def test_what_is_too_much_for_one_go_stays_in_the_log_until_it_is_listed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "_PAGE", 2)
    monkeypatch.setattr(expiry, "_PAGES", 2)
    destination = paused(stage)
    publish(stage.redis, *(outcome_of(f"s-{number}") for number in range(5)))

    trim(stage, later=LONG + 1)
    assert len(dead(stage, destination)) == 4
    assert [event.subject for event in events(stage.redis)][-1:] == ["s-4"]

    trim(stage, later=LONG + 1)
    assert {(one.call, one.attempts) for one in dead(stage, destination)} == {(f"s-{number}", 0) for number in range(5)}
    assert stage.redis.xlen(keys.OUTCOMES) == 0


@pytest.mark.parametrize("wanted", [Outcome.ANSWERED, Outcome.MISSED])
def test_what_the_retention_took_is_not_counted_as_unread(stage: Stage, wanted: Outcome) -> None:
    destination = stage.add(outcomes=(wanted,))
    publish(stage.redis, outcome_of("s-1"))
    trim(stage, later=LONG + 1)

    publish(stage.redis, outcome_of("s-2"))

    assert backlog.status(stage.redis, destination.id).unread == 1


def test_what_a_destination_does_not_want_is_not_listed_though_it_takes_back_what_was_held(stage: Stage) -> None:
    destination = stage.add(create_only=True, outcomes=(Outcome.MISSED,))
    publish(stage.redis, revised("s-1", 2))

    trim(stage, later=LONG + 1)

    assert stage.redis.xlen(keys.OUTCOMES) == 0
    assert not dead(stage, destination)


def test_what_is_kept_of_deeds_alerts_and_attempts_ends_exactly_with_the_retention(stage: Stage) -> None:
    streams = (keys.ACTIONS, keys.OPERATOR, keys.attempts(stage.add().id))
    for name in streams:
        for age in (LONG + 60, LONG - 60):
            stage.redis.xadd(name, {"any": "thing"}, id=place(stage, age))

    trim(stage, later=0)

    assert [stage.redis.xlen(name) for name in streams] == [1, 1, 1]


def test_who_is_overtaken_lists_nothing_and_has_the_log_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"))

    def overtaken(redis: Redis, one: Destination, **_: object) -> Iterator[Command]:
        redis.delete(keys.lease(one.id, Bell.DELIVER))
        yield from ()

    monkeypatch.setattr(expiry, "_of_queues", overtaken)
    trim(stage, later=LONG + 1)

    assert stage.redis.xlen(keys.OUTCOMES) == 1
    assert not dead(stage, destination)


@pytest.mark.parametrize(("back", "sent"), [(1800.0, 1), (7200.0, 2), (366 * 86400.0, 2)])
def test_what_was_to_be_tried_again_before_the_clock_was_put_back_waits_no_longer_than_anything_does(
    stage: Stage, back: float, sent: int
) -> None:
    destination = tried_in_vain(stage)

    trim(stage, later=-back)
    is_rung = (stage.redis.zscore(keys.BELLS, f"deliver|{destination.id}") or 9e9) <= redis_time(stage.redis)
    stage.run(destination)

    assert (len(stage.sender.sent), is_rung) == (sent, sent > 1)


@pytest.mark.parametrize(("back", "is_due"), [(86400.0, False), (366 * 86400.0, True)])
def test_what_was_held_before_the_clock_was_put_back_is_held_no_longer_than_anything_is(
    stage: Stage, back: float, *, is_due: bool
) -> None:
    destination, now = stage.add(create_only=True), redis_time(stage.redis)
    held = Waiting(place(stage, 10), "s-1/1", "default", 1, due=now + 600, held=True)
    for command in waiting.write(destination.id, "s-1", (held,)):
        stage.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    stage.redis.delete(keys.BELLS)

    trim(stage, later=-back)

    ((one,),) = waiting.everything(stage.redis, destination.id).values()
    assert (one.due <= now) is is_due
    assert (stage.redis.zscore(keys.BELLS, bells.member(Bell.DELIVER, destination.id)) is not None) is is_due


def test_what_was_given_up_is_not_sent_again_once_the_log_holds_it_no_more(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=True) == 1
    (letter,) = dead(stage, destination)
    bury(stage.redis, destination.id, msgspec.structs.replace(letter, dead_at=letter.dead_at + LONG))

    trim(stage, later=LONG + 1)

    assert stage.redis.xlen(keys.OUTCOMES) == 0
    assert [one.because for one in dead(stage, destination)] == ["retention"]
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=True) == 0
    stage.recorder.flush()
    told = prometheus.render(stage.redis).decode()
    assert "legwork_deliveries_dropped_total{" not in told  # which may have been taken


def test_what_was_given_up_when_it_was_sent_once_more_is_not_forgotten_though_it_was_taken_before(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    stage.sender.answer = lambda _: forbidden()
    redrive.redrive(stage.redis, destination.id, Redrive(everything=True), dry_run=False)
    stage.run(destination)

    trim(stage, later=0)

    assert [one.event_id for one in dead(stage, destination)] == ["s-1/1"]


@pytest.mark.parametrize("create_only", [False, True])
def test_what_was_given_up_of_a_call_is_forgotten_once_a_later_revision_was_taken(
    stage: Stage, *, create_only: bool
) -> None:
    destination = stage.add(create_only=create_only)
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, outcome_of("s-1", A_MISSED_CALL), outcome_of("s-2", A_MISSED_CALL))
    stage.run(destination)
    trim(stage, later=0)
    assert len(dead(stage, destination)) == 2
    stage.sender.answer = lambda _: delivered()

    publish(stage.redis, revised("s-1", 2, A_MISSED_CALL))
    stage.run(destination)
    trim(stage, later=0)

    assert [one.event_id for one in dead(stage, destination)] == ["s-2/1"]
    assert redrive.redrive(stage.redis, destination.id, Redrive(), dry_run=True) == 1


def given_up(stage: Stage, count: int) -> Destination:
    """Add a destination to which so many events were given up just now, each of another call."""
    destination = stage.add()
    for number in range(count):
        bury(stage.redis, destination.id, a_dead_letter(f"s-{number}/1", "1-0", dead_at=redis_time(stage.redis)))
    return destination


def test_what_was_given_up_is_looked_through_so_much_at_a_time_however_much_it_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = given_up(stage, 7)
    stage.redis.set(keys.delivered(destination.id, "s-5"), "2")
    asked: list[int] = []

    def last_taken(redis: Redis, destination_id: str, calls: Sequence[str]) -> dict[str, int]:
        asked.append(len(calls))
        return found(redis, destination_id, calls)

    found = redrive.last_taken
    monkeypatch.setattr(redrive, "last_taken", last_taken)
    monkeypatch.setattr(expiry, "_PAGE", 2)
    trim(stage, later=0)

    assert sorted(one.call for one in dead(stage, destination)) == [f"s-{number}" for number in range(7) if number != 5]
    assert asked == [2, 2, 2, 1]


def test_of_very_much_that_was_given_up_some_is_listed_with_each_look_as_what_the_retention_took(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = given_up(stage, 5)
    monkeypatch.setattr(expiry, "_PAGE", 2)
    monkeypatch.setattr(expiry, "_PAGES", 1)

    counts = []
    for _ in range(3):
        trim(stage, later=0)
        counts.append(sum(one.because == "retention" for one in dead(stage, destination)))

    assert counts == [2, 4, 5]


def wait(stage: Stage, destination: Destination, call: str, *ages: float) -> None:
    """Have events of a call wait that were published so long ago."""
    queue = tuple(
        Waiting(place(stage, age), f"{call}/{number}", "default", number, due=0.0, attempts=1)
        for number, age in enumerate(ages, start=1)
    )
    for command in waiting.write(destination.id, call, queue):
        stage.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


def place(stage: Stage, age: float) -> str:
    """Name the place in a log of what was appended so long ago."""
    return f"{int((redis_time(stage.redis) - age) * 1000)}-0"


def tried_in_vain(stage: Stage) -> Destination:
    """Add a destination that has refused the event of a call, which waits for another attempt."""
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)
    return destination


def paused(stage: Stage, **draft: object) -> Destination:
    return destinations.update(stage.redis, stage.add(**draft).id, Changes(state=DestinationState.PAUSED))


def dead(stage: Stage, destination: Destination) -> list[attempts.DeadLetter]:
    return list(attempts.dead_letters(stage.redis, destination.id))


def trim(stage: Stage, *, later: float) -> None:
    """Trim as if it were `later` seconds later."""
    expiry.trim(stage.redis, stage.recorder, now=redis_time(stage.redis) + later, retention=LONG)
