"""What a destination's answers do to the destination itself: the breaker, the alerts, and being disabled.

Failures of ours are not charged to it. Whatever happens to it, its backlog stays.
"""

from contextlib import suppress
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, operator_log
from runtime.deliveries import destinations
from runtime.deliveries.attempts import Blame
from runtime.leases import Command
from runtime.logs import log
from runtime.metrics import ALERTS, Recorder
from telephony.destinations import Changes, Destination, DestinationState
from telephony.operator_events import What
from workers.destinations.breaker import Breaker
from workers.destinations.schedule import LONGEST_WAIT
from workers.destinations.verdicts import Answer, Verdict

DISABLED_AFTER_SECONDS: Final = 5 * 86400.0
"""A destination that takes nothing for so long, though it is tried again and again, is disabled."""

ALERTED_AT: Final = (50, 70, 90)
"""Percent of that time at which somebody is told."""


class Health(msgspec.Struct, frozen=True):
    """What is known of a destination's answers; `told` is the last alert, in percent.

    `failing_since` is later than the first failure by as long as nothing was tried since; `failed_at` is the last one.
    """

    breaker: Breaker = msgspec.field(default_factory=Breaker)
    failing_since: float | None = None
    told: int = 0
    failed_at: float | None = None

    def after(self, *, success: bool, now: float) -> "Health":
        """Give the health after an answer."""
        breaker = self.breaker.after(success, now)
        if success:
            return Health(breaker)
        since = now if self.failing_since is None else self.failing_since + self._untried(now)
        return Health(breaker, since, self.told, now)

    def has_failed_too_long(self, now: float) -> bool:
        """Say whether the destination must be disabled."""
        return self._failing_for(now) >= DISABLED_AFTER_SECONDS

    def alert(self, now: float) -> int | None:
        """Give the percent that somebody must be told of now, if any."""
        share = 100 * self._failing_for(now) / DISABLED_AFTER_SECONDS
        reached = max((percent for percent in (*ALERTED_AT, 100) if share >= percent), default=0)
        return reached if reached > self.told else None

    def _failing_for(self, now: float) -> float:
        return 0.0 if self.failing_since is None else now - self.failing_since - self._untried(now)

    def _untried(self, now: float) -> float:
        """Say for how much longer than anything waits to be tried again the last failure is ago.

        So long nobody tried, because we were stopped or nothing was to be sent: that tells nothing of the destination.
        Where the last failure is still to come, the clock was put back: by so much less than nothing.
        """
        ago = 0.0 if self.failed_at is None else now - self.failed_at
        return min(ago, max(0.0, ago - LONGEST_WAIT))


def health(redis: Redis, destination: str) -> Health:
    """Load what is known of a destination's answers."""
    blob = cast("bytes | None", redis.get(keys.health(destination)))
    return Health() if blob is None else msgspec.msgpack.decode(blob, type=Health)


def tell_failing(redis: Redis, destination: str, percent: int) -> None:
    """Raise the alert that a destination is on its way to being disabled; it is told at each of `ALERTED_AT`."""
    message = f"It has taken nothing for {percent} % of the time after which it is disabled."
    operator_log.raise_alert(redis, What.DESTINATION_FAILING, destination, message, level=percent)


def tell_disabled(redis: Redis, destination: str, because: str | None) -> None:
    """Raise the alert that a destination is disabled."""
    why = because or "somebody did it"
    message = f"It is disabled, because {why}. Its backlog is kept."
    operator_log.raise_alert(redis, What.DESTINATION_DISABLED, destination, message, details={"because": why})


class Charge:
    """Keeps one destination's health while a runner has its lease."""

    def __init__(self, destination: str, redis: Redis, recorder: Recorder) -> None:
        self._id = destination
        self._redis = redis
        self._recorder = recorder
        self._health = self._stored = health(redis, destination)
        self._disable: str | None = None

    def reload(self) -> None:
        """Go by what is stored now: the destination was changed, and may have made a new start."""
        self._health = self._stored = health(self._redis, self._id)

    def may_send(self, now: float) -> bool:
        """Say whether the breaker lets anything through."""
        return self._health.breaker.may_send(now)

    def is_probing(self, now: float) -> bool:
        """Say whether one event shall show whether the destination is back."""
        breaker = self._health.breaker
        return breaker.opens_until is not None and breaker.may_send(now)

    def shut_until(self, now: float) -> float | None:
        """Say until when nothing is sent; None while something may be."""
        return None if self.may_send(now) else self._health.breaker.opens_until

    def add(self, answer: Answer, now: float) -> None:
        """Charge an answer to the destination."""
        if answer.verdict is Verdict.GONE:
            self._disable = "it answered 410 Gone"
        if answer.blame is not Blame.OURS:
            self._health = self._health.after(success=answer.verdict is Verdict.DELIVERED, now=now)
            if self._health.has_failed_too_long(now):
                self._disable = self._disable or "it took nothing for five days"

    def commands(self, now: float, *, seen: bytes) -> list[Command]:
        """Tell who has to know, and give the commands that store what changed since the last time.

        Nothing is stored if the destination is no longer what was `seen`: another address is a new start.
        """
        percent = self._health.alert(now)
        if percent is not None:
            self._health = msgspec.structs.replace(self._health, told=percent)
            self._recorder.count(ALERTS, self._id, str(percent))
            log.warning("destination.failing", destination=self._id, percent=percent)
            tell_failing(self._redis, self._id, percent)
        if self._health == self._stored:
            return []
        self._stored = self._health
        health_now = msgspec.msgpack.encode(self._health)
        return [("SEEN", keys.DESTINATIONS, self._id, seen, "SET", keys.health(self._id), health_now)]

    def carry_out(self, seen: Destination) -> None:
        """Disable the destination if it has come to that, and nobody has changed or removed it meanwhile."""
        because, self._disable = self._disable, None
        if because is None:
            return
        changes = Changes(state=DestinationState.DISABLED, disabled_because=because)
        with suppress(destinations.UnknownDestination):
            after = destinations.update(self._redis, self._id, changes, seen=seen)
            if after.state is DestinationState.DISABLED:
                log.warning("destination.disabled", destination=self._id, because=because)
                tell_disabled(self._redis, self._id, because)
