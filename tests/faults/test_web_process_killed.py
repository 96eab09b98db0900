"""One of the processes that receive is killed: it is replaced, and what is answered 200 until then is stored.

How many connections are cut off with it is the kernel's to decide, and granian's, which now and then begins anew as a
whole; a test cannot bound it. Reconciliation finds the calls of notifications that were refused.
"""

import os
import signal

from scripts.supervisor.processes import descendants, living
from tests.builders.calls import ivr_call
from tests.faults.fresh_calls import renamed
from tests.faults.product import Product
from tests.simulator.waiting import wait_until

SERVING = 2  # beside the one that looks after them
RECOVERED_SECONDS = 30


def test_a_killed_one_is_replaced_and_all_is_received_again(product: Product) -> None:
    leader = product.pids_of("web")[0]
    serving = [one.pid for one in descendants(leader)]
    assert len(serving) == SERVING

    os.kill(serving[0], signal.SIGKILL)
    wait_until(lambda: serving[0] not in {one.pid for one in living()})
    body = renamed(ivr_call()).bodies[0]
    wait_until(lambda: {product.post(body) for _ in range(20)} == {200}, RECOVERED_SECONDS)

    wait_until(lambda: len(descendants(product.pids_of("web")[0])) == SERVING, RECOVERED_SECONDS)
