"""What a destination's answers do to the destination."""

import math
from typing import Any

import msgspec
import pytest

from runtime import keys, operator_log
from runtime.bells import Stage as Bell
from runtime.deliveries import destinations
from runtime.deliveries.attempts import Blame
from runtime.leases import lease
from telephony.destinations import Changes, DestinationState
from telephony.operator_events import What
from tests.deliver.conftest import Stage
from tests.fakes.sender import delivered, gone, refused
from workers.delivering.charge import DISABLED_AFTER_SECONDS, Charge, Health
from workers.destinations.schedule import LONGEST_WAIT
from workers.destinations.verdicts import Answer, Verdict

BEGAN = 1000.0


@pytest.mark.parametrize(
    ("share", "told", "alert"),
    [(0.49, 0, None), (0.5, 0, 50), (0.6, 50, None), (0.75, 50, 70), (0.95, 50, 90), (1.0, 90, 100), (1.2, 100, None)],
)
def test_somebody_is_told_once_at_each_step_on_the_way(share: float, told: int, alert: int | None) -> None:
    health = Health(failing_since=BEGAN, told=told)

    assert health.alert(BEGAN + share * DISABLED_AFTER_SECONDS) == alert


def test_a_destination_on_its_way_to_being_disabled_is_an_alert_that_gets_worse(stage: Stage) -> None:
    destination = stage.add()
    seen: Any = stage.redis.hget(keys.DESTINATIONS, destination.id)
    raised = {}

    for percent in range(0, 80, 10):
        charge = Charge(destination.id, stage.redis, stage.recorder)
        now = BEGAN + percent / 100 * DISABLED_AFTER_SECONDS
        charge.add(refused(), now)
        with lease(stage.redis, destination.id, Bell.DELIVER) as held:
            held.commit(charge.commands(now, seen=seen))
        raised[percent] = stage.redis.xlen(keys.OPERATOR)

    (alert,) = operator_log.alerts(stage.redis)
    assert (alert.what, alert.about, alert.level) == (What.DESTINATION_FAILING, destination.id, 70)
    assert [raised[percent] for percent in (0, 50, 60, 70)] == [0, 1, 1, 2]


def test_one_success_ends_a_time_of_failures() -> None:
    failing = Health().after(success=False, now=BEGAN).after(success=False, now=BEGAN + 9)
    assert failing.failing_since == BEGAN

    assert failing.after(success=True, now=BEGAN + 10).failing_since is None


def test_a_failure_of_ours_is_not_charged(stage: Stage) -> None:
    charge = Charge(stage.add().id, stage.redis, stage.recorder)

    charge.add(Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0), BEGAN)

    assert charge.commands(BEGAN, seen=b"") == []


def test_five_days_of_failures_disable_a_destination_and_say_why(stage: Stage) -> None:
    destination = stage.add()
    charge = Charge(destination.id, stage.redis, stage.recorder)
    for attempt in range(math.ceil(DISABLED_AFTER_SECONDS / LONGEST_WAIT) + 1):
        charge.add(refused(), BEGAN + attempt * LONGEST_WAIT)

    charge.carry_out(destination)

    after = destinations.get(stage.redis, destination.id)
    assert after is not None
    assert (after.state, after.disabled_because) == (DestinationState.DISABLED, "it took nothing for five days")


def test_time_in_which_nothing_was_tried_brings_no_destination_nearer_to_being_disabled(stage: Stage) -> None:
    destination = stage.add()
    charge, later = Charge(destination.id, stage.redis, stage.recorder), BEGAN + 2 * DISABLED_AFTER_SECONDS
    charge.add(refused(), BEGAN)
    charge.add(Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0), later)
    charge.commands(later, seen=b"")
    charge.add(refused(), later)
    charge.commands(later, seen=b"")

    charge.carry_out(destination)

    assert destinations.get(stage.redis, destination.id) == destination
    assert operator_log.alerts(stage.redis) == ()


def test_a_clock_that_is_put_back_makes_a_time_of_failures_no_shorter() -> None:
    ahead = BEGAN + 366 * 86400.0
    times = [*(ahead + attempt * LONGEST_WAIT for attempt in range(3)), *(BEGAN + n * LONGEST_WAIT for n in range(5))]
    assert 6 * LONGEST_WAIT == DISABLED_AFTER_SECONDS

    health, disabled = Health(), []
    for now in times:
        health = health.after(success=False, now=now)
        disabled.append(health.has_failed_too_long(now))

    assert disabled == [*[False] * 7, True]


def test_a_destination_whose_runner_was_killed_just_before_it_was_disabled_is_by_the_next(stage: Stage) -> None:
    destination = stage.add()
    everybody_was_told = Health(failing_since=BEGAN, told=100)
    stage.redis.set(keys.health(destination.id), msgspec.msgpack.encode(everybody_was_told))
    charge = Charge(destination.id, stage.redis, stage.recorder)

    charge.add(refused(), BEGAN + DISABLED_AFTER_SECONDS + 60)
    charge.carry_out(destination)

    after = destinations.get(stage.redis, destination.id)
    assert after is not None
    assert after.state is DestinationState.DISABLED


def test_one_that_somebody_has_given_another_address_meanwhile_is_neither_disabled_nor_told_of(stage: Stage) -> None:
    destination = stage.add()
    charge = Charge(destination.id, stage.redis, stage.recorder)
    charge.add(gone(), BEGAN)
    after = destinations.update(stage.redis, destination.id, Changes(url="https://crm.example/new"))

    charge.carry_out(destination)

    assert destinations.get(stage.redis, destination.id) == after
    assert not operator_log.alerts(stage.redis)


def test_a_destination_left_alone_is_tried_with_one_event_and_is_back_when_it_takes_it(stage: Stage) -> None:
    charge = Charge(stage.add().id, stage.redis, stage.recorder)
    for number in range(10):
        charge.add(refused(), BEGAN + number)
    assert not charge.may_send(BEGAN + 10)

    back = charge.shut_until(BEGAN + 10) or 0.0
    assert charge.is_probing(back)
    charge.add(delivered(), back)

    assert charge.may_send(back)
    assert not charge.is_probing(back)
