"""Calls that RingCentral was asked about and gave no usable answer: they go behind the others, so as not to hide them.

One call that RingCentral chokes on is enough, or a list that may not be read where its change feeds may be.
"""

from collections.abc import Iterator, Mapping

from runtime import keys
from runtime.leases import Command
from runtime.settings import Settings
from telephony import looks
from telephony.fetch_plan import Wanted
from workers.resolving.sweep import Sweep


def put_off(
    account: str,
    due: Mapping[str, float],
    wanted: Mapping[str, Wanted],
    found: Sweep,
    settings: Settings,
    *,
    now: float,
) -> Iterator[Command]:
    """Give the commands that have them looked at again as after a look in vain, though they are not given up for that.

    The longer a call is due, the more it counts. So one for which RingCentral has no answer would soon be asked about
    first each time, and each time that would be the end of the sweep.
    """
    interval = settings.fetch_interval_seconds
    for one, call in wanted.items():
        if found.has_no_answer_about(call):
            when = looks.next_look((call.ended_at or call.started_at).timestamp(), now=now, interval=interval)
            yield ("MOVE", keys.due(account), one, repr(due[one]), f"{when:.3f}")


def is_over(call: Wanted, found: Sweep, settings: Settings) -> bool:
    """Say whether that is the end of waiting: up to the call's deadline, all else that could have shown it was read."""
    ended_at, compared_to = (call.ended_at or call.started_at).timestamp(), found.asking.compared_to or 0.0
    return compared_to >= ended_at + settings.record_deadline_seconds and found.has_no_answer_about(call)
