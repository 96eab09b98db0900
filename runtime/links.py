"""The links between an account's telephony sessions, as they were found.

Each end has its own list, to which whoever finds a link appends it, in the same commit as what it found it in: track,
resolve, or who follows a RingOut. Lists only grow and are read as sets, so it does not matter who was first. Most
sessions have none; finding that costs a part of one MGET.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.leases import Command
from telephony.linking import Link

_DECODER: Final = msgspec.json.Decoder(Link)
_LINE: Final = b"\n"


def found(account: str, new: Iterable[Link], *, now: float, retention: float) -> list[Command]:
    """Give the commands that remember new links, and have their conversations judged anew."""
    commands: list[Command] = []
    for one in sorted(set(new)):
        line = msgspec.json.encode(one) + _LINE
        for end in (one.first, one.then):
            key = keys.links(account, end)
            commands += [("APPEND", key, line), ("EXPIRE", key, str(int(retention)))]
        commands += changed(account, one.first, now=now)
    return commands


def changed(account: str, telephony_session_id: str, *, now: float) -> list[Command]:
    """Give the commands that have the conversation of a session judged anew: a link, or when one began, has changed."""
    return [
        ("ZADD", keys.relinked(account), repr(now), telephony_session_id),
        bells.due_at(Stage.RESOLVE, account, now),
    ]


def waiting(redis: "Redis", account: str, now: float, *, most: int) -> dict[str, float]:
    """List the sessions whose conversations are to be judged anew, with their places in the list."""
    rows: Any = redis.zrange(keys.relinked(account), "-inf", now, byscore=True, offset=0, num=most, withscores=True)
    return {member.decode(): float(score) for member, score in rows}


def next_time(redis: "Redis", account: str) -> float | None:
    """Say when the next conversation is to be judged anew."""
    first: Any = redis.zrange(keys.relinked(account), 0, 0, withscores=True)
    return float(first[0][1]) if first else None


def done(account: str, judged: dict[str, float]) -> list[Command]:
    """Give the commands that strike off what was judged, unless it has changed again since."""
    return [("MOVE", keys.relinked(account), one, repr(score), "") for one, score in judged.items()]


def load(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, frozenset[Link]]:
    """Load the links of these sessions; those that have none are absent."""
    if not ids:
        return {}
    return read(ids, cast("list[bytes | None]", redis.mget([keys.links(account, one) for one in ids])))


def read(ids: Sequence[str], blobs: Sequence[bytes | None]) -> dict[str, frozenset[Link]]:
    """Read the lists of these sessions as they are stored."""
    return {one: _read(blob) for one, blob in zip(ids, blobs, strict=True) if blob is not None}


def _read(blob: bytes) -> frozenset[Link]:
    return frozenset(_DECODER.decode(line) for line in blob.split(_LINE) if line)
