"""Bodies that are there together are stored in one step; nobody is answered before, and a slow step stops nobody."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest
from redis.exceptions import ConnectionError as RedisAway

from tests.web.looping import run_on_a_loop
from web import answers
from web.answers import Answer
from web.storing import MOST, Storing

ONE, OTHER = "one", "other"


class Receiver:
    """Notes what is stored together, and does with it what the test says."""

    def __init__(self, does: Callable[[], Answer] = lambda: answers.STORED) -> None:
        self.steps: list[tuple[str, list[bytes]]] = []
        self.threads: list[int] = []
        self.refused: list[tuple[str, str, int]] = []
        self._does = does

    def store(self, account: str, bodies: Sequence[bytes]) -> Answer:
        self.steps.append((account, list(bodies)))
        self.threads.append(threading.get_ident())
        return self._does()

    def unstored(self, account: str, answer: Answer, *, why: str, count: int) -> Answer:
        self.refused.append((account, why, count))
        return answer


def stored(receiver: Receiver, *bodies: tuple[str, bytes]) -> list[Answer | BaseException]:
    """Have them all arrive at the same time."""

    async def story() -> list[Answer | BaseException]:
        storing = Storing(receiver)  # type: ignore[arg-type]  # all that is called is here
        return await asyncio.gather(*(storing.store(*one) for one in bodies), return_exceptions=True)

    return run_on_a_loop(story())


def test_what_arrives_together_is_stored_in_one_step_and_in_its_order() -> None:
    receiver = Receiver()

    found = stored(receiver, (ONE, b"1"), (ONE, b"2"), (ONE, b"3"))

    assert receiver.steps == [(ONE, [b"1", b"2", b"3"])]
    assert found == [answers.STORED] * 3


def test_each_account_has_steps_of_its_own() -> None:
    receiver = Receiver()

    found = stored(receiver, (ONE, b"1"), (OTHER, b"2"), (ONE, b"3"))

    assert receiver.steps == [(ONE, [b"1", b"3"]), (OTHER, [b"2"])]
    assert found == [answers.STORED] * 3


def test_a_step_takes_only_so_many_and_the_next_the_others() -> None:
    receiver = Receiver()

    found = stored(receiver, *((ONE, b"%d" % number) for number in range(2 * MOST + 1)))

    assert [len(bodies) for _, bodies in receiver.steps] == [MOST, MOST, 1]
    assert [body for _, bodies in receiver.steps for body in bodies] == [b"%d" % one for one in range(2 * MOST + 1)]
    assert found == [answers.STORED] * (2 * MOST + 1)


def test_an_account_that_is_flooded_keeps_no_other_waiting() -> None:
    receiver = Receiver()

    stored(receiver, *((ONE, b"%d" % number) for number in range(2 * MOST + 1)), (OTHER, b"alone"))

    assert [account for account, _ in receiver.steps] == [ONE, OTHER, ONE, ONE]


def test_what_could_not_be_stored_is_told_to_all_of_its_step() -> None:
    assert stored(Receiver(lambda: answers.NOT_STORED), (ONE, b"1"), (ONE, b"2")) == [answers.NOT_STORED] * 2


def test_while_redis_is_silent_nobody_waits_for_more_than_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.storing.QUICK_SECONDS", 0.0)  # every step is slow
    receiver = Receiver(lambda: answers.NOT_STORED)
    everybody = [(account, b"%d" % number) for account in (ONE, OTHER, "third") for number in range(MOST + 1)]

    found = stored(receiver, *everybody)

    assert found == [answers.NOT_STORED] * len(everybody)
    assert [(account, len(bodies)) for account, bodies in receiver.steps] == [(ONE, MOST)]
    assert receiver.refused == [(OTHER, "silent", MOST + 1), ("third", "silent", MOST + 1), (ONE, "silent", 1)]


def test_what_redis_refuses_at_once_of_one_account_is_not_refused_of_another() -> None:
    receiver = Receiver(lambda: answers.STORED if receiver.steps[1:] else answers.NOT_STORED)

    assert stored(receiver, (ONE, b"1"), (OTHER, b"2")) == [answers.NOT_STORED, answers.STORED]


def test_an_error_reaches_all_of_its_step_and_the_next_step_is_done() -> None:
    receiver = Receiver(failing_once())

    first, second, third = stored(receiver, (ONE, b"1"), (ONE, b"2"), (OTHER, b"3"))

    assert isinstance(first, RedisAway)
    assert isinstance(second, RedisAway)
    assert third == answers.STORED


def failing_once() -> Callable[[], Answer]:
    left = [RedisAway("away")]

    def does() -> Answer:
        if left:
            raise left.pop()
        return answers.STORED

    return does


def test_after_a_slow_step_the_loop_waits_no_more_and_what_comes_meanwhile_is_stored_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.storing.QUICK_SECONDS", 0.0)  # every step is slow
    goes_on = threading.Event()
    receiver = Receiver(lambda: answers.STORED if not receiver.steps[1:] or goes_on.wait(5) else answers.NOT_STORED)

    async def story() -> tuple[list[Answer], int]:
        storing = Storing(receiver)  # type: ignore[arg-type]  # all that is called is here
        await storing.store(ONE, b"1")
        waiting = [asyncio.create_task(storing.store(ONE, b"2"))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting += [asyncio.create_task(storing.store(ONE, body)) for body in (b"3", b"4")]
        await asyncio.sleep(0.02)  # the loop is free
        goes_on.set()
        return await asyncio.gather(*waiting), threading.get_ident()

    found, loop_thread = run_on_a_loop(story())

    assert found == [answers.STORED] * 3
    assert [bodies for _, bodies in receiver.steps] == [[b"1"], [b"2"], [b"3", b"4"]]
    assert [thread == loop_thread for thread in receiver.threads] == [True, False, False]


def test_a_sender_that_is_gone_takes_nothing_from_the_others() -> None:
    receiver = Receiver()

    async def story() -> Answer:
        storing = Storing(receiver)  # type: ignore[arg-type]  # all that is called is here
        gone = asyncio.create_task(storing.store(ONE, b"1"))
        stays = asyncio.create_task(storing.store(ONE, b"2"))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert run_on_a_loop(story()) == answers.STORED
    assert receiver.steps == [(ONE, [b"1", b"2"])]
