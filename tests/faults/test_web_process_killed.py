"""One of the processes that receive is killed: the others go on receiving, for RingCentral sends only once."""

import os
import signal

from tests.builders.calls import ivr_call
from tests.faults.fresh_calls import renamed
from tests.faults.processes import descendants, living
from tests.faults.product import Product
from tests.simulator.waiting import wait_until

SERVING = 2  # beside the one that looks after them
CUT_OFF = 2  # connections the kernel may have handed to a process that ends or begins; reconciliation finds their calls


def test_others_receive_while_a_killed_one_is_replaced(product: Product) -> None:
    leader = product.pids_of("web")[0]
    serving = [one.pid for one in descendants(leader)]
    assert len(serving) == SERVING

    os.kill(serving[0], signal.SIGKILL)
    wait_until(lambda: serving[0] not in {one.pid for one in living()})
    answers = [product.post(body) for _ in range(10) for body in renamed(ivr_call()).bodies]

    assert set(answers) <= {200, 0}
    assert answers.count(0) <= CUT_OFF
    wait_until(lambda: len(descendants(leader)) == SERVING, 30)
