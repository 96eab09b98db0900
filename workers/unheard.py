"""Calls that are due though nobody told of their end, and of which no record is kept: the log is asked about them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from redis import Redis

from runtime import keys, ledger
from runtime.ledger import Tracked
from telephony.fetch_plan import Wanted
from telephony.settled import is_settled


def silent(
    redis: "Redis", account: str, tracked: Mapping[str, Tracked], due: Mapping[str, float], *, now: float
) -> dict[str, Wanted]:
    """Say what is wanted of such calls.

    Their notifications are lost, or what the log once showed of them is: it must be asked about them as about others.
    """
    ids = [one for one in due if one not in tracked or tracked[one].ended_at is None]
    if not ids:
        return {}
    seen = ledger.records(redis, account, ids)
    lacking = [one for one in ids if not seen.get(one) or not all(map(is_settled, seen[one]))]
    return {
        one: Wanted(one, datetime.fromtimestamp(start, UTC), waiting=max(0.0, now - start), due_for=now - due[one])
        for one, start in began(redis, account, lacking).items()
    }


def began(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, float]:
    """Say when calls began by the lists of calls (seconds); those that are in none of them are absent."""
    if not ids:
        return {}
    with redis.pipeline(transaction=False) as pipeline:
        for key in (keys.listed(account), keys.calls(account)):
            pipeline.zmscore(key, list(ids))
        listed, known = pipeline.execute()
    starts = {one: first if first is not None else last for one, first, last in zip(ids, listed, known, strict=True)}
    return {one: float(start) for one, start in starts.items() if start is not None}
