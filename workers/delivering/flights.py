"""Events on their way to one destination: sent from threads, and their answers gathered."""

from concurrent.futures import Executor, Future, wait
from typing import Final

import msgspec

from runtime.deliveries.attempts import Blame
from runtime.deliveries.waiting import Waiting
from runtime.leases import Lease
from runtime.logs import log
from workers.delivering.delivery_view import View
from workers.dependencies import Sends
from workers.destinations.verdicts import Answer, Verdict

MOST: Final = 64
"""Events that are on their way, or about to be, at the same time."""


class Flight(msgspec.Struct, frozen=True):
    """An event on its way to an address, for a call."""

    call: str
    item: Waiting
    url: str


class Flights:
    """What is on its way; never two events of one call, and nothing once the destination may be another runner's."""

    def __init__(self, sender: Sends, threads: Executor, held: Lease) -> None:
        self._sender = sender
        self._threads = threads
        self._lease = held
        self._flights: dict[Future[Answer], Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def calls(self) -> set[str]:
        """Give the calls that something is on its way for."""
        return {flight.call for flight in self._flights.values()}

    def launch(self, flight: Flight, body: bytes, now: View) -> None:
        """Send an event as soon as a thread is free."""
        self._flights[self._threads.submit(self._send, flight.url, flight.item.event_id, body, now)] = flight

    def landed(self, seconds: float) -> list[tuple[Flight, Answer]]:
        """Wait for answers, but not longer than `seconds`, and give those that are there."""
        if not self._flights:
            return []
        done, _ = wait(self._flights, timeout=seconds)
        return [(self._flights.pop(future), future.result()) for future in done]

    def recall(self) -> None:
        """Take back what is not on its way yet; it waits, as it did."""
        for future in [future for future in self._flights if future.cancel()]:
            del self._flights[future]

    def _send(self, url: str, event_id: str, body: bytes, now: View) -> Answer:
        """Send, in a thread of its own. A fault in our own sending is ours, and must not stop the shift."""
        if self._lease.may_be_over:  # this process stood still: another may have sent this, and what came after it
            return Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0, error="overtaken")
        try:
            return self._sender.send(url, event_id, body, now.secrets, now=now.later())
        except Exception as error:  # noqa: BLE001 - see above
            log.exception("deliver.send_failed", id=event_id)
            return Answer(verdict=Verdict.TEMPORARY, blame=Blame.OURS, seconds=0.0, error=type(error).__name__)
