"""Find the session of a record that names none: only the numeric `sessionId`, which every session has besides.

Such records may come when their call is on, due, or resolved long ago. That is looked up only for them, and what was
found is remembered, so that they cost nobody else anything. Sessions may share a `sessionId`: a record that fits two of
them is given to neither, unless it was given to one while that was the only one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, ledger
from runtime.leases import Command
from runtime.ledger import Tracked
from telephony.notifications import CONFERENCE_SESSION_ID
from telephony.records import CallLogRecord, newest_of_each


class Bearers(msgspec.Struct):
    """The sessions that were ever found with one older id, and the records given to one of them, by their ids."""

    sessions: set[str] = msgspec.field(default_factory=set)
    given: dict[str, str] = msgspec.field(default_factory=dict)


_DECODER: Final = msgspec.json.Decoder(Bearers)


class OlderIds:
    """The sessions of one account by their older ids; `tracked` are those at hand."""

    def __init__(self, redis: Redis, account: str, tracked: Mapping[str, Tracked]) -> None:
        self._redis = redis
        self._account = account
        self._at_hand = tracked
        self._all: dict[str, set[str]] | None = None
        self._found: dict[str, Bearers] = {}

    def session_of(self, record: CallLogRecord) -> str | None:
        """Give the one telephony session with the older id of a record; None when we know none, or several."""
        older_id = record.session_id
        if not older_id or older_id == CONFERENCE_SESSION_ID:
            return None
        bearers = self._found.get(older_id) or self._bearers(older_id)
        given = bearers.given.get(record.id or "")
        if given is None and len(bearers.sessions) == 1:
            (given,) = bearers.sessions
            if record.id:
                bearers.given[record.id] = given
        if bearers.sessions:
            self._found[older_id] = bearers
        return given

    def remember(self, *, retention: float) -> list[Command]:
        """Give the commands that keep what was found for as long as the sessions are kept."""
        return [
            ("SET", keys.older_id(self._account, one), msgspec.json.encode(bearers), "EX", str(int(retention)))
            for one, bearers in self._found.items()
        ]

    def _bearers(self, older_id: str) -> Bearers:
        """Put together who ever had this id as far as we remember, and who has it now."""
        blob = cast("bytes | None", self._redis.get(keys.older_id(self._account, older_id)))
        bearers = _read(blob) if blob else Bearers()
        bearers.sessions |= self._now().get(older_id, set())
        return bearers

    def _now(self) -> Mapping[str, set[str]]:
        """Look through all sessions that are on or due, once: those at hand do not tell who else has the same id."""
        if self._all is None:
            places = (keys.open_sessions(self._account), keys.due(self._account))
            members = cast("list[bytes]", [one for place in places for one in self._redis.zrange(place, 0, -1)])
            others = {member.decode() for member in members} - self._at_hand.keys()
            tracked = {**self._at_hand, **ledger.tracked(self._redis, self._account, sorted(others))}
            self._all = {}
            for one, known in tracked.items():
                self._all.setdefault(known.session.session_id or "", set()).add(one)
        return self._all


def _read(blob: bytes) -> Bearers:
    """Read who had an older id; an earlier Legwork wrote the id of the one session it had found."""
    return _DECODER.decode(blob) if blob.startswith(b"{") else Bearers({blob.decode()})


def session_of(record: CallLogRecord, by_older_id: Callable[[CallLogRecord], str | None]) -> str:
    """Name the session of a record: as it says itself, else the one we know by its older id, else that id.

    Conferences share the older id 0, which therefore says nothing.
    """
    if record.telephony_session_id:
        return record.telephony_session_id
    if not record.session_id or record.session_id == CONFERENCE_SESSION_ID:
        return record.id or "unknown"
    return by_older_id(record) or record.session_id


def joins(redis: Redis, account: str, untold: Sequence[str], *, now: float) -> list[Command]:
    """Give the commands that give records to a call which was heard of only after they were found; often none.

    Such records wait, due, under their older id for the call that they may be of. Once it is known they are taken for
    no call of their own, and it is due, if it has ended.
    """
    waiting = {one: seen for one, seen in ledger.records(redis, account, untold).items() if _are_nameless(seen)}
    sessions = OlderIds(redis, account, {})
    found = {older_id: call for older_id, seen in waiting.items() if (call := sessions.session_of(seen[0]))}
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
    one = call.session.id
    yield ledger.write_records(account, one, newest_of_each(records))
    yield from ledger.listed(account, {one: call.began_at})
    if call.ended_at is not None:
        yield ("ZADD", keys.due(account), "LT", f"{now:.3f}", one)
    yield ("DEL", keys.records(account, older_id))
    for name in (keys.due, keys.listed, keys.calls):
        yield ("ZREM", name(account), older_id)


def _are_nameless(records: Sequence[CallLogRecord]) -> bool:
    return bool(records) and not any(record.telephony_session_id for record in records)
