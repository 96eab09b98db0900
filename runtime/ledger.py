"""The ledger: what is known of each session, in two records with one writer each.

Track writes what the notifications tell (`Tracked`), resolve writes what became of it (`Resolution`). Neither touches
the other's record, so the two stages of one account can run at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.leases import Command
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
"""First byte of every record: how the rest is encoded, so that a later version can tell."""

RECORDS_KEPT_SECONDS: Final = 1800

_TOGETHER: Final = 1000
"""Words of one command."""

_Record = TypeVar("_Record", Tracked, Resolution, tuple[CallLogRecord, ...])
_TRACKED: Final = msgspec.msgpack.Decoder(Tracked)
_RESOLUTION: Final = msgspec.msgpack.Decoder(Resolution)
_RECORDS: Final = msgspec.msgpack.Decoder(tuple[CallLogRecord, ...])


class UnknownVersion(ValueError):  # noqa: N818 - named for what happened
    """A record was written by a version of Legwork that this one does not know."""


def tracked(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, Tracked]:
    """Load what the notifications told about these sessions; the unknown ones are absent."""
    return _load(redis, [keys.session(account, one) for one in ids], ids, _TRACKED)


def read_tracked(blob: bytes) -> Tracked:
    """Read what is stored at `keys.session`."""
    return _decode(blob, _TRACKED)


def resolutions(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, Resolution]:
    """Load what became of these sessions; those never looked at are absent."""
    return _load(redis, [keys.resolution(account, one) for one in ids], ids, _RESOLUTION)


def records(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, tuple[CallLogRecord, ...]]:
    """Load the call-log records of these sessions that were seen lately."""
    return _load(redis, [keys.records(account, one) for one in ids], ids, _RECORDS)


def write_records(account: str, telephony_session_id: str, seen: tuple[CallLogRecord, ...]) -> Command:
    """Give the command that remembers records: a change feed shows each once, and perhaps before we can use it."""
    blob = _V1 + msgspec.msgpack.encode(seen)
    return ("SET", keys.records(account, telephony_session_id), blob, "EX", str(RECORDS_KEPT_SECONDS))


def known(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls, by when they began (seconds), in the list of all calls we know of."""
    return _entered(keys.calls(account), began)


def listed(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls in the list of those that RingCentral's log has shown.

    Written from what its pages hold, whatever becomes of them here: the evidence that completeness is held against.
    """
    return _entered(keys.listed(account), began)


def ringout_sessions(account: str, began: Mapping[str, float]) -> Iterable[Command]:
    """Give the commands that enter calls in the list of those that are RingOuts: few, among very many."""
    return _entered(keys.ringout_sessions(account), began)


def _entered(key: str, began: Mapping[str, float]) -> Iterable[Command]:
    rows = [word for one, start in began.items() for word in (f"{start:.3f}", one)]
    return [("ZADD", key, "NX", *rows[at : at + _TOGETHER]) for at in range(0, len(rows), _TOGETHER)]


def write_tracked(account: str, record: Tracked, *, retention: float) -> Command:
    """Give the command that stores a tracked session for `retention` seconds."""
    return _write(keys.session(account, record.session.id), record, retention)


def write_resolution(account: str, session_id: str, record: Resolution, *, retention: float) -> Command:
    """Give the command that stores what became of a session for `retention` seconds."""
    return _write(keys.resolution(account, session_id), record, retention)


def decode_resolution(blob: bytes) -> Resolution:
    """Read a stored resolution."""
    return _decode(blob, _RESOLUTION)


def suppressed(account: str, telephony_session_id: str, because: str) -> Command:
    """Give the command that notes that nothing shall be told of a call that stays in the lists, and why."""
    return ("HSET", keys.suppressed(account), telephony_session_id, because)


def _write(key: str, record: Tracked | Resolution, retention: float) -> Command:
    return ("SET", key, _V1 + msgspec.msgpack.encode(record), "EX", str(int(retention)))


def _load(
    redis: "Redis", names: Sequence[str], ids: Iterable[str], decoder: msgspec.msgpack.Decoder[_Record]
) -> dict[str, _Record]:
    if not names:
        return {}
    blobs = cast("list[bytes | None]", redis.mget(names))
    return {one: _decode(blob, decoder) for one, blob in zip(ids, blobs, strict=True) if blob is not None}


def _decode(blob: bytes, decoder: msgspec.msgpack.Decoder[_Record]) -> _Record:
    if not blob.startswith(_V1):
        raise UnknownVersion(f"a record begins with {blob[:1]!r}")
    return decoder.decode(memoryview(blob)[1:])
