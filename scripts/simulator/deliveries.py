"""Send notifications to the subscribed webhooks: once each, in order within a session, never again."""

import queue
import threading
import time
from functools import partial
from typing import Any

import msgspec

from scripts.simulator.agenda import Agenda
from scripts.simulator.clock import Clock
from scripts.simulator.faults import Faults
from scripts.simulator.notifications import notification, notification_body, notification_uuid
from scripts.simulator.posting import OK, Poster, UnreachableError
from scripts.simulator.subscriptions import Subscription, Subscriptions
from scripts.simulator.take import Take
from scripts.simulator.world import OWNER_ID

FINAL_CODES = frozenset({"Disconnected", "Gone"})
LATE_SECONDS = 1.0  # a third of what RingCentral waits for an answer


class Delivery(msgspec.Struct, frozen=True):
    """One notification on its way to one subscription."""

    subscription: Subscription
    document: bytes
    take: Take
    number: int


class Deliveries:
    """A few sender threads; all notifications of one session go through the same one."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        faults: Faults,
        agenda: Agenda,
        clock: Clock,
        *,
        account_id: str,
        senders: int,
    ) -> None:
        self._subscriptions = subscriptions
        self._faults = faults
        self._agenda = agenda
        self._clock = clock
        self._account_id = account_id
        self._lanes: list[queue.SimpleQueue[Delivery | None]] = [queue.SimpleQueue() for _ in range(senders)]
        self._threads = [
            threading.Thread(target=self._send_all, args=(lane,), name=f"simulator-sender-{number}", daemon=True)
            for number, lane in enumerate(self._lanes)
        ]
        self._lock = threading.Lock()
        self.sent = 0
        self.failed = 0
        self.dropped = 0
        self.late = 0
        self.last_failure: str | None = None

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop after what is being sent now."""
        for lane in self._lanes:
            lane.put(None)
        for thread in self._threads:
            thread.join(timeout=5)

    def publish(self, take: Take, number: int) -> None:
        """Send the session's step `number` to everybody subscribed to it."""
        body = notification_body(take, number, self._account_id)
        final = take.session.steps[number].code in FINAL_CODES
        deliveries = [
            Delivery(subscription, self._document(subscription, body, take.ids.seed, number), take, number)
            for subscription in self._subscriptions.receiving()
            if subscription.wants(body)
            for _ in range(self._copies(final=final))
        ]
        with self._lock:
            take.unsent += len(deliveries) - 1
        lane = self._lanes[take.ids.seed % len(self._lanes)]
        for delivery in deliveries:
            delay = self._faults.delay()
            if delay:
                self._agenda.at(self._clock() + delay, partial(lane.put, delivery))
            else:
                lane.put(delivery)

    def expect(self, take: Take, by: int) -> None:
        """Count so many more notifications to be sent, or fewer."""
        with self._lock:
            take.unsent += by

    def post_now(self, documents: list[dict[str, Any]]) -> list[int]:
        """Post notifications made elsewhere, in the order given, and give the answers' status codes (0: none).

        Each goes to every receiving subscription, whatever its filters.
        """
        poster, statuses = Poster(), []
        for document in documents:
            for subscription in self._subscriptions.receiving():
                posted = msgspec.json.encode({**document, "subscriptionId": subscription.id})
                try:
                    reply = poster.post(subscription.address, posted, _headers(subscription))
                except UnreachableError:
                    statuses.append(0)
                else:
                    statuses.append(reply.status)
        poster.close()
        return statuses

    def _copies(self, *, final: bool) -> int:
        if self._faults.drops(final=final):
            with self._lock:
                self.dropped += 1
            return 0
        return self._faults.copies()

    def _document(self, subscription: Subscription, body: dict[str, Any], seed: int, number: int) -> bytes:
        return msgspec.json.encode(
            notification(
                body,
                account_id=self._account_id,
                subscription_id=subscription.id,
                owner_id=OWNER_ID,
                uuid=notification_uuid(seed, number, subscription.id),
                now=self._clock(),
            )
        )

    def _send_all(self, lane: "queue.SimpleQueue[Delivery | None]") -> None:
        poster = Poster()
        while (delivery := lane.get()) is not None:
            if delivery.subscription.blacklisted_at is None:
                began = time.monotonic()
                failure = _send(poster, delivery)
                self._note(delivery, failure, late=time.monotonic() - began > LATE_SECONDS)
            with self._lock:
                delivery.take.unsent -= 1
        poster.close()

    def _note(self, delivery: Delivery, failure: str | None, *, late: bool) -> None:
        self._subscriptions.note_delivery(delivery.subscription, failure)
        with self._lock:
            self.late += late
            if failure is None:
                self.sent += 1
                delivery.take.heard.add(delivery.number)
            else:
                self.failed += 1
                self.last_failure = failure


def _headers(subscription: Subscription) -> dict[str, str]:
    token = subscription.verification_token
    return {"Verification-Token": token} if token else {}


def _send(poster: Poster, delivery: Delivery) -> str | None:
    """Send once; give the reason of a failure in the words RingCentral uses for it."""
    try:
        reply = poster.post(delivery.subscription.address, delivery.document, _headers(delivery.subscription))
    except UnreachableError as fault:
        return str(fault)
    if reply.status != OK:
        return f"Webhook responses with code: [{reply.status}]"
    return "Webhook response exceeds max size. Read bytes count: [1024]" if reply.too_long else None
