"""Lay out the completeness ledger for people: a table of hours, their sum, and whatever is missing, by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runtime import audit
from runtime.audit import Hour
from runtime.completeness import sentence
from scripts.terminal.tables import Column, table
from telephony.completeness import Standing
from telephony.times import moment_at

SHOWN: Final = tuple(place for place in Standing if place is not Standing.UNEXPLAINED)
MOST_NAMED: Final = 20

COLUMNS: Final = (
    Column("hour (UTC)"),
    Column("known", right=True),
    Column("in log", right=True),
    *(Column(place.value, right=True) for place in SHOWN),
    Column("unexplained", right=True),
    Column("quarantined", right=True),
    Column("by trigger"),
)


def report(found: Mapping[str, Sequence[Hour]]) -> Iterator[str]:
    """Lay out the hours of each account, oldest first, and what they come to."""
    for account, hours in found.items():
        if len(found) > 1:
            yield f"account {account}"
        whole = audit.total(hours)
        rows = [_row(f"{moment_at(hour.since):%Y-%m-%d %H:00}", hour) for hour in hours]
        yield from table(COLUMNS, [*rows, _row("all", whole)])
        yield ""
        yield from _missing(whole)
        yield f"{sentence(whole)}{'' if whole.known == whole.explained else ': SOME ARE NOT'}"
        if account != list(found)[-1]:
            yield ""


def _row(name: str, hour: Hour) -> tuple[object, ...]:
    counts = (hour.count(place) or None for place in (*SHOWN, Standing.UNEXPLAINED))
    triggers = ", ".join(f"{name} {count:,}" for name, count in sorted(hour.triggers.items(), key=lambda row: -row[1]))
    return name, hour.known, hour.in_log, *counts, hour.quarantined or None, triggers


def _missing(whole: Hour) -> Iterator[str]:
    for one in whole.unexplained[:MOST_NAMED]:
        yield f"unexplained: {one.telephony_session_id}: {one.because}"
    hidden = whole.count(Standing.UNEXPLAINED) - len(whole.unexplained[:MOST_NAMED])
    if hidden > 0:
        yield f"... and {hidden} more; --json names up to {audit.MOST_NAMED} of them"
    if whole.unexplained:
        yield ""
