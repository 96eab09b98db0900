"""When an account's call log may be asked again: not before the interval is over, a token there, and a failure past."""

from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.asking import Asking
from runtime.bells import Stage
from runtime.budget import Budget, Group, Share
from runtime.clocks import redis_time
from runtime.logs import log
from runtime.metrics import FAILURES, Recorder
from runtime.settings import Settings
from workers.resolving.sweep import Sweep
from workers.ringcentral.errors import BrokenConfiguration, RateLimited, RingCentralError

PARKED_SECONDS: Final = 60.0
"""How long nothing is asked after a failure that says nothing of when to come back, or that needs a person."""

_MARGIN_SECONDS: Final = 0.01
"""By so much later the bell is rung, for its time is rounded."""


class Pace:
    """The pace of one account's sweeps. Times are seconds since 1970 by Redis's clock."""

    def __init__(self, account: str, redis: Redis, settings: Settings, budget: Budget, recorder: Recorder) -> None:
        self._account = account
        self._redis = redis
        self._interval = settings.fetch_interval_seconds
        self._budget = budget
        self._recorder = recorder

    def not_before(self, asking: Asking, now: float) -> float:
        """Say when there may be a sweep: the bell is rung for other reasons, too, and before there is a token.

        A last sweep that is still to come was made before the clock was set back: nobody rests from that.
        """
        rested_at = asking.swept_at + self._interval
        is_resting = asking.swept_at <= now < rested_at
        return rested_at if is_resting else now + self._budget.want(Group.HEAVY, Share.LIVE)

    def due_soon(self, now: float) -> float | None:
        """Say when a call is due that would have to wait if there were a sweep now."""
        due, until = keys.due(self._account), now + self._interval
        first = self._redis.zrange(due, now, until, byscore=True, offset=0, num=1, withscores=True)
        return float(cast("list[tuple[bytes, float]]", first)[0][1]) if first else None

    def after(self, found: Sweep, began: float) -> float:
        """Say when the next sweep may be after this one, which may have failed."""
        error, now = found.stopped_by, redis_time(self._redis)
        if error is None:
            return max(began + self._interval, now + self._budget.wait(Group.HEAVY, Share.LIVE) + _MARGIN_SECONDS)
        if not isinstance(error, RateLimited):
            self._recorder.count(FAILURES, Stage.RESOLVE, type(error).__name__)
            log.warning("call_log.not_asked", account=self._account, error=type(error).__name__, codes=error.codes)
        return now + pause_after(error)


def pause_after(error: RingCentralError) -> float:
    """Say for how many seconds to rest after a failure.

    Credentials that were not accepted may be others by then, and whoever is started with them changes no bell. So they
    are tried soon: while they are the same, the breaker lets nothing out.
    """
    seconds = error.retry_after or PARKED_SECONDS
    return min(seconds, PARKED_SECONDS) if isinstance(error, BrokenConfiguration) else seconds
