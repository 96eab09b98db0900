"""Subscriptions: created with the real handshake, renewed, changed, expired, blacklisted."""

import threading
import uuid
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from scripts.simulator.clock import Clock
from scripts.simulator.event_filters import SESSIONS, lets_through, read_filters
from scripts.simulator.faults import Faults
from scripts.simulator.handshake import shake_hands
from scripts.simulator.moments import written
from scripts.simulator.problems import ApiError

MOST_PER_USER = 30
DEFAULT_SECONDS = 604_800
MOST_SECONDS = 315_360_000


class Subscription(Struct, eq=False, kw_only=True):
    """One webhook subscription."""

    id: str
    address: str
    verification_token: str | None
    filters: tuple[str, ...]
    disabled: tuple[dict[str, str], ...]
    created_at: float
    expires_at: float
    seconds: int  # it is made, and renewed, for so long
    blacklisted_at: float | None = None
    blacklist_reason: str | None = None
    failures_in_a_row: int = 0
    failing_since: float | None = None

    def document(self, base_url: str, now: float) -> dict[str, Any]:
        """Write it as the API does. The verification token is never shown."""
        document: dict[str, Any] = {
            "uri": f"{base_url}/restapi/v1.0/subscription/{self.id}",
            "id": self.id,
            "creationTime": written(self.created_at),
            "status": "Active" if self.blacklisted_at is None else "Blacklisted",
            "eventFilters": list(self.filters),
            "expirationTime": written(self.expires_at),
            "expiresIn": max(1, int(self.expires_at - now)),
            "deliveryMode": {"transportType": "WebHook", "encryption": False, "address": self.address},
        }
        if self.disabled:
            document["disabledFilters"] = list(self.disabled)
        if self.blacklisted_at is not None:
            document["blacklistedData"] = {
                "blacklistedAt": written(self.blacklisted_at),
                "reason": self.blacklist_reason,
            }
        return document

    def wants(self, body: dict[str, Any]) -> bool:
        """Say whether one of the filters lets a telephony notification through."""
        return any(lets_through(event_filter, body) for event_filter in self.filters)


class Subscriptions:
    """All subscriptions of the one user and app."""

    def __init__(
        self,
        account_id: str,
        clock: Clock,
        faults: Faults,
        *,
        strict: bool,
        blacklist_after: int,
        blacklist_seconds: float,
    ) -> None:
        self._account_id = account_id
        self._clock = clock
        self._faults = faults
        self._strict = strict
        self._blacklist_after = blacklist_after
        self._blacklist_seconds = blacklist_seconds
        self._all: dict[str, Subscription] = {}
        self._lock = threading.Lock()
        self.created = threading.Event()

    def create(self, request: dict[str, Any]) -> Subscription:
        """Check the request, shake hands with the webhook, and keep the subscription; raise ApiError otherwise."""
        filters, disabled = self._read(request)
        mode = request.get("deliveryMode")
        if not isinstance(mode, dict) or mode.get("transportType") != "WebHook":
            raise ApiError("bad_parameter", "deliveryMode.transportType")
        address, token = mode.get("address"), mode.get("verificationToken")
        if not isinstance(address, str) or urlsplit(address).scheme not in {"http", "https"}:
            raise ApiError("bad_parameter", "deliveryMode.address")
        if token is not None and (not isinstance(token, str) or not token):
            raise ApiError("bad_parameter", "deliveryMode.verificationToken")
        # The real platform insists on https; a webhook on this machine has no certificate.
        if self._strict and not address.startswith("https://"):
            raise ApiError("webhook_https")
        if len(self.active_or_blacklisted()) >= MOST_PER_USER:
            raise ApiError("subscription_limit")
        seconds = _lifetime(request)
        shake_hands(address)
        now = self._clock()
        subscription = Subscription(
            id=str(uuid.uuid4()),
            address=address,
            verification_token=token,
            filters=filters,
            disabled=disabled,
            created_at=now,
            expires_at=now + seconds,
            seconds=seconds,
        )
        with self._lock:
            self._all[subscription.id] = subscription
        self.created.set()
        return subscription

    def change(self, subscription_id: str, request: dict[str, Any]) -> Subscription:
        """Replace the filters and renew. The address cannot be changed."""
        subscription = self.get(subscription_id)
        subscription.filters, subscription.disabled = self._read(request)
        subscription.seconds = _lifetime(request)
        subscription.expires_at = self._clock() + subscription.seconds
        return subscription

    def renew(self, subscription_id: str) -> Subscription:
        """Give a subscription its lifetime anew. A blacklisted one stays blacklisted."""
        try:
            subscription = self.get(subscription_id)
        except ApiError:
            raise ApiError("subscription_gone") from None
        subscription.expires_at = self._clock() + subscription.seconds
        return subscription

    def delete(self, subscription_id: str) -> None:
        """Forget a subscription."""
        self.get(subscription_id)
        with self._lock:
            self._all.pop(subscription_id, None)

    def delete_all(self) -> None:
        """Forget every subscription, as when an administrator removes them."""
        with self._lock:
            self._all.clear()

    def get(self, subscription_id: str) -> Subscription:
        """Give a subscription; raise the documented 404 when it is unknown or has expired."""
        with self._lock:
            subscription = self._all.get(subscription_id)
        if subscription is None or subscription.expires_at <= self._clock():
            raise ApiError("not_found", "subscriptionId")
        return subscription

    def active_or_blacklisted(self) -> list[Subscription]:
        """List all that have not expired."""
        now = self._clock()
        with self._lock:
            self._all = {key: kept for key, kept in self._all.items() if kept.expires_at > now}
            return list(self._all.values())

    def receiving(self) -> list[Subscription]:
        """List those that notifications are sent to now."""
        now = self._clock()
        with self._lock:
            return [one for one in self._all.values() if one.blacklisted_at is None and one.expires_at > now]

    def blacklist(self, subscription: Subscription, reason: str) -> None:
        """Stop sending, and say so only to those who ask."""
        subscription.blacklisted_at = self._clock()
        subscription.blacklist_reason = reason

    def _read(self, request: dict[str, Any]) -> tuple[tuple[str, ...], tuple[dict[str, str], ...]]:
        """Read the filters asked for: those that are served, and those that are not."""
        may_hear_of_calls = not self._faults.forbids(SESSIONS)
        return read_filters(request.get("eventFilters"), self._account_id, may_hear_of_calls=may_hear_of_calls)

    def note_delivery(self, subscription: Subscription, failure: str | None) -> None:
        """Take a delivery's result; too many failures in a row, or for too long, blacklist the subscription."""
        if failure is None:
            subscription.failures_in_a_row, subscription.failing_since = 0, None
            return
        now = self._clock()
        subscription.failures_in_a_row += 1
        subscription.failing_since = subscription.failing_since or now
        too_many = self._blacklist_after and subscription.failures_in_a_row >= self._blacklist_after
        too_long = self._blacklist_seconds and now - subscription.failing_since >= self._blacklist_seconds
        if too_many or too_long:
            self.blacklist(subscription, failure)


def _lifetime(request: dict[str, Any]) -> int:
    seconds = request.get("expiresIn", DEFAULT_SECONDS)
    if not isinstance(seconds, int) or not 1 <= seconds <= MOST_SECONDS:
        raise ApiError("bad_parameter", "expiresIn")
    return seconds
