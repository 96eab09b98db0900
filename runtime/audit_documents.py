"""How the completeness ledger is told to programs: by the API, and by the command with `--json`."""

from collections.abc import Mapping

import msgspec

from runtime.audit import Hour, Unexplained
from telephony.completeness import Standing
from telephony.times import iso_ms_at


class CountsDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the calls stand, every place named whether somebody is there or not; together they are `known`."""

    known: int
    in_log: int
    published: int
    open: int
    waiting: int
    unresolved: int
    suppressed: int
    unexplained: int
    by_trigger: Mapping[str, int]
    quarantined: int
    unexplained_calls: tuple[Unexplained, ...]


class HourDocument(CountsDocument, frozen=True, kw_only=True, rename="camel"):
    """The same for one hour of one account."""

    account: str
    hour: str


def hour_document(account: str, hour: Hour) -> HourDocument:
    """Tell an hour of an account."""
    at = iso_ms_at(hour.since)
    return HourDocument(account=account, hour=at, **msgspec.structs.asdict(counts_document(hour)))


def counts_document(hour: Hour) -> CountsDocument:
    """Tell where the calls stand."""
    return CountsDocument(
        known=hour.known,
        in_log=hour.in_log,
        **{place.value: hour.count(place) for place in Standing},
        by_trigger=hour.triggers,
        quarantined=hour.quarantined,
        unexplained_calls=hour.unexplained,
    )
