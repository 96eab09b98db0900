"""Storing together: bodies that are there at the same time are stored in one step, and answered together.

A step costs a round trip, however many bodies it stores; under load that is most of what a notification costs Redis,
and half of what it costs `web`. So a body waits until the event loop has seen to whatever else has just arrived, which
takes microseconds, and while a step is under way for the next. Nobody is answered before Redis has the body; while
Redis is silent nobody waits for more than one step, however many others wait, and for however many accounts.
docs/adr/0036-notifications-are-stored-together.md has the figures.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from runtime.clocks import stopwatch
from web import answers
from web.answers import Answer
from web.webhook import Receiver

QUICK_SECONDS: Final = 0.01
"""After a step that takes longer the next is done in a thread: the loop waits for a slow Redis once."""

MOST: Final = 64
"""Bodies stored in one step: few enough for Redis to be free again in a millisecond."""

_Waiting = tuple[bytes, "asyncio.Future[Answer]"]


class Storing:
    """Stores what `receiver` has let in. Belongs to one event loop."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._waiting: dict[str, list[_Waiting]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._is_planned = False
        self._is_quick = True

    async def store(self, account: str, body: bytes) -> Answer:
        """Store one body, with whatever others there are; return what its sender is answered."""
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(account, []).append((body, stored))
        self._plan(loop)
        return await stored

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_planned:
            self._is_planned = True
            loop.call_soon(self._step, loop)

    def _step(self, loop: asyncio.AbstractEventLoop) -> None:
        """Store what waits for one account: here, or in a thread while Redis is slow."""
        account = next(iter(self._waiting))
        waiting = self._waiting.pop(account)
        taken, left = waiting[:MOST], waiting[MOST:]
        if left:
            self._waiting[account] = left  # behind all others
        if self._is_quick:
            self._answer(loop, taken, self._stored(account, taken))
        else:
            step = loop.run_in_executor(self._thread, self._stored, account, taken)
            step.add_done_callback(lambda done: self._answer(loop, taken, done.result()))

    def _stored(self, account: str, taken: Sequence[_Waiting]) -> Answer | Exception:
        began = stopwatch()
        try:
            return self._receiver.store(account, [body for body, _ in taken])
        except Exception as error:  # noqa: BLE001 - raised to everybody who waits for it, each on their own
            return error
        finally:
            self._is_quick = stopwatch() - began < QUICK_SECONDS

    def _answer(self, loop: asyncio.AbstractEventLoop, taken: Sequence[_Waiting], answer: Answer | Exception) -> None:
        """Tell everybody of this step, and go on with the next; where Redis was silent everybody was in it."""
        _tell(taken, answer)
        if answer == answers.NOT_STORED and not self._is_quick:
            for account, waiting in self._waiting.items():
                _tell(waiting, self._receiver.unstored(account, answer, why="silent", count=len(waiting)))
            self._waiting.clear()
        self._is_planned = False
        if self._waiting:
            self._plan(loop)


def _tell(taken: Sequence[_Waiting], answer: Answer | Exception) -> None:
    for _, stored in taken:
        if stored.done():  # nobody waits for it any more
            continue
        if isinstance(answer, Exception):
            stored.set_exception(answer)
        else:
            stored.set_result(answer)
