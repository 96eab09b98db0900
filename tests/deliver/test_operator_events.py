"""Operator events go to the destinations that ask for them, with the promises that all events have."""

from typing import cast

import msgspec
import pytest

from runtime import keys, operator_log
from runtime.clocks import redis_time
from runtime.deliveries import backlog, destinations, redrive
from runtime.deliveries.redrive import Redrive
from telephony.destinations import Changes, DestinationState
from telephony.events import encode
from telephony.operator_events import Alert, OperatorEvent, Told, What, event
from tests.deliver.conftest import Stage
from tests.deliver.test_deliver import make_due
from tests.fakes.sender import delivered, forbidden, gone, refused
from tests.outputs import told_to_operators
from tests.scripts.publishing import outcome_of, publish
from workers.housekeeping import alarms

PARKED = What.ACCOUNT_PARKED


def sent(stage: Stage) -> list[OperatorEvent]:
    return [msgspec.json.decode(one.body, type=OperatorEvent) for one in stage.sender.sent]


def test_whoever_asks_for_them_is_sent_operator_events_beside_those_of_calls(stage: Stage) -> None:
    asks, other = stage.add(operator=True), stage.add()
    operator_log.raise_alert(stage.redis, PARKED, "default", "No.", account="default")
    publish(stage.redis, outcome_of("s-1"))

    stage.run(asks)
    stage.run(other)

    assert sorted(one.partition(":")[0] for one in stage.sender.ids()) == ["operator", "s-1/1", "s-1/1"]
    assert backlog.status(stage.redis, asks.id).backlog == 0


def test_what_shapes_the_events_of_calls_leaves_them_as_they_are(stage: Stage) -> None:
    asks = stage.add(operator=True, mask=True, fields=("outcome",), create_only=True)
    operator_log.raise_alert(stage.redis, PARKED, "default", "No.")
    stage.run(asks)
    operator_log.clear_alert(stage.redis, PARKED, "default", "It is over.")

    stage.run(asks)

    assert [event.data.state for event in sent(stage)] == [Told.RAISED, Told.CLEARED]
    assert sent(stage)[0].data.message == "No."


def test_one_of_a_kind_that_only_a_later_version_knows_is_sent_and_holds_up_no_call(stage: Stage) -> None:
    asks = stage.add(operator=True)
    alert = Alert(what=PARKED, about="default", account=None, message="No.", since=1.0)
    later = encode(event(alert, Told.RAISED, now=2.0)).replace(PARKED.encode(), b"disk.slow")
    place = cast("bytes", stage.redis.xadd(keys.OPERATOR, {"event": later, "account": ""})).decode()
    stage.redis.zadd(keys.asked(asks.id), {f"operator/{place}": 1})
    publish(stage.redis, outcome_of("s-1"))

    stage.run(asks)

    assert sorted(one.partition(":")[0] for one in stage.sender.ids()) == ["operator", "s-1/1"]
    assert later in [one.body for one in stage.sender.sent]


def test_what_concerns_another_account_is_not_sent(stage: Stage) -> None:
    asks = stage.add(operator=True, accounts=("acme",))
    for account in ("acme", "other"):
        operator_log.raise_alert(stage.redis, PARKED, account, "No.", account=account)

    stage.run(asks)

    assert [event.data.account for event in sent(stage)] == ["acme"]


def test_one_that_failed_is_tried_again_and_the_later_waits_for_it(stage: Stage) -> None:
    asks = stage.add(operator=True)
    stage.sender.answer = lambda _: refused()
    operator_log.raise_alert(stage.redis, PARKED, "default", "No.")
    stage.run(asks)
    operator_log.clear_alert(stage.redis, PARKED, "default", "It is over.")
    stage.run(asks)

    stage.sender.answer = lambda _: delivered()
    make_due(stage, asks)
    stage.run(asks)

    assert [event.data.state for event in sent(stage)] == [Told.RAISED, Told.RAISED, Told.CLEARED]


def test_one_that_was_given_up_can_be_sent_again(stage: Stage) -> None:
    asks = stage.add(operator=True)
    stage.sender.answer = lambda _: forbidden()
    operator_log.raise_alert(stage.redis, PARKED, "default", "No.")
    stage.run(asks)
    stage.sender.answer = lambda _: delivered()

    count = redrive.redrive(stage.redis, asks.id, Redrive(since=redis_time(stage.redis) - 60), dry_run=False)
    stage.run(asks)

    assert count == 1
    assert [event.data.state for event in sent(stage)] == [Told.RAISED, Told.RAISED]


def test_that_an_alert_is_over_can_be_sent_again_though_of_calls_the_destination_is_told_once(stage: Stage) -> None:
    asks = stage.add(operator=True, create_only=True)
    operator_log.raise_alert(stage.redis, PARKED, "default", "No.")
    stage.run(asks)
    stage.sender.answer = lambda _: forbidden()
    operator_log.clear_alert(stage.redis, PARKED, "default", "It is over.")
    stage.run(asks)
    stage.sender.answer = lambda _: delivered()

    count = redrive.redrive(stage.redis, asks.id, Redrive(), dry_run=False)
    stage.run(asks)

    assert count == 1
    assert [event.data.state for event in sent(stage)] == [Told.RAISED, Told.CLEARED, Told.CLEARED]


def test_both_ends_of_an_alert_are_sent_where_each_call_is_told_of_once(stage: Stage) -> None:
    asks = stage.add(operator=True, create_only=True)
    operator_log.raise_alert(stage.redis, PARKED, "default", "It is parked.", account="default")
    operator_log.clear_alert(stage.redis, PARKED, "default", "It is over.")

    stage.run(asks)

    assert len(stage.sender.sent) == 2


def test_a_destination_that_is_disabled_is_an_alert_until_it_is_not(stage: Stage) -> None:
    destination = stage.add()
    publish(stage.redis, outcome_of("s-1"))
    stage.sender.answer = lambda _: gone()
    stage.run(destination)
    (alert,) = operator_log.alerts(stage.redis)
    assert (alert.what, alert.about) == (What.DESTINATION_DISABLED, destination.id)
    alarms.of_destinations(stage.redis)
    assert len(operator_log.alerts(stage.redis)) == 1

    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.ACTIVE))
    alarms.of_destinations(stage.redis)

    assert operator_log.alerts(stage.redis) == ()


@pytest.mark.parametrize("what", [What.DESTINATION_FAILING, What.DESTINATION_DISABLED])
def test_of_a_destination_that_was_paused_it_is_not_said_that_it_takes_events_again(stage: Stage, what: What) -> None:
    destination = stage.add()
    operator_log.raise_alert(stage.redis, what, destination.id, "70 %")

    destinations.update(stage.redis, destination.id, Changes(state=DestinationState.PAUSED))
    alarms.of_destinations(stage.redis)

    cleared = told_to_operators(stage.redis)[-1].data
    assert (cleared.state, cleared.message) == (Told.CLEARED, "It is paused.")


def test_an_alert_about_a_destination_goes_with_it(stage: Stage) -> None:
    destination = stage.add()
    operator_log.raise_alert(stage.redis, What.DESTINATION_FAILING, destination.id, "70 %", level=70)

    destinations.delete(stage.redis, destination.id)
    alarms.of_destinations(stage.redis)

    assert operator_log.alerts(stage.redis) == ()
