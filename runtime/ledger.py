"""The ledger: what is known of each session, in two records with one writer each.

Track writes what the notifications tell (`Tracked`), resolve writes what became of it (`Resolution`). Neither touches
the other's record, so the two stages of one account can run at the same time.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar, cast

import msgspec
from redis import Redis

from runtime import dense, keys
from runtime.leases import Command
from runtime.logs import log
from telephony.records import CallLogRecord
from telephony.sessions import Session


class State(StrEnum):
    """How far a call has come."""

    OPEN = "open"
    ENDED = "ended"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"


class Tracked(msgspec.Struct, frozen=True, array_like=True):
    """A session and when it was last heard of and taken as ended; seconds since 1970 by Redis's clock.

    `erased` marks one of which nothing shall be known any more, whatever is heard of it.
    """

    session: Session
    heard_at: float
    ended_at: float | None = None
    erased: bool = False

    @property
    def began_at(self) -> float:
        """When the call began, as far as its notifications tell. Seconds."""
        return self.session.started_at.timestamp() if self.session.started_at else self.heard_at


class Resolution(msgspec.Struct, frozen=True, array_like=True):
    """What was found out about a call after its end.

    `revision` is the last one published (0: only the end, if anything); `digest` tells whether the next one differs;
    `trigger` is what made us look at the call when its record was final for the first time.
    """

    state: State = State.ENDED
    revision: int = 0
    digest: bytes = b""
    record_seen_at: float | None = None
    trigger: str | None = None


_V1: Final = b"\x01"
_V2: Final = b"\x02"
"""First byte of every record: how the rest is encoded, so that a later version can tell.

1 is MessagePack, 2 the same made dense, as sessions at rest are. What an earlier release wrote is read on; what a
later one wrote is left alone, see `Loaded`.
"""

RECORDS_KEPT_SECONDS: Final = 1800

_TOGETHER: Final = 1000
"""Words of one command."""

_Record = TypeVar("_Record")
_TRACKED: Final = msgspec.msgpack.Decoder(Tracked)
_RESOLUTION: Final = msgspec.msgpack.Decoder(Resolution)
_RECORDS: Final = msgspec.msgpack.Decoder(tuple[CallLogRecord, ...])


class UnknownVersion(ValueError):
    """A record was written by a version of Legwork that this one does not know."""


class Loaded(dict[str, _Record]):
    """Records by the ids of their calls; the unknown ones are absent.

    `unreadable` are those that are there, written by a later version of Legwork or by nobody we know. Whoever decides
    about a call must leave these alone: to take them for unknown would be to forget what they say.
    """

    def __init__(self, records: Mapping[str, _Record], unreadable: frozenset[str]) -> None:
        super().__init__(records)
        self.unreadable = unreadable


def tracked(redis: Redis, account: str, ids: Sequence[str]) -> Loaded[Tracked]:
    """Load what the notifications told about these sessions."""
    return _load(redis, account, [keys.session(account, one) for one in ids], ids, _TRACKED)


def tracked_of(account: str, ids: Sequence[str], blobs: Sequence[bytes | None]) -> Loaded[Tracked]:
    """Read what is stored at the `keys.session` of these sessions."""
    return _read(account, ids, blobs, _TRACKED)


def fetched(redis: Redis, names: Sequence[str]) -> list[bytes | None]:
    """Fetch what is stored at each of these names, however many."""
    blobs: list[bytes | None] = []
    for at in range(0, len(names), _TOGETHER):
        blobs += cast("list[bytes | None]", redis.mget(names[at : at + _TOGETHER]))
    return blobs


def read_tracked(blob: bytes) -> Tracked:
    """Read what is stored at `keys.session`."""
    return _decode(blob, _TRACKED)


def resolutions(redis: Redis, account: str, ids: Sequence[str]) -> Loaded[Resolution]:
    """Load what became of these sessions; those never looked at are absent."""
    return _load(redis, account, [keys.resolution(account, one) for one in ids], ids, _RESOLUTION)


def records(redis: Redis, account: str, ids: Sequence[str]) -> Loaded[tuple[CallLogRecord, ...]]:
    """Load the call-log records of these sessions that were seen lately."""
    return _load(redis, account, [keys.records(account, one) for one in ids], ids, _RECORDS)


def all_of(
    redis: Redis, account: str, ids: Sequence[str], *, told: Sequence[str]
) -> tuple[Loaded[Tracked], Loaded[Resolution], Loaded[tuple[CallLogRecord, ...]]]:
    """Load, together, what the notifications `told` of sessions, and what became of `ids`, with their records."""
    names = [
        *(keys.session(account, one) for one in told),
        *(keys.resolution(account, one) for one in ids),
        *(keys.records(account, one) for one in ids),
    ]
    blobs = fetched(redis, names)
    records_at = len(told) + len(ids)
    return (
        _read(account, told, blobs[: len(told)], _TRACKED),
        _read(account, ids, blobs[len(told) : records_at], _RESOLUTION),
        _read(account, ids, blobs[records_at:], _RECORDS),
    )


def write_records(account: str, telephony_session_id: str, seen: tuple[CallLogRecord, ...]) -> Command:
    """Give the command that remembers records: a change feed shows each once, and perhaps before we can use it."""
    blob = _V1 + msgspec.msgpack.encode(seen)
    return ("SET", keys.records(account, telephony_session_id), blob, "EX", str(RECORDS_KEPT_SECONDS))


def known(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls, by when they began (seconds), in the list of all calls we know of."""
    return placed(keys.calls(account), began, "NX")


