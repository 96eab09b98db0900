"""Lay out destinations and their attempts for the terminal. Pure: values in, lines out."""

from collections.abc import Iterator, Sequence
from typing import Final

from runtime.deliveries.attempts import Attempt
from runtime.deliveries.backlog import Status
from scripts.terminal.moments import clock_time
from scripts.terminal.tables import Column, cell, table
from telephony.destinations import Destination, DestinationState
from telephony.times import moment_at

_LIST: Final = (
    Column("id"),
    Column("state"),
    Column("include"),
    Column("backlog", right=True),
    Column("behind", right=True),
    Column("dead", right=True),
    Column("url"),
    Column("description"),
)
_ATTEMPTS: Final = (
    Column("time (UTC)"),
    Column("event"),
    Column("try", right=True),
    Column("verdict"),
    Column("status", right=True),
    Column("took", right=True),
    Column("blame"),
    Column("again at"),
    Column("answer"),
)
_FILTERS: Final = ("accounts", "extensions", "outcomes", "directions", "numbers")
_EXCERPT: Final = 60
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def destination_list(rows: Sequence[tuple[Destination, Status]]) -> list[str]:
    """Lay out all destinations."""
    if not rows:
        return ["no destinations; add one: ./scripts/destinations.py add https://crm.example/hook"]
    cells = (
        (
            one.id,
            one.state,
            one.include,
            at.backlog,
            None if at.oldest is None else span(at.lag),
            at.dead,
            one.url,
            one.description,
        )
        for one, at in rows
    )
    return table(_LIST, cells)


def destination_page(one: Destination, status: Status) -> Iterator[str]:
    """Tell one destination: what it is sent, where it stands, and what came back of late."""
    yield f"{one.id}  {one.state}" + (f": {cell(one.disabled_because)}" if one.disabled_because else "")
    yield f"  url          {cell(one.url)}"
    yield f"  description  {cell(one.description)}"
    yield f"  added        {one.created_at}"
    yield f"  is sent      {_sent(one)}"
    yield f"  only         {_only(one)}"
    yield f"  backlog      {_backlog(status)}"
    yield f"  given up     {status.dead}" + (f"; ./scripts/destinations.py redrive {one.id}" if status.dead else "")
    if status.left_alone_until is not None:
        yield f"  {left_alone(one, status.left_alone_until)}"
    if one.state is not DestinationState.ACTIVE:
        yield f"  nothing is sent, nothing is lost; ./scripts/destinations.py resume {one.id}"
    if status.last_attempts:
        yield ""
        yield from attempt_list(status.last_attempts[::-1])


def why_not_sent(one: Destination, status: Status) -> str:
    """Say what keeps an event that was just asked for from being sent, as far as that can be told from here."""
    if one.state is not DestinationState.ACTIVE:
        return f"it is {one.state}"
    if status.left_alone_until is not None:
        return left_alone(one, status.left_alone_until)
    return "is a deliver process running?"


def left_alone(one: Destination, until: float) -> str:
    """Say until when nothing is sent there, why, and what ends that."""
    return (
        f"it is left alone until {clock_time(moment_at(until))} UTC, for nearly all failed there; "
        f"./scripts/destinations.py pause {one.id} and resume {one.id} end that"
    )


def attempt_list(attempts: Sequence[Attempt]) -> list[str]:
    """Lay out attempts in the order given."""
    if not attempts:
        return ["no attempts yet"]
    return table(_ATTEMPTS, map(_attempt, attempts))


def span(seconds: float) -> str:
    """Write how long something took or is ago: `0.4 s`, `12 s`, `7 min`, `3.5 h`, `2.0 d`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.2f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < _DAY else f"{seconds / _DAY:.1f} d"


def _attempt(one: Attempt) -> tuple[object, ...]:
    return (
        clock_time(moment_at(one.at)),
        one.event_id,
        one.number,
        one.verdict,
        one.status,
        span(one.seconds),
        one.blame,
        clock_time(moment_at(one.next_at)) if one.next_at else None,
        (one.error or one.excerpt)[:_EXCERPT],
    )


def _sent(one: Destination) -> str:
    parts = [{"both": "ended and outcome events"}.get(one.include, f"{one.include} events")]
    parts += ["one for each call, once it will not change"] if one.create_only else []
    parts += [f"of data only {', '.join(one.fields)}"] if one.fields else []
    parts += ["names and numbers masked"] if one.mask else []
    return "; ".join(parts)


def _only(one: Destination) -> str:
    set_ = ((name, getattr(one, name)) for name in _FILTERS)
    return "; ".join(f"{name} {', '.join(values)}" for name, values in set_ if values) or "all calls"


def _backlog(status: Status) -> str:
    if not status.backlog:
        return "nothing"
    parts = f"{status.unread} not looked at, {status.waiting} to be tried again or held, {status.asked} asked for again"
    late = "none of them late" if status.oldest is None else f"the oldest of {span(status.lag)} ago"
    return f"{status.backlog} events ({parts}), {late}"
