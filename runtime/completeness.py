"""How complete each account was when upkeep counted its calls last: for metrics, the dashboard and the next count."""

from collections.abc import Sequence
from typing import cast

import msgspec
from prometheus_client.core import Metric
from redis import Redis

from runtime import keys, operator_log
from runtime.audit import Hour
from runtime.metrics import CALLS, CALLS_COUNTED_AT, CALLS_IN_LOG, CALLS_KNOWN, OPERATOR_ALERT, gauge
from telephony.completeness import Standing


class Completeness(msgspec.Struct, frozen=True, rename="camel"):
    """All calls of an account within the retention: when they were counted, how long that took, and where they stand.

    Times are seconds.
    """

    at: float
    took: float
    calls: Hour


def last(redis: "Redis", account: str) -> Completeness | None:
    """Give the last count; None where there is none yet, or none that can be read."""
    text = cast("bytes | None", redis.get(keys.completeness(account)))
    try:
        return None if text is None else msgspec.json.decode(text, type=Completeness)
    except msgspec.MsgspecError:
        return None


def keep(redis: "Redis", account: str, found: Completeness) -> None:
    """Keep a count."""
    redis.set(keys.completeness(account), msgspec.json.encode(found))


def gauges(redis: "Redis", accounts: Sequence[str]) -> list[Metric]:
    """Read the last counts, and the alerts that are on, as Prometheus wants them."""
    found = {name: count for name in accounts if (count := last(redis, name)) is not None}
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
