"""One step with one RingOut: what RingCentral is asked about it now, and what its answer makes of it.

Placing is two commits. The first writes down that RingCentral is about to be asked, the second what it said. A runner
that finds the first without the second knows that one before it was killed in between: RingCentral may have placed the
call, so it is not asked again, and whether there is a call is left to the evidence.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from runtime.ringouts import NEVER_PLACED, Cancel, Placing, RingOut, Seen
from telephony import looks, ringout_status
from telephony.ringout_refusals import CREDENTIALS
from telephony.ringout_status import Live, Phase
from workers.ringcentral.errors import (
    BrokenConfiguration,
    NotFound,
    NotSent,
    RateLimited,
    RingCentralError,
    Unavailable,
    is_501,
    is_gone,
)
from workers.ringcentral.ringout import RingOuts

PATIENCE_SECONDS: Final = 20.0
"""How long a RingOut may wait to be placed. Whoever has clicked and was not called by then has gone on."""

_MOMENT_SECONDS: Final = 0.1

RETRY_SECONDS: Final = 2.0
LONGEST_RETRY: Final = 30.0
LINK_SECONDS: Final = 2.0
"""How soon after its end a RingOut's sessions are looked for again; then at growing distances."""

MOST_SEEN: Final = 30

SERVICE_UNAVAILABLE: Final = "CMN-201"

OVER_GONE: Final = "gone"
OVER_TERMINAL: Final = "terminal"
OVER_ENDED: Final = "call-ended"
OVER_CANCELLED: Final = "cancelled"
OVER_REFUSED: Final = "not-shown"
OVER_LONG: Final = "too-long"
OVER_UNCERTAIN: Final = "uncertain"
OVER_BECAUSE: Final[Mapping[str, str]] = MappingProxyType(
    {
        OVER_GONE: "RingCentral answers 404: the status is gone. Neither success nor failure, and perhaps not the end.",
        OVER_TERMINAL: "A word of the status says that it is over.",
        OVER_ENDED: "The call's notifications told of its end.",
        OVER_CANCELLED: "It was cancelled.",
        OVER_REFUSED: "RingCentral does not show the status to us.",
        OVER_LONG: "It went on for longer than a call without news is followed (`SILENCE_SECONDS`).",
        OVER_UNCERTAIN: "Nobody knows its id: whether it was placed at all is left to the evidence.",
    }
)
"""Why the live status is looked at no more. In every case the call log decides how the call ended."""

_ENDS: Final = frozenset({OVER_TERMINAL, OVER_ENDED, OVER_CANCELLED})
"""After these there is no call left. After the others there may be, and RingCentral may still cancel it."""


class Step(msgspec.Struct, frozen=True):
    """A RingOut after a step, and in how many seconds to try again what could not be done now, if something could."""

    ringout: RingOut
    again: float | None = None


def begun(ringout: RingOut, *, now: float, cancel: bool) -> RingOut:
    """Give a RingOut as it must be written down before RingCentral is asked about it, perhaps to cancel it.

    One that is over later than now was so before the clock was put back.
    """
    if ringout.over_at is not None and ringout.over_at > now:
        ringout = msgspec.structs.replace(ringout, over_at=now)
    if ringout.placing is Placing.PLACING:
        return msgspec.structs.replace(ringout, placing=Placing.UNCERTAIN)
    if ringout.placing is Placing.ASKED:  # where it is cancelled, RingCentral is not asked at all
        return ringout if cancel else msgspec.structs.replace(ringout, placing=Placing.PLACING, placed_at=now)
    if cancel and ringout.may_be_cancelled and _why_not_cancelled(ringout) is None:
        return msgspec.structs.replace(ringout, cancels=ringout.cancels + 1)
    return ringout


def next_time(ringout: RingOut, step: Step, *, now: float, followed: int, deadline: float) -> float | None:
    """Say when a RingOut is looked after next; None when no more."""
    if step.again is not None:
        return now + step.again
    if ringout.placing in NEVER_PLACED:
        return None
    if ringout.over_at is not None:
        if looks.is_too_late(ringout.over_at, now=now, deadline=deadline + looks.LONGEST_WAIT):
            return None
        return looks.next_look(ringout.over_at, now=now, interval=LINK_SECONDS)
    live = ringout.live
    phase = ringout_status.phase(live).phase if live else Phase.RINGING
    since = ringout.seen[-1].at if ringout.seen else ringout.began_at
    return now + ringout_status.next_look(phase, age=now - since, followed=followed)


