"""One call before and after its judgement: all that is known of it, and what is to be done about it."""

from functools import cached_property
from typing import Final

import msgspec

from runtime.leases import Command
from runtime.ledger import Resolution, Tracked
from runtime.outcome_log import Entry
from runtime.ringouts import RingOut
from telephony.events import CallData, CallEvent, Trigger
from telephony.linking import Link
from telephony.records import CallLogRecord, last_end
from telephony.ringout_link import is_of_ringout
from telephony.sessions import Session
from telephony.settled import is_settled
from workers.ringout_evidence import NO_RINGOUT, Belonging
from workers.tracking.conversations import NONE, Gathered

TOGETHER: Final = 200
"""Calls judged in one atomic step."""


class Case(msgspec.Struct, frozen=True, dict=True):
    """One call before its judgement.

    `due` is its place in the due list, None when it has none; `asked` says whether it was due and asked about now.
    `records` are all that are known, `seen` those that were known before; `listed` says that there are no others.
    `unreadable` says that a later version of Legwork wrote something down about it, which is not ours to decide anew.
    `gathered` holds its conversation, and `new_links` what its records add to it.
    `ringout` says whether it belongs to a RingOut, and `near` are those to which it may.
    `by` is what made us look where it was neither the call's notifications nor its absence from the ledger; with
    `deliver` false an event is only written down. `began` is when it did by the lists of calls, in seconds.
    `published` is what was published of it last, where that was to be expected to be needed.
    """

    telephony_session_id: str
    due: float | None
    tracked: Tracked | None
    session: Session | None
    records: tuple[CallLogRecord, ...]
    seen: tuple[CallLogRecord, ...]
    resolution: Resolution
    asked: bool
    listed: bool = False
    gathered: Gathered = NONE
    new_links: frozenset[Link] = frozenset()
    ringout: Belonging = NO_RINGOUT
    near: tuple[RingOut, ...] = ()
    by: Trigger | None = None
    deliver: bool = True
    began: float | None = None
    unreadable: bool = False
    published: Entry | None = None

    @cached_property
    def is_settled(self) -> bool:
        """Whether there are records and all of them are final."""
        return bool(self.records) and all(is_settled(record) for record in self.records)

    @property
    def may_be_of_ringout(self) -> bool:
        """Whether it calls itself a RingOut, and enough is known of it to look for the one it belongs to."""
        return (self.asked or self.is_settled) and is_of_ringout(self.session, self.records)

    @property
    def may_be_revised(self) -> bool:
        """Whether something was published of it, and there is a reason why something else should be now."""
        return self.resolution.revision > 0 and (self.by is not None or self.records != self.seen)

    @property
    def has_ended(self) -> bool:
        """Whether the notifications say that the call is over."""
        return self.tracked is not None and self.tracked.ended_at is not None

    def recorded_end(self) -> float | None:
        """Give the latest end its records tell of, in seconds."""
        end = last_end(self.records)
        return end.timestamp() if end else None

    def recorded_at(self) -> float | None:
        """Give when the newest of its records was written, by RingCentral's word, in seconds."""
        times = (record.last_modified_time for record in self.records)
        return max((time.timestamp() for time in times if time), default=None)

    def recorded_start(self) -> float | None:
        """Give the earliest start its records tell of, in seconds."""
        starts = (record.start_time for record in self.records)
        return min((start.timestamp() for start in starts if start), default=None)


class News(msgspec.Struct, frozen=True):
    """What the world is told of a call, and what it was told before, as far as the log still holds that."""

    event: CallEvent
    before: CallData | None
    records: tuple[CallLogRecord, ...]
    deliver: bool


class Judged(msgspec.Struct, frozen=True):
    """What carries a judgement out, and its news, if any.

    When the call's record was seen now: `lag` is how long after the call it came, `took` how long until this judgement.
    Seconds.
    """

    commands: tuple[Command, ...]
    lag: float | None = None
    took: float | None = None
    news: News | None = None
