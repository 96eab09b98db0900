"""Create, look at, renew and delete the subscriptions of the account's user and app.

https://developers.ringcentral.com/guide/notifications/subscriptions
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from runtime.budget import Group, Share
from telephony.subscriptions import Seen
from telephony.times import any_time
from workers.ringcentral.client import RingCentral

_ROOT: Final = "/restapi/v1.0/subscription"


class DisabledFilter(msgspec.Struct, frozen=True):
    """An event filter that RingCentral took and does not serve, for want of a permission for example."""

    filter: str
    reason: str | None = None
    message: str | None = None


class DeliveryMode(msgspec.Struct, frozen=True, rename="camel"):
    """Where notifications go."""

    address: str | None = None


class BlacklistedData(msgspec.Struct, frozen=True, rename="camel"):
    """Why RingCentral has given up delivering, and when."""

    blacklisted_at: str | None = None
    reason: str | None = None


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription as RingCentral sees it. `status` is its own word: Active, Blacklisted, or older ones."""

    id: str
    status: str | None = None
    event_filters: tuple[str, ...] = ()
    disabled_filters: tuple[DisabledFilter, ...] = ()
    expiration_time: str | None = None
    delivery_mode: DeliveryMode = DeliveryMode()
    blacklisted_data: BlacklistedData | None = None


class _List(msgspec.Struct, frozen=True):
    records: tuple[Subscription, ...]


class Subscriptions:
    """The subscriptions of one user and app; nobody else sees them. Errors are those of `RingCentral`."""

    def __init__(self, client: RingCentral, *, share: Share = Share.LIVE) -> None:
        self._client = client
        self._share = share

    def create(
        self, event_filters: Sequence[str], *, address: str, verification_token: str, expires_in: int
    ) -> Subscription:
        """Have notifications delivered to `address` for `expires_in` seconds.

        RingCentral shakes hands with the address before it answers. `expiresIn` belongs beside `deliveryMode`: within
        it, it is passed over and the subscription silently ends after a week.
        """
        body = {
            "eventFilters": list(event_filters),
            "expiresIn": expires_in,
            "deliveryMode": {"transportType": "WebHook", "address": address, "verificationToken": verification_token},
        }
        return self._client.post(_ROOT, body, decode=_subscription, group=Group.MEDIUM, share=self._share)

    def all(self) -> tuple[Subscription, ...]:
        """Give all subscriptions there are, of every address."""
        return self._client.get(_ROOT, decode=_list, group=Group.LIGHT, share=self._share).records

    def renew(self, subscription_id: str) -> Subscription:
        """Start its time anew. Raises NotFound when it is too late: create another."""
        path = f"{_path(subscription_id)}/renew"
        return self._client.post(path, decode=_subscription, group=Group.LIGHT, share=self._share)

    def update(self, subscription_id: str, event_filters: Sequence[str], *, expires_in: int) -> Subscription:
        """Change what is delivered, and start its time anew. The address cannot be changed."""
        body = {"eventFilters": list(event_filters), "expiresIn": expires_in}
        path = _path(subscription_id)
        return self._client.put(path, body, decode=_subscription, group=Group.MEDIUM, share=self._share)

    def delete(self, subscription_id: str) -> None:
        """End one. Raises NotFound when there is none."""
        self._client.delete(_path(subscription_id), group=Group.MEDIUM, share=self._share)


def seen(one: Subscription) -> Seen:
    """Take from RingCentral's answer what we decide upon."""
    data = one.blacklisted_data
    return Seen(
        id=one.id,
        status=one.status or "",
        address=one.delivery_mode.address or "",
        filters=one.event_filters,
        disabled=tuple(each.filter for each in one.disabled_filters),
        because=tuple(" ".join(filter(None, (each.reason, each.message))) for each in one.disabled_filters),
        expires_at=_moment(one.expiration_time),
        blacklisted_at=_moment(data.blacklisted_at) if data else None,
        reason=data.reason if data else None,
    )


def _moment(text: str | None) -> datetime | None:
    """Read a time as those of calls are read: with a zone or without; one that is none must not hide all there are."""
    return any_time(text) if text else None


def _path(subscription_id: str) -> str:
    return f"{_ROOT}/{quote(subscription_id, safe='')}"


_subscription: Final = msgspec.json.Decoder(Subscription).decode
_list: Final = msgspec.json.Decoder(_List).decode
