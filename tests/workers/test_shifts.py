"""Shifts run beside each other, as many as there may be."""

import threading

from tests.simulator.waiting import wait_until
from workers.shifts import Shifts
from workers.stopping import Stopping


def test_a_shift_that_waits_keeps_no_other_waiting() -> None:
    shifts, free = Shifts(Stopping(), most=2), threading.Event()
    ran: list[str] = []

    def wait_for_it(_: str) -> None:
        free.wait(10)

    shifts.begin(wait_for_it, "slow")

    shifts.begin(ran.append, "fast")

    wait_until(lambda: ran == ["fast"])
    free.set()
    shifts.finish()


def test_no_shift_begins_once_the_process_is_to_stop() -> None:
    stopping = Stopping()
    shifts, ran = Shifts(stopping, most=1), list[str]()
    stopping.set()

    shifts.begin(ran.append, "late")
    shifts.finish()

    assert ran == []


def test_a_shift_that_fails_gives_its_place_back() -> None:
    shifts, ran = Shifts(Stopping(), most=1), list[str]()

    def fail(name: str) -> None:
        raise RuntimeError(name)

    shifts.begin(fail, "broken")

    shifts.begin(ran.append, "next")
    shifts.finish()

    assert ran == ["next"]
