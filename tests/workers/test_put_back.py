"""After Redis's clock was put back, what was due soon is still due soon."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from runtime import bells, keys
from runtime.asking import Asking
from runtime.bells import Stage
from runtime.deliveries import destinations
from telephony.destinations import Draft
from telephony.fetch_plan import Window
from tests.builders.calls import ivr_call
from tests.workers.office import ACCOUNT, Office
from workers import upkeep
from workers.housekeeping.put_back import be_due_earlier
from workers.resolving import rereads
from workers.resolving.sweep import Sweep

HOUR, MINUTE = 3600.0, 60.0


def put_back(office: Office) -> None:
    """Put the clock back, and have upkeep come by."""
    office.let_pass(-HOUR)
    upkeep.serve(ACCOUNT)


@pytest.mark.parametrize(
    "due", [keys.replays_due, keys.ringouts_due, keys.rereads, keys.relinked, keys.due, keys.quiet]
)
def test_what_was_due_before_is_due_as_much_earlier_once(office: Office, due: Callable[[str], str]) -> None:
    upkeep.serve(ACCOUNT)
    office.redis.zadd(due(ACCOUNT), {"soon": office.now + 5, "later": office.now + 2 * HOUR})

    put_back(office)
    upkeep.serve(ACCOUNT)

    left = [(office.redis.zscore(due(ACCOUNT), one) or 0) - office.now for one in ("soon", "later")]
    assert left == [pytest.approx(5, abs=2), pytest.approx(2 * HOUR, abs=2)]


def test_who_sees_it_second_while_the_first_is_still_at_it_puts_nothing_earlier_once_more(office: Office) -> None:
    upkeep.serve(ACCOUNT)
    office.redis.zadd(keys.due(ACCOUNT), {"later": office.now + 3 * HOUR})
    office.let_pass(-HOUR)

    for _ in range(2):
        be_due_earlier(office.redis, [ACCOUNT], now=office.now)

    assert office.redis.zscore(keys.due(ACCOUNT), "later") == pytest.approx(office.now + 3 * HOUR, abs=2)


def test_of_a_minute_that_is_looked_at_again_so_is_what_no_answer_reached(office: Office) -> None:
    upkeep.serve(ACCOUNT)
    for command in rereads.scheduled(ACCOUNT, office.now, [office.now + 5]):
        office.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    put_back(office)
    office.let_pass(MINUTE)
    minutes = rereads.due(office.redis, ACCOUNT, office.now)
    (minute,) = minutes.values()
    first = Window(minute.date_from, minute.date_from + timedelta(seconds=30))

    for command in rereads.done(ACCOUNT, minutes, Sweep(Asking(), answered=[first]), office.now):
        office.redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped

    a_moment_later = office.now + 0.001  # times are kept in milliseconds
    assert [*rereads.due(office.redis, ACCOUNT, a_moment_later).values()] == [Window(first.date_to, minute.date_to)]


def test_nothing_is_due_in_the_past_for_that(office: Office) -> None:
    upkeep.serve(ACCOUNT)
    office.redis.zadd(keys.quiet(ACCOUNT), {"s-1": office.now - HOUR + 5})

    put_back(office)

    assert abs((office.redis.zscore(keys.quiet(ACCOUNT), "s-1") or 0) - office.now) < 2


def test_what_is_to_be_sent_again_and_its_bell_are_so_too(office: Office) -> None:
    made = destinations.create(office.redis, Draft(url="https://crm.example/hook"), keys=())[0].id
    upkeep.serve(ACCOUNT)
    bell, place = bells.member(Stage.DELIVER, made), f"{int((office.now - 2 * HOUR) * 1000)}-1"
    office.redis.zadd(keys.asked(made), {place: office.now + 5})
    office.redis.zadd(keys.BELLS, {bell: office.now + 5})

    put_back(office)

    waits = [office.redis.zscore(keys.asked(made), place), office.redis.zscore(keys.BELLS, bell)]
    assert [(score or 0) - office.now for score in waits] == [pytest.approx(5, abs=2)] * 2


def test_a_call_that_was_in_its_quiet_pause_ends_and_is_looked_for_in_the_call_log_soon(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies)
    office.track()
    upkeep.serve(ACCOUNT)

    put_back(office)
    office.let_pass(office.settings.quiet_seconds + 1)
    office.track()

    assert [event.id for event in office.published(call)] == [f"{call.telephony_session_id}/0"]
    look = office.redis.zscore(keys.due(ACCOUNT), call.telephony_session_id)
    assert (look or 0) - office.now < MINUTE
