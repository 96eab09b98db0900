"""The operator log: an alert is told once, when it becomes worse, and when it is over."""

from threading import Barrier, Thread

from redis import Redis

from runtime import bells, keys, operator_log
from runtime.bells import Stage
from runtime.deliveries import destinations
from telephony.destinations import Draft
from telephony.operator_events import Told, What
from tests.outputs import entries, told_to_operators

PARKED, FAILING = What.ACCOUNT_PARKED, What.DESTINATION_FAILING


def states(redis: Redis) -> list[Told]:
    return [event.data.state for event in told_to_operators(redis)]


def test_an_alert_is_told_once_however_often_its_reason_is_seen(redis: Redis) -> None:
    news = [operator_log.raise_alert(redis, PARKED, "acme", "No.", account="acme") for _ in range(3)]

    assert news == [True, False, False]
    assert [event.type for event in told_to_operators(redis)] == ["legwork.operator.account.parked"]
    assert [alert.about for alert in operator_log.alerts(redis)] == ["acme"]


def test_alerts_about_different_things_are_different_alerts(redis: Redis) -> None:
    for about in ("acme", "other"):
        operator_log.raise_alert(redis, PARKED, about, "No.", account=about)

    assert {event.data.about for event in told_to_operators(redis)} == {"acme", "other"}
    assert [alert.about for alert in operator_log.alerts(redis)] == ["other", "acme"]


def test_an_alert_that_becomes_worse_is_told_again_under_the_same_subject(redis: Redis) -> None:
    for level in (50, 50, 70, 60):
        operator_log.raise_alert(redis, FAILING, "dst_1", f"{level} %", level=level)

    first, second = told_to_operators(redis)
    assert (first.subject, first.id) == (second.subject, f"{first.subject}/0")
    assert (second.id, second.data.state) == (f"{first.subject}/1", Told.WORSE)


def test_an_alert_that_is_over_is_cleared_once_and_may_be_raised_anew(redis: Redis) -> None:
    operator_log.raise_alert(redis, PARKED, "acme", "No.")
    assert [operator_log.clear_alert(redis, PARKED, "acme", "Yes.") for _ in range(2)] == [True, False]
    assert operator_log.alerts(redis) == ()

    operator_log.raise_alert(redis, PARKED, "acme", "No.")

    assert states(redis) == [Told.RAISED, Told.CLEARED, Told.RAISED]


def test_of_an_alert_is_told_how_it_is_now_since_when_and_in_which_account(redis: Redis) -> None:
    operator_log.raise_alert(redis, PARKED, "acme", "No.", account="acme", details={"error": "OAU-128"})
    operator_log.clear_alert(redis, PARKED, "acme", "Yes.")

    raised, cleared = told_to_operators(redis)
    assert (raised.data.message, cleared.data.message) == ("No.", "Yes.")
    assert cleared.id == f"{raised.subject}/1"
    assert [(one.name, one.value) for one in raised.data.details] == [("error", "OAU-128")]
    assert [fields[b"account"] for _, fields in entries(redis, keys.OPERATOR)] == [b"acme", b"acme"]


def test_many_who_see_the_reason_at_once_tell_it_once(redis: Redis) -> None:
    ready = Barrier(8)

    def see() -> None:
        ready.wait()
        operator_log.raise_alert(redis, PARKED, "acme", "No.")

    threads = [Thread(target=see) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states(redis) == [Told.RAISED]


def test_destinations_that_want_to_know_are_asked_to_take_it_in_the_same_step(redis: Redis) -> None:
    wants, _ = destinations.create(redis, Draft(url="https://crm.example/a", operator=True), keys=())
    other, _ = destinations.create(redis, Draft(url="https://crm.example/b"), keys=())
    redis.delete(keys.BELLS)

    operator_log.raise_alert(redis, PARKED, "acme", "No.")

    assert redis.zcard(keys.asked(wants.id)) == 1
    assert redis.zcard(keys.asked(other.id)) == 0
    assert redis.zrange(keys.BELLS, 0, -1) == [bells.member(Stage.DELIVER, wants.id).encode()]


def test_an_alert_that_only_another_version_knows_is_passed_over(redis: Redis) -> None:
    redis.hset(keys.ALERTS, "new|acme", b'{"what": "new"}')

    assert operator_log.alerts(redis) == ()
