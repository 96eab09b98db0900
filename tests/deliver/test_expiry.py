"""What the retention takes away, on a real server."""

from runtime import attempts, backlog, destinations, keys, metrics
from runtime.bells import Stage as Bell
from runtime.clocks import redis_time
from runtime.leases import lease
from telephony.destinations import Changes, Destination, DestinationState
from tests.deliver.conftest import Stage
from tests.fakes.sender import refused
from tests.scripts.publishing import outcome_of, publish
from workers import expiry

LONG = 600.0


def test_what_a_paused_destination_never_got_is_listed_when_the_retention_is_over(stage: Stage) -> None:
    destination = paused(stage)
    publish(stage.redis, outcome_of("s-1"))

    trim(stage, later=LONG + 1)

    assert [(one.event_id, one.because) for one in dead(stage, destination)] == [("s-1/1", "retention")]
    assert backlog.status(stage.redis, destination.id).backlog == 0


def test_what_waits_for_another_attempt_is_listed_too(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-1"))
    stage.run(destination)

    trim(stage, later=LONG + 1)

    assert [(one.event_id, one.attempts) for one in dead(stage, destination)] == [("s-1/1", 1)]


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
    assert counted in metrics.render(stage.redis).decode().splitlines()


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
    expiry._let_go(stage.redis, destination, stage.recorder, before=int(later * 1000), now=later)

    assert not list(stage.redis.scan_iter(f"*{destination.id}*"))


def paused(stage: Stage) -> Destination:
    return destinations.update(stage.redis, stage.add().id, Changes(state=DestinationState.PAUSED))


def dead(stage: Stage, destination: Destination) -> list[attempts.DeadLetter]:
    return list(attempts.dead_letters(stage.redis, destination.id))


def trim(stage: Stage, *, later: float) -> None:
    """Trim as if it were `later` seconds later."""
    expiry.trim(stage.redis, stage.recorder, now=redis_time(stage.redis) + later, retention=LONG)
