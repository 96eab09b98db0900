"""Completeness, checked all the time: count where every call stands, and take up again what is nowhere.

An unexplained call is asked about at once. If the next count finds it still there, somebody is told: it is either our
fault or something was lost that nobody but a person can find.
"""

from collections.abc import Sequence
from typing import Final

from redis import Redis

from runtime import audit, bells, completeness, keys, lifetimes, operator_log
from runtime.audit import Unexplained
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.completeness import Completeness
from runtime.logs import log
from telephony.operator_events import What

SHARE: Final = 0.02
"""How much of one processor's time counting may take: a count that takes a second is made every fifty."""

MOST_NAMED: Final = 5


def check(redis: Redis, account: str, *, retention: float) -> None:
    """Count, unless it was counted so lately that this would be too much of it; heal, and tell what does not heal."""
    now, before = redis_time(redis), completeness.last(redis, account)
    if before is not None and before.at <= now < before.at + before.took / SHARE:  # else the clock was put back
        return
    began = stopwatch()
    since = lifetimes.kept_since(redis, retention, now=now)
    calls = audit.total(audit.hours(redis, account, since=since, until=now))
    completeness.keep(redis, account, Completeness(now, stopwatch() - began, calls))
    known_before = {one.telephony_session_id for one in before.calls.unexplained} if before is not None else set()
    again = [one for one in calls.unexplained if one.telephony_session_id in known_before]
    if calls.unexplained:
        _take_up(redis, account, calls.unexplained, now)
    if again:
        _tell(redis, account, again)
    elif not calls.unexplained:
        operator_log.clear_alert(redis, What.COMPLETENESS_UNEXPLAINED, account, "Every call is accounted for.")


def _take_up(redis: Redis, account: str, calls: Sequence[Unexplained], now: float) -> None:
    """Have the call log asked about them."""
    log.warning("calls.unexplained", account=account, calls=len(calls))
    redis.zadd(keys.due(account), dict.fromkeys((one.telephony_session_id for one in calls), now), nx=True)
    bells.ring_at(redis, Stage.RESOLVE, account, now)


def _tell(redis: Redis, account: str, calls: Sequence[Unexplained]) -> None:
    message = f"{len(calls)} call{'s' * (len(calls) != 1)} cannot be accounted for."
    details = {one.telephony_session_id: one.because for one in calls[:MOST_NAMED]}
    operator_log.raise_alert(redis, What.COMPLETENESS_UNEXPLAINED, account, message, account=account, details=details)
