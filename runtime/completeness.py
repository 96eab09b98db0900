"""How complete each account was when upkeep counted its calls last: for metrics, the dashboard and the next count."""

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from prometheus_client.core import Metric
from redis import Redis

from runtime import keys, operator_log
from runtime.audit import Hour
from runtime.metrics import CALLS, CALLS_COUNTED_AT, CALLS_IN_LOG, CALLS_KNOWN, OPERATOR_ALERT, gauge
from runtime.stored import readable
from telephony.completeness import Standing


class Completeness(msgspec.Struct, frozen=True, rename="camel"):
    """All calls of an account within the retention: when they were counted, how long that took, and where they stand.

    Times are seconds.
    """

    at: float
    took: float
    calls: Hour


def last(redis: Redis, account: str) -> Completeness | None:
    """Give the last count; None where there is none yet, or none that can be read."""
    return _last(redis, [account]).get(account)


def _last(redis: Redis, accounts: Sequence[str]) -> dict[str, Completeness]:
    """Give the last count of each account that has one, by its name."""
    texts = cast("list[bytes | None]", redis.mget([keys.completeness(one) for one in accounts]) if accounts else [])
    found = {one: readable(text, _DECODER) for one, text in zip(accounts, texts, strict=True)}
    return {one: count for one, count in found.items() if count is not None}


def keep(redis: Redis, account: str, found: Completeness) -> None:
    """Keep a count."""
    redis.set(keys.completeness(account), msgspec.json.encode(found))


def gauges(redis: Redis, accounts: Sequence[str]) -> list[Metric]:
    """Read the last counts, and the alerts that are on, as Prometheus wants them."""
    found = _last(redis, accounts)
    alerts = operator_log.alerts(redis)
    return [
        gauge(CALLS, [((name, place), one.calls.count(place)) for name, one in found.items() for place in Standing]),
        gauge(CALLS_KNOWN, [((name,), one.calls.known) for name, one in found.items()]),
        gauge(CALLS_IN_LOG, [((name,), one.calls.in_log) for name, one in found.items()]),
        gauge(CALLS_COUNTED_AT, [((name,), one.at) for name, one in found.items()]),
        gauge(OPERATOR_ALERT, [((one.what, one.about, one.severity), 1) for one in alerts]),
    ]


def sentence(calls: Hour) -> str:
    """Say in a few words how complete these calls are."""
    return f"{calls.explained:,} of {calls.known:,} calls accounted for"


_DECODER: Final = msgspec.json.Decoder(Completeness)
