"""Find the session of a record that names none: only the numeric `sessionId`, which every session has besides.

Such records may come when their call is on, due, or resolved long ago. That is looked up only for them, and what was
found is remembered, so that they cost nobody else anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from redis import Redis

from runtime import keys, ledger
from runtime.leases import Command
from runtime.ledger import Tracked
from telephony.records import CallLogRecord


class OlderIds:
    """The sessions of one account by their older ids; `tracked` are those at hand."""

    def __init__(self, redis: "Redis", account: str, tracked: Mapping[str, Tracked]) -> None:
        self._redis = redis
        self._account = account
        self._known = _by_older_id(tracked)
        self._knows_all = False
        self._found: dict[str, str] = {}

    def session_of(self, session_id: str) -> str | None:
        """Give the telephony session with this older id; None when there was none that we know."""
        found = self._known.get(session_id) or self._remembered(session_id) or self._searched(session_id)
        if found is not None:
            self._found[session_id] = found
        return found

    def remember(self, *, retention: float) -> list[Command]:
        """Give the commands that keep what was found for as long as the sessions are kept."""
        return [
            ("SET", keys.older_id(self._account, session_id), found, "EX", str(int(retention)))
            for session_id, found in self._found.items()
        ]

    def _remembered(self, session_id: str) -> str | None:
        found = cast("bytes | None", self._redis.get(keys.older_id(self._account, session_id)))
        return found.decode() if found else None

    def _searched(self, session_id: str) -> str | None:
        """Look through all sessions that are on or due, once."""
        if not self._knows_all:
            places = (keys.open_sessions(self._account), keys.due(self._account))
            members = cast("list[bytes]", [one for place in places for one in self._redis.zrange(place, 0, -1)])
            tracked = ledger.tracked(self._redis, self._account, [member.decode() for member in members])
            self._known |= _by_older_id(tracked)
            self._knows_all = True
        return self._known.get(session_id)


def _by_older_id(tracked: Mapping[str, Tracked]) -> dict[str, str]:
    return {record.session.session_id: one for one, record in tracked.items() if record.session.session_id}


def session_of(record: CallLogRecord, by_older_id: Callable[[str], str | None]) -> str:
    """Name the session of a record: as it says itself, else the one we know by its older id, else that id.

    Conferences share the older id 0, which therefore says nothing.
    """
    if record.telephony_session_id:
        return record.telephony_session_id
    older_id = record.session_id
    if not older_id or older_id == "0":
        return record.id or "unknown"
    return by_older_id(older_id) or older_id


def joins(redis: "Redis", account: str, untold: Sequence[str], *, now: float) -> list[Command]:
    """Give the commands that give records to a call which was heard of only after they were found; often none.

    Such records wait, due, under their older id for the call that they may be of. Once it is known they are taken for
    no call of their own, and it is due, if it has ended.
    """
    waiting = {one: seen for one, seen in ledger.records(redis, account, untold).items() if _are_nameless(seen)}
    sessions = OlderIds(redis, account, {})
    found = {older_id: call for older_id in waiting if (call := sessions.session_of(older_id))}
    tracked = ledger.tracked(redis, account, list(found.values()))
    known = ledger.records(redis, account, list(found.values()))
    return [
        command
        for older_id, call in found.items()
        if call in tracked
        for command in _joined(account, older_id, tracked[call], (*waiting[older_id], *known.get(call, ())), now)
    ]


def _joined(
    account: str, older_id: str, call: Tracked, records: Sequence[CallLogRecord], now: float
) -> Iterator[Command]:
    one, began = call.session.id, call.session.started_at
    yield ledger.write_records(account, one, tuple({record.id: record for record in records}.values()))
    yield from ledger.listed(account, {one: began.timestamp() if began else call.heard_at})
    if call.ended_at is not None:
        yield ("ZADD", keys.due(account), "LT", f"{now:.3f}", one)
    yield ("DEL", keys.records(account, older_id))
    for name in (keys.due, keys.listed, keys.calls):
        yield ("ZREM", name(account), older_id)


def _are_nameless(records: Sequence[CallLogRecord]) -> bool:
    return not any(record.telephony_session_id for record in records)
