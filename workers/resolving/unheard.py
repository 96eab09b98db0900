"""Calls that are due though no notification told of their end: which of them the log must be asked about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from redis import Redis

from runtime import keys, ledger
from runtime.asking import Asking
from runtime.budget import Share
from runtime.ledger import Tracked
from telephony.fetch_plan import PATIENCE_SECONDS, STRAGGLER_SECONDS, LookUp, Request, Wanted
from telephony.notifications import SESSION_PREFIX
from telephony.records import last_end
from telephony.settled import is_settled
from telephony.times import moment_at

WHOLE_SECONDS: Final = 60.0
"""How often a call of which only a part was shown takes a request from others: after an outage they may be hundreds."""


def silent(
    redis: Redis, account: str, tracked: Mapping[str, Tracked], due: Mapping[str, float], *, now: float
) -> dict[str, Wanted]:
    """Say what is wanted of such calls.

    Their notifications are lost, or what the log showed of them is not kept any more: they are asked about like others.
    """
    ids = [one for one in due if one not in tracked or tracked[one].ended_at is None]
    if not ids:
        return {}
    seen = ledger.records(redis, account, ids)
    lacking = [one for one in ids if not seen.get(one) or not all(map(is_settled, seen[one]))]
    return {
        one: Wanted(one, moment_at(start), waiting=max(0.0, now - start), due_for=now - due[one])
        for one, start in began(redis, account, lacking).items()
    }


def began(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, float]:
    """Say when calls began by the lists of calls (seconds); those that are in none of them are absent."""
    if not ids:
        return {}
    with redis.pipeline(transaction=False) as pipeline:
        for key in (keys.listed(account), keys.calls(account)):
            pipeline.zmscore(key, list(ids))
        listed, known = pipeline.execute()
    starts = {one: first if first is not None else last for one, first, last in zip(ids, listed, known, strict=True)}
    return {one: float(start) for one, start in starts.items() if start is not None}


def whole(
    redis: Redis, account: str, tracked: Mapping[str, Tracked], due: Mapping[str, float], *, now: float
) -> dict[str, Wanted]:
    """Say what is wanted of calls that have been over for long, whose outcome was published and which are due again.

    A feed or a window showed some of their records: all are wanted, which only a look-up is sure to give.
    """
    ids = [one for one in due if one not in tracked or _is_long_over(tracked[one], now)]
    resolutions = ledger.resolutions(redis, account, ids)
    published = [one for one in ids if one in resolutions and resolutions[one].revision]
    records = ledger.records(redis, account, published)
    starts = {one: [record.start_time for record in seen if record.start_time] for one, seen in records.items()}
    return {
        one: Wanted(
            one if one.startswith(SESSION_PREFIX) else None,  # known by another id, its records name no session
            min(begins),
            ended_at=last_end(records[one]),
            waiting=PATIENCE_SECONDS,
            whole=True,
            due_for=max(0.0, now - due[one]),
        )
        for one, begins in starts.items()
        if begins
    }


def is_in_turn(asking: Asking, now: float) -> bool:
    """Say whether one of them may take a request from others again."""
    return not asking.whole_at <= now < asking.whole_at + WHOLE_SECONDS


def had_its_turn(
    asking: Asking, requests: Iterable[tuple[Request, Share]], wanted: Mapping[str, Wanted], now: float
) -> Asking:
    """Note it where one of the requests is for one of them."""
    ids = (request.telephony_session_id for request, _ in requests if isinstance(request, LookUp))
    is_asked = any(one in wanted and wanted[one].whole for one in ids)
    return msgspec.structs.replace(asking, whole_at=now) if is_asked else asking


def _is_long_over(record: Tracked, now: float) -> bool:
    return record.ended_at is not None and now - record.heard_at >= STRAGGLER_SECONDS
