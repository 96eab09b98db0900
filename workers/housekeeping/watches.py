"""What the guardian watches without asking RingCentral: whether anything is heard, and whether it is night."""

from typing import Final, cast

from redis import Redis

from runtime import comparisons, keys, operator_log, streams
from runtime.comparisons import Why
from runtime.metrics import NO_ROOM, NOT_STORED, NOTIFICATIONS, counted
from telephony.operator_events import What
from telephony.times import moment_at

SLACK_SECONDS: Final = 10.0
"""How much later than its call begins a first notification may come."""

NIGHT: Final = 3
"""The hour (UTC) from which on the last two days are compared once more."""

NIGHTLY_SECONDS: Final = 48 * 3600.0
_DAY: Final = 86400.0


def watch_for_silence(redis: Redis, account: str, *, since: float, now: float) -> None:
    """Raise the alarm when the log shows calls that began since anything was heard last: the dead man's switch.

    Not for calls from before `since` (seconds) alone: there was no subscription, or this process was not there either.
    Nor for those from before something came that Redis did not take.
    """
    redis.zremrangebyscore(keys.unheard(account), "-inf", now - _DAY)
    heard = _heard_at(redis, account, now)
    since = max(since, _refused_at(redis, account, now))
    calls = redis.zcount(keys.unheard(account), heard + SLACK_SECONDS, "+inf")
    if not calls:
        operator_log.clear_alert(redis, What.NOTIFICATIONS_MISSING, account, "Notifications come again.")
    elif redis.zcount(keys.unheard(account), max(heard, since) + SLACK_SECONDS, "+inf"):
        last = "none ever came" if not heard else f"the last one came {int(now - heard)} seconds ago"
        message = f"The call log shows {calls} call{'s' * (calls != 1)} that no notification told of; {last}."
        operator_log.raise_alert(redis, What.NOTIFICATIONS_MISSING, account, message, account=account)


def _heard_at(redis: Redis, account: str, now: float) -> float:
    """Say when anything was heard last. Seconds; 0: nothing ever was.

    Places in the inbox never go back: where the last is later than now, since Redis's clock was put back, it is when it
    was first seen to be the last.
    """
    place, _ = streams.end(redis, keys.inbox(account))
    if (at := streams.added_at(place)) <= now:
        return at
    last, seen_at = (cast("bytes | None", redis.get(keys.heard(account))) or b"- 0").split()
    if last.decode() == place and float(seen_at) <= now:
        return float(seen_at)
    redis.set(keys.heard(account), f"{place} {now:.3f}")
    return now


def _refused_at(redis: Redis, account: str, now: float) -> float:
    """Say when something was last seen to have come that Redis did not take. Seconds; 0: nothing ever was."""
    count = sum(counted(redis, NOTIFICATIONS, account, answer) for answer in (NO_ROOM, NOT_STORED))
    before, at = (cast("bytes | None", redis.get(keys.refused(account))) or b"0 0").split()
    if count == int(before) and float(at) <= now:  # what is later was seen before the clock was put back
        return float(at)
    redis.set(keys.refused(account), f"{count} {now:.3f}")
    return now


def compare_at_night(redis: Redis, account: str, *, now: float) -> None:
    """Have the last two days compared once a night, as far back as we know of calls.

    Not while that of a night before is not done, as in an outage: they would be more with each night, of older days.
    """
    first = redis.zrange(keys.calls(account), 0, 0, withscores=True)
    if not first or moment_at(now).hour < NIGHT:
        return
    name = f"nightly_{moment_at(now):%Y-%m-%d}"
    if comparisons.get(redis, account, name) is not None:
        return
    if all(one.done_at is not None for one in comparisons.all(redis, account) if one.why is Why.NIGHTLY):
        since = max(now - NIGHTLY_SECONDS, float(first[0][1]))
        comparisons.ask(redis, account, Why.NIGHTLY, since=since, until=now, name=name)
