"""Find the two sides of a RingOut in its legs, and what became of each.

A RingOut calls two parties one after the other: first the caller, then, usually only if that one answers, the callee
(RingCentral: the subscriber). The record has one leg for each party called, in no promised order, and none for a party
that never was: when one is busy the other need not be called.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from telephony.records import CallLogRecord, Leg
from telephony.results import status_of
from telephony.times import LONG_AGO
from telephony.words import LegStatus

CALLER_LEG_TYPES: Final = (
    "RingOutClientToCaller",
    "RingOutDeviceToCaller",
    "RingOutOneLegToCaller",
    "RingOutWebToCaller",
)
CALLEE_LEG_TYPES: Final = (
    "RingOutClientToSubscriber",
    "RingOutDeviceToSubscriber",
    "RingOutWebToSubscriber",
)
RINGOUT_ACTIONS: Final = ("RingOut Mobile", "RingOut PC", "RingOut Web")
RINGOUT_ORIGIN: Final = "RingOut"

TO_CALLER: Final = frozenset(word.casefold() for word in CALLER_LEG_TYPES)
TO_CALLEE: Final = frozenset(word.casefold() for word in CALLEE_LEG_TYPES)
_ORIGIN: Final = RINGOUT_ORIGIN.casefold()
_ONE_LEG: Final = frozenset({"ringoutonelegtocaller"})
_EITHER: Final = TO_CALLER | TO_CALLEE
_ACTIONS: Final = frozenset(word.casefold() for word in RINGOUT_ACTIONS)


class Side(msgspec.Struct, frozen=True):
    """One party of a RingOut. `status` is the leg's `result` verbatim, `leg` its index among the call's legs.

    Without a leg both are None, and `outcome` is NOT_ATTEMPTED, or UNKNOWN where no leg of the RingOut is known.
    `rule` names the reason, as explanations do.
    """

    status: str | None
    outcome: LegStatus
    leg: int | None
    rule: str


class Sides(msgspec.Struct, frozen=True):
    """Both parties of a RingOut; `by_one_leg` if its kind has no leg to the callee, or it is a second session."""

    caller: Side
    callee: Side
    by_one_leg: bool = False


def is_ringout_origin(origin: str | None) -> bool:
    """Tell whether this origin, as the notifications have it, is that of a RingOut."""
    return origin is not None and origin.casefold() == _ORIGIN


def is_ringout(record: CallLogRecord, origin: str | None = None) -> bool:
    """Tell whether a call is a RingOut: by a leg, by its action, or by the origin the notifications gave."""
    if is_ringout_origin(origin):
        return True
    if (record.action or "").casefold() in _ACTIONS:
        return True
    return any(has_ringout_type(leg) for leg in record.legs)


def is_second_session(record: CallLogRecord) -> bool:
    """Tell whether a RingOut's record is that of its second session, which has the leg to the caller only.

    Both ends are swapped there: the call goes to the very extension for which it was made.
    """
    to = record.to.extension_id if record.to else None
    return to is not None and any(part.extension_id == to for part in (record, *record.legs))


def has_ringout_type(leg: Leg) -> bool:
    """Tell whether a leg's type is one of the seven of RingOut."""
    return _is(leg, _EITHER)


def sides(legs: Sequence[Leg]) -> Sides:
    """Say what became of the caller and of the callee of a RingOut with these legs, in whatever order they come."""
    any_leg = any(has_ringout_type(leg) for leg in legs)
    return Sides(
        caller=_side(legs, TO_CALLER, any_leg=any_leg),
        callee=_side(legs, TO_CALLEE, any_leg=any_leg),
        by_one_leg=any(_is(leg, _ONE_LEG) for leg in legs),
    )


def _side(legs: Sequence[Leg], types: frozenset[str], *, any_leg: bool) -> Side:
    mine = [(index, leg) for index, leg in enumerate(legs) if _is(leg, types)]
    if not mine and any_leg:
        return Side(None, LegStatus.NOT_ATTEMPTED, None, "ringout-not-attempted")
    if not mine:
        return Side(None, LegStatus.UNKNOWN, None, "ringout-no-legs")
    index, leg = mine[0] if len(mine) == 1 else max(mine, key=lambda pair: _preference(pair[1]))
    if not leg.result:
        return Side(None, LegStatus.UNKNOWN, index, "ringout-leg-without-result")
    return Side(leg.result, _status(leg), index, "ringout-leg" if len(mine) == 1 else "ringout-best-leg")


def _status(leg: Leg) -> LegStatus:
    return status_of(leg.result, direction="Outbound")


def _preference(leg: Leg) -> tuple[bool, datetime, bytes]:
    """Rank legs to one party: connected before all others, then by start; the text breaks ties, never the order."""
    return (
        _status(leg) is LegStatus.ANSWERED,
        leg.start_time or LONG_AGO,
        msgspec.json.encode(leg, order="deterministic"),
    )


def _is(leg: Leg, types: frozenset[str]) -> bool:
    return (leg.leg_type or "").casefold() in types
