"""How the completeness ledger is told to programs: by the API, and by the command with `--json`."""

from datetime import UTC, datetime
from typing import Any

from runtime.audit import Hour
from telephony.completeness import Standing
from telephony.times import iso_ms

HourDocument = dict[str, Any]
"""An hour of an account: `account`, `hour`, and the counts."""


def hour_document(account: str, hour: Hour) -> HourDocument:
    """Tell an hour of an account."""
    return {"account": account, "hour": iso_ms(datetime.fromtimestamp(hour.since, UTC)), **counts_document(hour)}


def counts_document(hour: Hour) -> dict[str, Any]:
    """Tell where the calls stand, every place named whether somebody is there or not."""
    counts = {place.value: hour.count(place) for place in Standing}
    return {
        "known": hour.known,
        "inLog": hour.in_log,
        **counts,
        "byTrigger": hour.triggers,
        "quarantined": hour.quarantined,
        "unexplainedCalls": hour.unexplained,
    }
