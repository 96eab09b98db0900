"""Show events as lines of a table that grows at the bottom. Pure: events in, text out."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from scripts.terminal.moments import seconds_between
from scripts.terminal.people import way
from scripts.terminal.published import Told
from scripts.terminal.tables import Column, heading, line
from telephony.call_outcome import Endpoint
from telephony.events import CallEvent
from telephony.live_events import LiveData, LiveEvent
from telephony.ringout import is_ringout_origin
from telephony.times import parse_time

COLUMNS: Final = (
    Column("time", 8),
    Column("account", 8),
    Column("direction", 9),
    Column("outcome", 14),
    Column("rev", 3, right=True),
    Column("trigger", 9),
    Column("after", 8, right=True),
    Column("from → to", 52),
    Column("caller / callee"),
)
LEGEND: Final = """\
time       when it was published (UTC)
outcome    how the call ended; with a question mark: told by the notifications alone, the call log has yet to confirm it
rev        the revision; a later one replaces the earlier
trigger    what made us look: webhook, reconcile, backfill, replay, ringout
after      seconds from the end of the call
caller / callee   of a RingOut: RingCentral's results of the legs to both; with --live: the parties and their states
"""


class OutcomeTable:
    """Gives the lines for each event; the column names before the first, the date whenever it changes."""

    def __init__(self) -> None:
        self._day: date | None = None

    def lines(self, told: Told) -> Iterator[str]:
        """Lay out one event."""
        event = told.event
        published = event.data.timing.published_at if isinstance(event, CallEvent) else event.time
        moment = parse_time(published)
        if moment is not None and moment.date() != self._day:
            if self._day is None:
                yield heading(COLUMNS)
            self._day = moment.date()
            yield f"{self._day} (UTC)"
        shown = _call(event) if isinstance(event, CallEvent) else _news(event)
        yield line(COLUMNS, [f"{moment:%H:%M:%S}" if moment else None, told.account, *shown])


def _call(event: CallEvent) -> tuple[object, ...]:
    data = event.data
    after = seconds_between(data.end_time or data.timing.ended_at, data.timing.published_at)
    is_ringout = data.caller_status is not None or data.callee_status is not None
    return (
        data.direction,
        data.outcome if data.revision else f"{data.outcome}?",
        data.revision,
        data.trigger,
        None if after is None else f"{after:.1f} s",
        way(data.from_, data.to),
        f"{data.caller_status or '-'} / {data.callee_status or '-'}" if is_ringout else " ",
    )


def _news(event: LiveEvent) -> tuple[object, ...]:
    data = event.data
    states = ", ".join(f"{party.id.rpartition('-')[2]} {party.code}" for party in data.parties)
    if data.ringout is not None:
        words = (data.ringout.call_status, data.ringout.caller_status, data.ringout.callee_status)
        states = f"RingOut {' / '.join(word or '-' for word in words)}" + (" (over)" if data.ringout.over else "")
    return (data.direction, "on", None, None, None, _way(data), states)


def _way(data: LiveData) -> str | None:
    """Say who calls whom. In a RingOut both are called, one after the other, and are found in their parties' `to`."""
    if not data.parties:
        return None
    first, *others = data.parties
    if is_ringout_origin(data.origin):
        return way(first.to, others[0].to if others else Endpoint())
    return way(first.from_, first.to)