class Steps:
    """Asks RingCentral on behalf of RingOuts."""

    def __init__(self, ringcentral: RingOuts) -> None:
        self._ringcentral = ringcentral

    def taken(self, ringout: RingOut, *, now: float, cancel: bool, has_ended: bool, longest: float) -> Step:
        """Take the step that is next. Raises nothing for whatever RingCentral says."""
        if ringout.placing is Placing.UNCERTAIN and ringout.over_at is None:
            ringout = _over(ringout, OVER_UNCERTAIN, now)
        if cancel and ringout.may_be_cancelled:
            return self._cancelled(ringout, now)
        if ringout.placing is Placing.PLACING:
            return self._placed(ringout, now)
        if ringout.is_over or ringout.placing is not Placing.PLACED:
            return Step(ringout)
        if has_ended:
            return Step(_over(ringout, OVER_ENDED, now))
        if now - ringout.began_at > longest:
            return Step(_over(ringout, OVER_LONG, now))
        return self._looked_at(ringout, now)

    def _placed(self, ringout: RingOut, now: float) -> Step:
        if ringout.call is None:
            raise ValueError("a RingOut without a call was placed elsewhere")
        if abs(now - ringout.asked_at) > PATIENCE_SECONDS:  # if it will be asked for, the clock was put back
            return Step(msgspec.structs.replace(ringout, placing=Placing.EXPIRED, placed_at=None))
        try:
            answered = self._ringcentral.place(ringout.call, extension=ringout.extension)
        except (RateLimited, NotSent) as error:  # it has not heard of it: asking again places nothing twice
            waiting = msgspec.structs.replace(ringout, placing=Placing.ASKED, placed_at=None)
            in_vain = ringout.asked_at + PATIENCE_SECONDS - now + _MOMENT_SECONDS  # whoever waits is told then
            return Step(waiting, min(_pause(error), in_vain))
        except Unavailable as error:
            if SERVICE_UNAVAILABLE in error.codes:
                return Step(_refused(ringout, error))
            return Step(msgspec.structs.replace(ringout, placing=Placing.UNCERTAIN, over_at=now, over=OVER_UNCERTAIN))
        except RingCentralError as error:
            return Step(_refused(ringout, error))
        placed = msgspec.structs.replace(ringout, placing=Placing.PLACED, ring_out_id=answered.id)
        return Step(_seen(placed, answered.live, now))

    def _looked_at(self, ringout: RingOut, now: float) -> Step:
        try:
            live = self._ringcentral.status(ringout.ring_out_id or "", extension=ringout.extension)
        except (NotFound, RateLimited, Unavailable) as error:
            over = OVER_GONE if is_gone(error) else OVER_REFUSED if is_501(error) else None
            return Step(ringout, _pause(error)) if over is None else Step(_over(ringout, over, now))
        except RingCentralError:
            return Step(_over(ringout, OVER_REFUSED, now))
        return Step(_seen(ringout, live, now))

    def _cancelled(self, ringout: RingOut, now: float) -> Step:
        """Do what somebody wants who does not want it: as far as it can be done."""
        if ringout.placing is Placing.ASKED:
            return _with(msgspec.structs.replace(ringout, placing=Placing.WITHDRAWN), Cancel.CANCELLED)
        if why := _why_not_cancelled(ringout):
            return _with(ringout, why)
        try:
            self._ringcentral.cancel(ringout.ring_out_id or "", extension=ringout.extension)
        except RingCentralError as error:
            if not (isinstance(error, NotFound) or (ringout.over == OVER_GONE and is_gone(error))):
                return _not_cancelled(ringout, error, now)
            if ringout.cancels == 1:
                return _with(ringout, Cancel.TOO_LATE)
            # It was asked before, and nobody knows what it said to that: there is nothing left, as was wanted.
        return _with(_over(ringout, OVER_CANCELLED, now), Cancel.CANCELLED)


def _not_cancelled(ringout: RingOut, error: RingCentralError, now: float) -> Step:
    """Take a refusal as one, and try again after all else; a 404 in whosever words is believed the second time."""
    if is_501(error) or not isinstance(error, RateLimited | Unavailable):
        return _with(msgspec.structs.replace(ringout, codes=error.codes, cancels=0), Cancel.REFUSED)
    gone = is_gone(error)
    unheard = gone or isinstance(error, RateLimited | NotSent)
    after = msgspec.structs.replace(ringout, cancels=ringout.cancels - unheard)
    return Step(_over(after, OVER_GONE, now) if gone else after, _pause(error))


def _why_not_cancelled(ringout: RingOut) -> Cancel | None:
    if ringout.placing is Placing.UNCERTAIN or ringout.ring_out_id is None:
        return Cancel.UNKNOWN
    if ringout.over in _ENDS:
        return Cancel.TOO_LATE
    return None if ringout_status.can_be_cancelled(ringout.live) else Cancel.CONNECTED


def _with(ringout: RingOut, cancel: Cancel) -> Step:
    return Step(msgspec.structs.replace(ringout, cancel=cancel))


def _seen(ringout: RingOut, live: Live, now: float) -> RingOut:
    if live != ringout.live:
        seen = (*ringout.seen, Seen(now, live))[-MOST_SEEN:]
        ringout = msgspec.structs.replace(ringout, seen=seen)
    is_over = ringout_status.phase(live).phase is Phase.OVER
    return _over(ringout, OVER_TERMINAL, now) if is_over else ringout


def _over(ringout: RingOut, why: str, now: float) -> RingOut:
    return msgspec.structs.replace(ringout, over_at=now, over=why)


def _refused(ringout: RingOut, error: RingCentralError) -> RingOut:
    codes = (*error.codes, CREDENTIALS) if isinstance(error, BrokenConfiguration) else error.codes
    return msgspec.structs.replace(ringout, placing=Placing.REFUSED, placed_at=None, codes=codes)


def _pause(error: RingCentralError) -> float:
    return min(max(error.retry_after or RETRY_SECONDS, 0.05), LONGEST_RETRY)
