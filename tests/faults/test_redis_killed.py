"""Redis is killed while notifications come in: what was acknowledged is there, and all goes on."""

import threading

from runtime.keys import inbox
from runtime.settings import DEFAULT_ACCOUNT
from scripts.supervisor.follow import ENDED
from tests.builders.calls import Call, ivr_call
from tests.faults.fresh_calls import renamed
from tests.faults.product import Product
from tests.simulator.waiting import wait_until

PAUSE = 0.05
"""Seconds between two calls: who posts without any keeps the processors from those who are to go on."""


class Sender:
    """Posts call after call until told to stop, and remembers what was acknowledged."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.acknowledged: list[bytes] = []
        self.whole: list[Call] = []
        self._thread.start()

    def stop(self) -> None:
        """Finish the call that is being sent, then stop."""
        self._stopping.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(PAUSE)
            call = renamed(ivr_call())
            taken = [body for body in call.bodies if self._product.post(body) == 200]
            self.acknowledged += taken
            if len(taken) == len(call.bodies):
                self.whole.append(call)


def ended(product: Product) -> list[str]:
    return [event.subject for event in product.events(ENDED)]


def test_what_was_acknowledged_outlives_the_server_that_took_it(product: Product) -> None:
    sender = Sender(product)
    wait_until(lambda: any(call.telephony_session_id in ended(product) for call in list(sender.whole)), 30)

    killed = product.pids_of("redis")
    product.kill("redis")
    before = len(sender.whole)
    wait_until(lambda: product.pids_of("redis") not in ([], killed), 30)
    wait_until(lambda: len(sender.whole) > before + 5, 30)
    sender.stop()

    wanted = {call.telephony_session_id for call in sender.whole}
    wait_until(lambda: wanted <= set(ended(product)), 30)
    subjects = ended(product)
    assert len(subjects) == len(set(subjects))
    with product.redis() as redis:
        stored = {fields[b"body"] for _, fields in redis.xrange(inbox(DEFAULT_ACCOUNT))}
    assert set(sender.acknowledged) <= stored
