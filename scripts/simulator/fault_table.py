"""The faults that can be switched on, by name: one table from name to effect."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

from scripts.simulator.box import Box
from scripts.simulator.faults import BadAnswer
from scripts.simulator.limits import RETRY_AFTER_STYLES


class FaultRequest(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What `POST /simulator/faults` takes. Each fault reads the fields its row names."""

    fault: str
    share: float = 1.0
    seconds: float = 0.0
    count: int = 1
    group: str = "heavy"
    status: int = 503
    retry_after: str = "seconds"
    endpoint: str = "call-log"
    on: bool = True


Effect: TypeAlias = Callable[[Box, FaultRequest], None]


class Fault(Struct, frozen=True):
    """One row: what it does, which fields of the request it reads, and the effect."""

    meaning: str
    fields: tuple[str, ...]
    effect: Effect


def _set(switch: str, field: str, box: Box, asked: FaultRequest) -> None:
    setattr(box.faults, switch, getattr(asked, field) if asked.on else 0.0)


def _spoil(kind: str, box: Box, asked: FaultRequest) -> None:
    answer = BadAnswer(kind, asked.fault, status=asked.status, seconds=asked.seconds)
    box.faults.answer_badly(asked.group, answer, asked.count)


def _toggle(switch: str, box: Box, asked: FaultRequest) -> None:
    endpoints: set[str] = getattr(box.faults, switch)
    (endpoints.add if asked.on else endpoints.discard)(asked.endpoint)


def _rate_limit(box: Box, asked: FaultRequest) -> None:
    if asked.retry_after not in RETRY_AFTER_STYLES:
        raise ValueError(f"retryAfter is one of {', '.join(RETRY_AFTER_STYLES)}")
    box.limits.provoke(asked.group, asked.seconds or box.configuration.minute_seconds, asked.retry_after)


def _reject_jwt(box: Box, asked: FaultRequest) -> None:
    box.tokens.jwt_refused = asked.on


def _blacklist(box: Box, _asked: FaultRequest) -> None:
    for subscription in box.subscriptions.receiving():
        box.faults.feel("blacklist_subscriptions")
        box.subscriptions.blacklist(subscription, "I/O operation is failed. Details: [Read timed out]")


def _expire_subscriptions(box: Box, _asked: FaultRequest) -> None:
    for subscription in box.subscriptions.active_or_blacklisted():
        box.faults.feel("expire_subscriptions")
        subscription.expires_at = box.clock()


def _delete_subscriptions(box: Box, _asked: FaultRequest) -> None:
    for _ in box.subscriptions.active_or_blacklisted():
        box.faults.feel("delete_subscriptions")
    box.subscriptions.delete_all()


def _expire_sync_tokens(box: Box, _asked: FaultRequest) -> None:
    box.call_log.generation += 1


def _clear(box: Box, _asked: FaultRequest) -> None:
    box.faults.clear()
    box.limits.forgive()
    box.tokens.jwt_refused = False


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "drop_webhooks": Fault("lose a share of the deliveries", ("share", "on"), partial(_set, "drop_share", "share")),
        "drop_final_webhooks": Fault(
            "lose a share of the deliveries that say a party is gone",
            ("share", "on"),
            partial(_set, "drop_final_share", "share"),
        ),
        "duplicate_webhooks": Fault(
            "make a share of the deliveries twice", ("share", "on"), partial(_set, "duplicate_share", "share")
        ),
        "shuffle_webhooks": Fault(
            "send each delivery up to so much late, so that they overtake each other",
            ("seconds", "on"),
            partial(_set, "shuffle_seconds", "seconds"),
        ),
        "extra_lag": Fault(
            "list the records of calls begun from now on so much later",
            ("seconds", "on"),
            partial(_set, "extra_lag", "seconds"),
        ),
        "rate_limit": Fault(
            "refuse the group's next request and start a penalty (seconds; 0: a full window)",
            ("group", "seconds", "retryAfter"),
            _rate_limit,
        ),
        "answer_status": Fault(
            "answer the group's next requests with a 5xx; seconds becomes Retry-After",
            ("group", "count", "status", "seconds"),
            partial(_spoil, "status"),
        ),
        "answer_html": Fault(
            "answer the group's next requests with a web page and 200", ("group", "count"), partial(_spoil, "html")
        ),
        "truncate": Fault(
            "cut the answers to the group's next requests off", ("group", "count"), partial(_spoil, "truncated")
        ),
        "reset": Fault(
            "reset the connection of the group's next requests", ("group", "count"), partial(_spoil, "reset")
        ),
        "stall": Fault(
            "keep the group's next requests waiting, then hang up",
            ("group", "count", "seconds"),
            partial(_spoil, "stall"),
        ),
        "forbid": Fault(
            "answer an endpoint (call-log, call-log-sync, call-log-extract-sync, subscription: the list and new ones)"
            " with 403 for want of permission, or disable the event filter of calls (telephony/sessions) in"
            " subscriptions made or changed from now on",
            ("endpoint", "on"),
            partial(_toggle, "forbidden"),
        ),
        "break": Fault("answer such an endpoint with 500", ("endpoint", "on"), partial(_toggle, "broken")),
        "expire_sync_tokens": Fault("forget every sync token given out so far", (), _expire_sync_tokens),
        "revoke_tokens": Fault("end all sessions", (), lambda box, _: box.tokens.revoke_all()),
        "reject_jwt": Fault("grant no more tokens", ("on",), _reject_jwt),
        "blacklist_subscriptions": Fault("blacklist all subscriptions", (), _blacklist),
        "expire_subscriptions": Fault("let all subscriptions expire now", (), _expire_subscriptions),
        "delete_subscriptions": Fault("delete all subscriptions", (), _delete_subscriptions),
        "clear": Fault("switch all faults off and forget all penalties", (), _clear),
    }
)


def switch(box: Box, asked: FaultRequest) -> None:
    """Switch a fault on or off; raise KeyError for a name not in the table, ValueError for a wrong field."""
    FAULTS[asked.fault].effect(box, asked)
