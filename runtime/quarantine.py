"""The quarantine: bodies that no notification could be read from, kept for people to look at.

Nothing in it holds anything up. After an upgrade that can read them, they are given back to the inbox.
"""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from redis import Redis

from runtime import keys, streams
from runtime.inbox import Inbox
from runtime.streams import Fields, Page


class Quarantined(msgspec.Struct, frozen=True):
    """One body, why it could not be read, and when it came (seconds)."""

    id: str
    reason: str
    body: str
    at: float


def held(redis: Redis, accounts: Sequence[str]) -> tuple[str, ...]:
    """Give the accounts that have anything in quarantine, in their order."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.xlen(keys.quarantine(account))
        return tuple(account for account, count in zip(accounts, pipeline.execute(), strict=True) if count)


def page(redis: Redis, account: str, *, after: str | None) -> Page[Quarantined]:
    """Read what is in an account's quarantine, newest first, before the entry whose id is `after`."""
    return streams.page(redis, keys.quarantine(account), _read, after=after)


def body_of(redis: Redis, account: str, entry_id: str) -> bytes | None:
    """Give a body as it came; None when it is not here (any more)."""
    rows = cast("list[Any]", redis.xrange(keys.quarantine(account), min=entry_id, max=entry_id))
    return rows[0][1][b"body"] if rows else None


def read_again(redis: Redis, account: str, entry_id: str) -> bool:
    """Give a body back to the inbox, and take it out of here; False when it is not here (any more).

    Appended first: a body that is in both places is read twice, which changes nothing; one in neither would be lost.
    """
    body = body_of(redis, account, entry_id)
    if body is None:
        return False
    Inbox(redis, account).append(body)
    return discard(redis, account, entry_id)


def discard(redis: Redis, account: str, entry_id: str) -> bool:
    """Forget a body; False when it is not here (any more)."""
    return bool(redis.xdel(keys.quarantine(account), entry_id))


def _read(place: str, fields: Fields) -> Quarantined:
    reason, body = (fields.get(name, b"").decode(errors="replace") for name in (b"reason", b"body"))
    return Quarantined(place, reason, body, streams.added_at(place))