def listed(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls in the list of those that RingCentral's log has shown.

    Written from what its pages hold, whatever becomes of them here: the evidence that completeness is held against.
    """
    return placed(keys.listed(account), began, "NX")


def ringout_sessions(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls in the list of those that are RingOuts: few, among very many."""
    return placed(keys.ringout_sessions(account), began, "NX")


def placed(key: str, places: Mapping[str, float], *options: str) -> Iterable[Command]:
    """Give the commands that put calls in a sorted set, each in its place (seconds), with such options of ZADD."""
    rows = [word for one, place in places.items() for word in (f"{place:.3f}", one)]
    return [("ZADD", key, *options, *rows[at : at + _TOGETHER]) for at in range(0, len(rows), _TOGETHER)]


def write_tracked(account: str, record: Tracked, *, retention: float) -> Command:
    """Give the command that stores a tracked session for `retention` seconds.

    Dense, if it is to stay like this for a while; where more is heard within seconds, the room is not worth the work.
    """
    blob = msgspec.msgpack.encode(record)
    is_at_rest = record.ended_at is not None or record.session.is_at_rest
    blob = _V2 + dense.packed(blob) if is_at_rest else _V1 + blob
    return ("SET", keys.session(account, record.session.id), blob, "EX", str(int(retention)))


def write_resolution(account: str, session_id: str, record: Resolution, *, retention: float) -> Command:
    """Give the command that stores what became of a session for `retention` seconds."""
    blob = _V1 + msgspec.msgpack.encode(record)
    return ("SET", keys.resolution(account, session_id), blob, "EX", str(int(retention)))


def resolutions_of(account: str, ids: Sequence[str], blobs: Sequence[bytes | None]) -> Loaded[Resolution]:
    """Read what is stored at the `keys.resolution` of these sessions."""
    return _read(account, ids, blobs, _RESOLUTION)


def suppressed(account: str, telephony_session_id: str, because: str) -> Command:
    """Give the command that notes that nothing shall be told of a call that stays in the lists, and why."""
    return ("HSET", keys.suppressed(account), telephony_session_id, because)


def _load(
    redis: Redis, account: str, names: Sequence[str], ids: Sequence[str], decoder: msgspec.msgpack.Decoder[_Record]
) -> Loaded[_Record]:
    return _read(account, ids, fetched(redis, names), decoder)


def _read(
    account: str, ids: Sequence[str], blobs: Sequence[bytes | None], decoder: msgspec.msgpack.Decoder[_Record]
) -> Loaded[_Record]:
    found: dict[str, _Record] = {}
    unreadable: set[str] = set()
    for one, blob in zip(ids, blobs, strict=True):
        if blob is not None:
            try:
                found[one] = _decode(blob, decoder)
            except (UnknownVersion, msgspec.MsgspecError, zlib.error) as error:
                unreadable.add(one)
                log.error("ledger.unreadable", account=account, session=one, error=str(error))
    return Loaded(found, frozenset(unreadable))


def plain(blob: bytes) -> bytes | memoryview:
    """Give what a record holds as MessagePack, for whoever looks for something in it. Raises UnknownVersion."""
    version, rest = blob[:1], memoryview(blob)[1:]
    if version == _V2:
        return dense.unpacked(rest)
    if version == _V1:
        return rest
    raise UnknownVersion(f"a record begins with {version!r}")


def _decode(blob: bytes, decoder: msgspec.msgpack.Decoder[_Record]) -> _Record:
    return decoder.decode(plain(blob))
