"""Which calls of a replay are asked about next: those for which RingCentral had no answer come behind all others.

One call that RingCentral chokes on is enough for every window around it to fail. So what failed is left for later, and
then asked for in halves, until the calls in it are looked up alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from runtime.replays import Unanswered
from telephony.fetch_plan import SHORTEST, Lane, LookUp, Request, Wanted, Window, fullest, plan
from telephony.times import moment_at

LONG_AGO: Final = timedelta(days=180)
"""How far back a call is looked for of which only its id is known."""

MOST: Final = 100
"""How much without an answer is remembered; what is forgotten is asked for like anything else."""

_ALONE: Final = 4 * SHORTEST
"""Calls of so short a window that failed are looked up alone: half of it would hardly be shorter."""


def next_request(
    wanted: Sequence[Wanted], unanswered: Sequence[Unanswered], *, density: float | None, now: float
) -> Request:
    """Plan the one request that answers most of those whose turn it is; one of which nothing is known is looked up."""
    turns = [_turn(one, unanswered) for one in wanted]
    turn = min(turns)
    ours = [one for one, its in zip(wanted, turns, strict=True) if its == turn]
    if turn >= 0:
        failed = unanswered[turn]
        window = Window(moment_at(failed.begin), moment_at(failed.end))
        ours = ours[:1] if window.date_to - window.date_from <= _ALONE else ours
        density = max(2 * fullest(window), density or 0.0)
    unknown = next((one for one in ours if one.started_at <= moment_at(now) - LONG_AGO), None)
    if unknown is not None:
        return LookUp(unknown.telephony_session_id or "", unknown.started_at)
    return plan(ours, lane=Lane.LIST, most=1, density=density)[0]


def without_answer(unanswered: Sequence[Unanswered], request: Request) -> tuple[Unanswered, ...]:
    """Remember for what RingCentral had no answer just now."""
    if isinstance(request, LookUp):
        failed = Unanswered(call=request.telephony_session_id)
    elif isinstance(request, Window):
        failed = Unanswered(begin=request.date_from.timestamp(), end=request.date_to.timestamp())
    else:
        return tuple(unanswered)
    return (*(one for one in unanswered if one != failed), failed)[-MOST:]


def _turn(one: Wanted, unanswered: Sequence[Unanswered]) -> int:
    """Say what of all without an answer a call is in that came last; -1 where it is in nothing."""
    return max((number for number, failed in enumerate(unanswered) if _is_in(one, failed)), default=-1)


def _is_in(one: Wanted, failed: Unanswered) -> bool:
    if failed.call:
        return one.telephony_session_id == failed.call
    return failed.begin <= one.started_at.timestamp() <= failed.end
