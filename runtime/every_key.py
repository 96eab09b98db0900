"""Go over every key of ours, whatever package made it, and find or take out what matches.

For erasing a person: no list of keys has to be kept in step with what others store.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from redis import Redis

from runtime import keys, ledger, streams

PAGE: Final = 1000

KEPT: Final = frozenset({keys.DESTINATIONS})
"""What somebody configured: it is named, and left to them."""


_ONE_THING: Final = re.compile(r"legwork:\{[^}]*\}:replay:[^:]*")
"""Hashes that are one thing, which is taken out whole or not at all."""


_OF_LEDGER: Final = re.compile(r"legwork:\{[^}]*\}:(session|resolution|records):")


class Trace(msgspec.Struct, frozen=True):
    """A place where something was found: the key, which part (None: all), what is there, and what takes it out."""

    key: str
    part: bytes | None
    value: bytes
    how: str

    @property
    def kind(self) -> str:
        """Name what is kept there, without accounts and calls: `inbox`, `session`, `waiting`."""
        name, _, more = re.sub(r"^legwork:(\{[^}]*\}:)?", "", self.key).partition(":")
        return "index" if name == "calls" and more else name


def traces(redis: Redis, pattern: re.Pattern[bytes]) -> Iterator[Trace]:
    """Give every place that matches, in its value, in one of its parts, or in its name."""
    for raw in redis.scan_iter(match=f"{keys.PREFIX}*", count=PAGE):
        key = raw.decode()
        if key in KEPT:
            continue
        if pattern.search(raw):
            yield Trace(key, None, b"", "DEL")
            continue
        yield from (
            Trace(key, part, value, how)
            for part, value, how in _parts(redis, key)
            if pattern.search(value) or (part is not None and how != "XDEL" and pattern.search(part))
        )


def take_out(redis: Redis, found: Iterable[Trace]) -> None:
    """Take out what was found."""
    with redis.pipeline(transaction=False) as pipeline:
        for one in found:
            if one.how == "DEL":
                pipeline.delete(one.key)
            elif one.how == "LREM":
                pipeline.execute_command("LREM", one.key, 0, one.value)  # type: ignore[no-untyped-call]  # redis-py's
            else:
                pipeline.execute_command(one.how, one.key, one.part)  # type: ignore[no-untyped-call]  # redis-py's
        pipeline.execute()


def _parts(redis: Redis, key: str) -> Iterator[tuple[bytes | None, bytes, str]]:
    """Give the parts of a key with their values, and the command that takes one out."""
    kind = redis.type(key)
    rows: Any
    if kind == b"string":
        rows = redis.get(key)
        yield None, _plain(key, rows or b""), "DEL"
    elif kind == b"hash" and _ONE_THING.fullmatch(key):
        rows = redis.hgetall(key)
        yield None, b"\0".join(rows.values()), "DEL"
    elif kind == b"hash":
        yield from ((name, value, "HDEL") for name, value in redis.hscan_iter(key, count=PAGE))
    elif kind == b"zset":
        yield from ((member, member, "ZREM") for member, _ in redis.zscan_iter(key, count=PAGE))
    elif kind == b"set":
        yield from ((member, member, "SREM") for member in redis.sscan_iter(key, count=PAGE))
    elif kind == b"list":
        rows = redis.lrange(key, 0, -1)
        yield from ((None, value, "LREM") for value in rows)
    elif kind == b"stream":
        yield from ((place, b"\0".join(fields.values()), "XDEL") for place, fields in streams.entries(redis, key))


def _plain(key: str, value: bytes) -> bytes:
    """Give a record of the ledger as it was before it was made dense, in which a number is not seen."""
    if not _OF_LEDGER.match(key):
        return value
    try:
        return bytes(ledger.plain(value))
    except (ledger.UnknownVersion, zlib.error):
        return value
