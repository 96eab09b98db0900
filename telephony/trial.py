"""The event that tries a destination out: signed and sent like any other, told to nobody else, about no call.

It is never in the outcome log. A receiver answers it with 2xx and does nothing else.
"""

from datetime import datetime
from typing import Final

import msgspec

from telephony.events import Envelope
from telephony.times import iso_ms

TRIAL: Final = "legwork.destination.test"


class TrialData(msgspec.Struct, frozen=True, rename="camel"):
    """The `data` of `legwork.destination.test`."""

    destination_id: str
    message: str = "A test from Legwork. Nothing happened; answer with 2xx."


class TrialEvent(Envelope, frozen=True, kw_only=True):
    """A test of one destination; about no call."""

    data: TrialData


def trial(destination_id: str, name: str, *, now: datetime) -> TrialEvent:
    """Make the event that tries a destination; `name` tells it from all other trials of the same one."""
    return TrialEvent(
        id=f"{destination_id}/test/{name}",
        source=f"/destinations/{destination_id}",
        type=TRIAL,
        subject=destination_id,
        time=iso_ms(now),
        data=TrialData(destination_id),
    )


def is_trial(event_id: str) -> bool:
    """Say whether an event's id is that of a test."""
    return "/test/" in event_id
