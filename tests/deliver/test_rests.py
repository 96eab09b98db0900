"""The end of a shift: whoever may be sent events hears of news, and whoever may not is left in peace."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from redis.connection import AbstractConnection

from runtime import bells, keys
from runtime.bells import Stage as Bell
from runtime.clocks import redis_time
from runtime.deliveries import attempts, backlog, destinations, waiting
from telephony.destinations import Changes, Destination, DestinationState
from tests.deliver.conftest import Stage
from tests.fakes.killed import Killed
from tests.fakes.sender import delivered, forbidden, refused
from tests.scripts.publishing import outcome_of, publish
from workers import deliver, dependencies
from workers.delivering import charge, delivery_view, rests
from workers.delivering.deliverer import GATHER_SECONDS
from workers.destinations.breaker import FIRST_PAUSE, LEAST_ATTEMPTS


def test_a_destination_left_alone_is_not_rung_by_news_but_when_it_shall_be_tried(stage: Stage) -> None:
    destination = left_alone(stage)

    publish(stage.redis, outcome_of("s-new"))

    assert bell(stage, destination) == pytest.approx(redis_time(stage.redis) + FIRST_PAUSE, abs=5)


def test_while_a_destination_is_left_alone_what_it_misses_waits_in_the_log(stage: Stage) -> None:
    destination = left_alone(stage)
    publish(stage.redis, outcome_of("s-new"))

    stage.run(destination)

    assert not waiting.everything(stage.redis, destination.id)
    assert backlog.status(stage.redis, destination.id).unread == 1


def test_until_when_a_destination_is_left_alone_is_told_and_not_of_one_that_is_sent_events_or_paused(
    stage: Stage,
) -> None:
    alone, paused, sound = left_alone(stage), left_alone(stage, calls="of-another"), stage.add()
    destinations.update(stage.redis, paused.id, Changes(state=DestinationState.PAUSED))
    stage.sender.answer = lambda _: refused()
    publish(stage.redis, outcome_of("s-tried-again"))
    stage.run(sound)

    told = [backlog.status(stage.redis, one.id).left_alone_until for one in (alone, paused, sound)]

    assert all((bell(stage, one) or 0.0) > redis_time(stage.redis) for one in (alone, paused, sound))
    assert told == [bell(stage, alone), None, None]


def test_a_bell_that_is_overdue_tells_of_a_runner_that_is_away_and_not_of_a_pause(stage: Stage) -> None:
    destination = left_alone(stage)

    bells.ring_at(stage.redis, Bell.DELIVER, destination.id, redis_time(stage.redis) - 1)

    assert backlog.status(stage.redis, destination.id).left_alone_until is None


def test_a_destination_left_alone_hears_of_news_again_though_nothing_came_in_the_meantime(stage: Stage) -> None:
    destination = left_alone(stage)
    let_the_pause_pass(stage, destination)
    stage.run(destination)

    publish(stage.redis, outcome_of("s-new"))
    assert bell(stage, destination) is not None
    stage.run(destination)

    assert stage.sender.ids()[-1] == "s-new/1"


def test_a_shift_does_not_end_by_what_a_destination_was_before_somebody_changed_it(stage: Stage) -> None:
    destination = stage.add()
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    paused = delivery_view.view(stage.redis, destination.id, "0-0", 0, flying=0, keys_of_secrets=())
    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.ACTIVE))
    assert bell(stage, destination) is not None

    assert not rests.rest(stage.redis, destination.id, paused, opens=paused.now, cursor="0-0")

    assert bell(stage, destination) is not None


def test_a_shift_ends_with_the_bell_set_to_what_is_due_first(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: refused()
    stage.run(destination)
    again_at = float(stage.redis.zscore(keys.retries(destination.id), "s-1") or 0)
    assert bell(stage, destination) == again_at
    assert not stage.redis.exists(keys.rung(destination.id, Bell.DELIVER))  # or news would wait for seconds

    later, sooner = again_at + 100, again_at - 1
    stage.redis.zadd(keys.asked(destination.id), {"trial/1-0": later})
    stage.run(destination)
    assert bell(stage, destination) == again_at
    stage.redis.zadd(keys.asked(destination.id), {"trial/2-0": sooner})
    stage.run(destination)
    assert bell(stage, destination) == sooner


@pytest.mark.parametrize("state", [DestinationState.PAUSED, DestinationState.DISABLED])
def test_what_may_not_be_sent_rings_no_bell_even_of_a_destination_that_listens_by_mistake(
    stage: Stage, state: DestinationState
) -> None:
    destination = stage.add()
    destinations.update(stage.redis, destination.id, Changes(state=state))
    stage.redis.sadd(keys.LISTENING, destination.id)
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert not stage.redis.sismember(keys.LISTENING, destination.id)
    assert bell(stage, destination) is None


def test_of_a_destination_that_was_removed_nothing_stays_whoever_left_it(stage: Stage) -> None:
    destination = stage.add()
    destinations.delete(stage.redis, destination.id)
    stage.redis.sadd(keys.LISTENING, destination.id)
    stage.redis.hset(keys.delivery_cursor(destination.id), "place", "0-0")
    publish(stage.redis, outcome_of("s-1"))

    stage.run(destination)

    assert not stage.redis.sismember(keys.LISTENING, destination.id)
    assert bell(stage, destination) is None
    assert not list(stage.redis.scan_iter(f"*{destination.id}*"))


class Life:
    """Lets a process have so many more calls to Redis, and no other after them."""

    def __init__(self) -> None:
        self.calls_left: float = float("inf")

    def spend(self) -> None:
        """Live through one call, or do not."""
        if self.calls_left <= 0:
            raise Killed
        self.calls_left -= 1


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    life, send = Life(), AbstractConnection.send_packed_command

    def sent(self: AbstractConnection, *words: Any, **options: Any) -> Any:
        life.spend()
        return send(self, *words, **options)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    monkeypatch.setattr(AbstractConnection, "send_packed_command", sent)
    return life


def ends() -> None:
    """Leave the shift to end by itself."""


def is_asked_to_stop() -> None:
    dependencies.current().stopping.set()


@pytest.mark.parametrize("meanwhile", [ends, is_asked_to_stop])
def test_whichever_call_to_redis_a_runner_is_killed_at_the_bell_of_what_waits_is_set(
    stage: Stage, life: Life, meanwhile: Callable[[], None]
) -> None:
    meanwhile()
    stage.run(stage.add())  # from here on the server knows all scripts, and a shift has the same calls each time
    for calls in range(100):
        stage.redis.flushall()
        destination = stage.add()
        stage.redis.zadd(keys.asked(destination.id), {"trial/1-0": redis_time(stage.redis) + 60})
        life.calls_left = calls
        with suppress(Killed):
            stage.run(destination)
            break
        life.calls_left = float("inf")
        assert bell(stage, destination) is not None, f"killed at call {calls}"

    life.calls_left = float("inf")
    assert 5 < calls < 50
    assert bell(stage, destination) is not None


def test_a_shift_that_is_to_end_counts_what_was_answered_until_then(stage: Stage) -> None:
    destination = stage.add()
    stage.sender.seconds = 2 * GATHER_SECONDS
    publish(stage.redis, outcome_of("s-1"))
    dependencies.current().stopping.set()

    stage.run(destination)

    assert not waiting.everything(stage.redis, destination.id)
    assert [one.verdict for one in attempts.of_call(stage.redis, "default", "s-1")] == ["delivered"]


def test_after_a_fault_of_ours_a_destination_is_left_alone_for_a_minute(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = stage.add()
    monkeypatch.setattr(deliver, "Deliverer", None)

    stage.run(destination)

    assert bell(stage, destination) == pytest.approx(redis_time(stage.redis) + deliver.PARKED_SECONDS, abs=5)


def left_alone(stage: Stage, *, calls: str = "s") -> Destination:
    """Add a destination whose breaker is open, and for which nothing waits."""
    destination = stage.add()
    stage.sender.answer = lambda _: forbidden()
    publish(stage.redis, *(outcome_of(f"{calls}-{number}") for number in range(LEAST_ATTEMPTS)))
    stage.run(destination)
    stage.sender.answer = lambda _: delivered()
    assert not waiting.everything(stage.redis, destination.id)
    return destination


def let_the_pause_pass(stage: Stage, destination: Destination) -> None:
    health = charge.health(stage.redis, destination.id)
    over = msgspec.structs.replace(health.breaker, opens_until=redis_time(stage.redis) - 1)
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(msgspec.structs.replace(health, breaker=over)))


def bell(stage: Stage, destination: Destination) -> float | None:
    """Say when the clock rings the destination next."""
    score = stage.redis.zscore(keys.BELLS, bells.member(Bell.DELIVER, destination.id))
    return None if score is None else float(score)
