"""Leave a destination alone while nearly all fails there, so that its backlog waits instead of failing. Pure."""

from typing import Final

import msgspec

WINDOW_SECONDS: Final = 300.0
LEAST_ATTEMPTS: Final = 10
FAILURE_SHARE: Final = 0.7
FIRST_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 600.0
_SLOT_SECONDS: Final = 30.0
_MOMENT_SECONDS: Final = 60.0


class _Slot(msgspec.Struct, frozen=True, array_like=True):
    """What was tried within one half minute."""

    begins: float
    attempts: int = 0
    failures: int = 0


class Breaker(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a destination's last answers.

    It opens when of at least ten attempts in five minutes 70 % have failed. From `opens_until` on one event is to be
    sent, and the next when it has been answered: a success closes the breaker and forgets the past, a failure opens it
    again, for twice as long, up to ten minutes. `opens_until` is None while it is closed. Failures of ours are no news
    of the destination and are not to be told.
    """

    opens_until: float | None = None
    pause: float = 0.0
    recent: tuple[_Slot, ...] = ()

    def may_send(self, now: float) -> bool:
        """Say whether anything may be sent: all there is, or, once it has been open, one probe at a time.

        One that is open for longer than it pauses was opened before the clock was put back; but for a moment, for who
        asks may have looked at the clock before it opened.
        """
        return self.opens_until is None or not now < self.opens_until <= now + self.pause + _MOMENT_SECONDS

    def after(self, success: bool, now: float) -> "Breaker":  # noqa: FBT001 - what came of it is the subject
        """Give the breaker after an answer that came at `now`."""
        if self.opens_until is not None:
            return self._after_probe(now, success=success)
        recent = _counted(self.recent, now, success=success)
        attempts = sum(slot.attempts for slot in recent)
        failures = sum(slot.failures for slot in recent)
        if attempts >= LEAST_ATTEMPTS and failures >= FAILURE_SHARE * attempts:
            return Breaker(opens_until=now + FIRST_PAUSE, pause=FIRST_PAUSE)
        return Breaker(recent=recent)

    def _after_probe(self, now: float, *, success: bool) -> "Breaker":
        if not self.may_send(now):
            return self  # the answer to what was sent before it opened
        if success:
            return Breaker()
        pause = min(2 * self.pause, LONGEST_PAUSE)
        return Breaker(opens_until=now + pause, pause=pause)


def _counted(recent: tuple[_Slot, ...], now: float, *, success: bool) -> tuple[_Slot, ...]:
    """Count an answer, and forget what is too long ago, or was noted before the clock was put back."""
    begins = now - now % _SLOT_SECONDS
    kept = tuple(slot for slot in recent if now - WINDOW_SECONDS < slot.begins <= now)
    last = kept[-1] if kept and kept[-1].begins == begins else _Slot(begins)
    counted = _Slot(begins, last.attempts + 1, last.failures + (not success))
    return (*(slot for slot in kept if slot is not last), counted)
