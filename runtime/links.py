"""The links between an account's telephony sessions, as they were found.

Each end has its own list, to which whoever finds a link appends it, in the same commit as what it found it in: track,
or resolve. Lists only grow and are read as sets, so it does not matter who was first. Only a link by the evidence of a
RingOut may turn out to be a guess: another line then withdraws it, and resolve alone writes both. Most sessions have no
list; finding that costs a part of one MGET.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.leases import Command
from telephony.linking import Link

PAUSE_SECONDS: Final = 9.0
"""How long a change waits at most until its conversation is judged anew; a busy account's next sweep does it earlier.

Most sessions that are linked have no outcome yet, which will say it: a bell for each would find nothing to do.
"""

MOST_BYTES: Final = 64 * 1024
"""Of a session's list: more than that of any conversation. Of one with so many links the rest is not remembered."""

_LINE: Final = b"\n"


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """A line: a link, and whether it holds from then on."""

    first: str
    then: str
    rule: str
    holds: bool = True


_DECODER: Final = msgspec.json.Decoder(_Written)


def found(account: str, new: Iterable[Link], *, now: float, retention: float) -> list[Command]:
    """Give the commands that remember new links, and have their conversations judged anew."""
    commands: list[Command] = []
    for one in sorted(set(new)):
        line, lives = msgspec.json.encode(one) + _LINE, str(int(retention))
        commands += [("LINKED", key, line, lives, str(MOST_BYTES)) for key in _lists(account, one)]
        commands += changed(account, one.first, now=now)
    return commands


def withdrawn(account: str, gone: Iterable[Link], *, now: float, retention: float) -> list[Command]:
    """Give the commands that withdraw links, and have what is left of their conversations judged anew."""
    commands: list[Command] = []
    for one in sorted(set(gone)):
        line = msgspec.json.encode(_Written(one.first, one.then, one.rule, holds=False)) + _LINE
        for key in _lists(account, one):
            commands += [("APPEND", key, line), ("EXPIRE", key, str(int(retention)))]
        commands += [command for end in (one.first, one.then) for command in changed(account, end, now=now)]
    return commands


def changed(account: str, telephony_session_id: str, *, now: float) -> list[Command]:
    """Give the commands that have the conversation of a session judged anew: a link, or when one began, has changed."""
    return [
        ("ZADD", keys.relinked(account), repr(now), telephony_session_id),
        bells.due_at(Stage.RESOLVE, account, now + PAUSE_SECONDS),
    ]


def waiting(redis: Redis, account: str, now: float, *, most: int) -> dict[str, float]:
    """List the sessions whose conversations are to be judged anew, with their places in the list."""
    rows: Any = redis.zrange(keys.relinked(account), "-inf", now, byscore=True, offset=0, num=most, withscores=True)
    return {member.decode(): float(score) for member, score in rows}


def done(account: str, judged: dict[str, float]) -> list[Command]:
    """Give the commands that strike off what was judged, unless it has changed again since."""
    return [("MOVE", keys.relinked(account), one, repr(score), "") for one, score in judged.items()]


def put_aside(account: str, telephony_session_id: str, *, until: float) -> Command:
    """Give the command that has the conversation of a session judged anew later, unless it has changed since."""
    return ("ZADD", keys.relinked(account), "NX", repr(until), telephony_session_id)


def load(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, frozenset[Link]]:
    """Load the links of these sessions; those that have none are absent."""
    if not ids:
        return {}
    return read(ids, cast("list[bytes | None]", redis.mget([keys.links(account, one) for one in ids])))


def read(ids: Sequence[str], blobs: Sequence[bytes | None]) -> dict[str, frozenset[Link]]:
    """Read the lists of these sessions as they are stored."""
    return {one: _read(blob) for one, blob in zip(ids, blobs, strict=True) if blob is not None}


def _read(blob: bytes) -> frozenset[Link]:
    written = (_DECODER.decode(line) for line in blob.split(_LINE) if line)
    last = {Link(one.first, one.then, one.rule): one.holds for one in written}
    return frozenset(one for one, holds in last.items() if holds)


def _lists(account: str, one: Link) -> list[str]:
    return [keys.links(account, end) for end in (one.first, one.then)]
