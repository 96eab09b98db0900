"""Create-only: when to tell of a call to a receiver that cannot change later what it made of it."""

from typing import Final

from telephony.events import CallEvent
from telephony.times import parse_time
from telephony.words import Outcome

MAY_BE_RECORDED: Final = frozenset({Outcome.ANSWERED, Outcome.EMERGENCY, Outcome.UNKNOWN})
"""Outcomes of calls in which somebody talked, or perhaps did: a recording of them may still come."""


def ready_at(event: CallEvent, *, deadline: float) -> float:
    """Say when `event` may be told once and for all, unless a later revision comes before. Seconds since 1970.

    At once when the call log's final record gave it and no recording can be missing; `deadline` seconds after the end
    of the call otherwise, for some calls are never recorded, and of some no record ever comes.
    """
    data = event.data
    if data.revision == 0:  # how a call ended by the notifications is said once anyway
        return 0.0
    if data.confirmed and (data.recordings or data.outcome not in MAY_BE_RECORDED):
        return 0.0
    ended = parse_time(event.time)
    return 0.0 if ended is None else ended.timestamp() + deadline
