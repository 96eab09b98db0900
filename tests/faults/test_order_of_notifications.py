"""Whatever the order notifications are posted in, and however often each: one call, one end, and not too early."""

import time

from runtime import call_history
from runtime.settings import DEFAULT_ACCOUNT
from scripts.supervisor.follow import ENDED
from telephony.times import parse_time
from tests.builders.calls import Call, ivr_call
from tests.faults.fresh_calls import renamed
from tests.faults.product import HASTE, Product
from tests.simulator.waiting import wait_until

QUIET_SECONDS = float(HASTE["QUIET_SECONDS"])
MENU_LEFT = 4  # notifications; with the fourth the menu has disconnected, and only the caller is left


def post(product: Product, bodies: list[bytes]) -> None:
    assert {product.post(body) for body in bodies} == {200}


def ends(product: Product, call: Call) -> list[str]:
    return [event.id for event in product.events(ENDED) if event.subject == call.telephony_session_id]


def assert_one_end_after_the_last_notification(product: Product, call: Call) -> None:
    wait_until(lambda: bool(ends(product, call)), 30)
    time.sleep(3 * QUIET_SECONDS)

    assert ends(product, call) == [f"{call.telephony_session_id}/0"]
    with product.redis() as redis:
        history = call_history.read(redis, DEFAULT_ACCOUNT, call.telephony_session_id)
    published = parse_time(history.events[0].data.timing.published_at)
    assert published is not None
    assert published.timestamp() > max(heard.arrived_at for heard in history.notifications)


def test_a_call_goes_on_after_its_menu_has_disconnected(product: Product) -> None:
    call = renamed(ivr_call())

    post(product, call.bodies[:MENU_LEFT])
    time.sleep(5 * QUIET_SECONDS)
    post(product, call.bodies[MENU_LEFT:])

    assert_one_end_after_the_last_notification(product, call)


def test_notifications_may_come_in_reverse(product: Product) -> None:
    call = renamed(ivr_call())

    post(product, call.bodies[::-1])

    assert_one_end_after_the_last_notification(product, call)


def test_notifications_may_come_twice_and_again_after_the_end(product: Product) -> None:
    call = renamed(ivr_call())

    post(product, [body for body in call.bodies for _ in range(2)])
    wait_until(lambda: bool(ends(product, call)), 30)
    post(product, call.bodies)
    time.sleep(3 * QUIET_SECONDS)

    assert ends(product, call) == [f"{call.telephony_session_id}/0"]
