"""Keep very many calls that are over: the first are committed, and what they leave is written again under other ids.

Copies go over one connection that waits for no answers: a tenth of a commit's time, and the same in Redis in the end.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final, cast

from msgspec import Struct
from redis import Redis

from runtime import keys, outcome_log, streams
from runtime.leases import Command, Word
from scripts.benchmarks.finished_calls import RETENTION, FinishedCalls, replaced

COMMITTED: Final = 2_000
SPAN_SECONDS: Final = 6 * 86400.0
_TOGETHER: Final = 200


class _Model(Struct, frozen=True):
    """What one call has left in Redis: by number, as its ids are made from that."""

    number: int
    resolution: bytes
    revisions: dict[bytes, bytes]
    entries: tuple[dict[bytes, bytes], ...]
    sets: tuple[bytes, ...]


def fill(
    redis: Redis, account: str, calls: FinishedCalls, most: int, *, now: float, committed: int = COMMITTED
) -> None:
    """Keep so many calls, which began evenly over days; the first, one of each kind at least, are committed."""
    began = [now - SPAN_SECONDS * (1 - number / most) for number in range(most)]
    calls.commit(redis, began[:committed])
    if most > committed:
        models = _models(redis, account, calls, range(committed - len(calls), committed))
        _copy(redis, account, calls, models, began)


def _models(redis: Redis, account: str, calls: FinishedCalls, numbers: range) -> list[_Model]:
    """Read what calls have left: one of each kind."""
    names = [calls.name(number) for number in numbers]
    sets: list[list[bytes]] = [[] for _ in numbers]
    for one in (keys.listed(account).encode(), *redis.scan_iter(match=f"{keys.calls(account)}*", count=10_000)):
        for place, score in enumerate(redis.zmscore(one, names)):
            if score is not None:
                sets[place].append(one)
    return [_read(redis, account, calls, number, tuple(joined)) for number, joined in zip(numbers, sets, strict=True)]


def _read(redis: Redis, account: str, calls: FinishedCalls, number: int, sets: tuple[bytes, ...]) -> _Model:
    name = calls.name(number)
    revisions = cast("dict[bytes, bytes]", redis.hgetall(keys.revisions(account, name)))
    places = sorted(place for field, place in revisions.items() if field.isdigit())
    entries = [cast("list[Any]", redis.xrange(keys.OUTCOMES, min=place, max=place))[0][1] for place in places]
    return _Model(
        number=number,
        resolution=cast("bytes", redis.get(keys.resolution(account, name))),
        revisions=revisions,
        entries=tuple(entries),
        sets=sets,
    )


def _copy(redis: Redis, account: str, calls: FinishedCalls, models: Sequence[_Model], began: Sequence[float]) -> None:
    """Write the rest, some at a time: each joins its sets with the others of its time."""
    milliseconds = streams.order(outcome_log.end(redis)[0])[0] + 1
    places = (f"{milliseconds}-{number}".encode() for number in count())
    connection: Any = redis.connection_pool.get_connection()
    connection.send_command("CLIENT", "REPLY", "OFF")
    copied = range(models[-1].number + 1, len(began))
    for first in range(copied.start, copied.stop, _TOGETHER):
        commands: list[Command] = []
        sets: defaultdict[bytes, list[Word]] = defaultdict(list)
        for number in range(first, min(first + _TOGETHER, copied.stop)):
            model = models[(number - copied.start) % len(models)]
            commands += [calls.session(number), *_copied(account, calls, model, number, places)]
            for name in model.sets:
                sets[name] += (f"{began[number]:.3f}", calls.name(number))
        commands += [("ZADD", name, *rows) for name, rows in sets.items()]
        connection.send_packed_command(connection.pack_commands(commands))
    connection.send_command("CLIENT", "REPLY", "ON")
    connection.read_response()
    redis.connection_pool.release(connection)


def _copied(
    account: str, calls: FinishedCalls, model: _Model, number: int, places: Iterator[bytes]
) -> Iterator[Command]:
    pairs = tuple(zip(calls.ids(model.number), calls.ids(number), strict=True))
    name, moved = calls.name(number), dict(model.revisions)
    for revision, entry in enumerate(model.entries):
        place = moved[str(revision).encode()] = next(places)
        fields = (word for field, value in entry.items() for word in (field, replaced(value, pairs)))
        yield ("XADD", keys.OUTCOMES, place, *fields)
    revisions = keys.revisions(account, name)
    yield ("HSET", revisions, *(word for pair in moved.items() for word in pair))
    yield ("EXPIRE", revisions, str(int(RETENTION)))
    yield ("SET", keys.resolution(account, name), model.resolution, "EX", str(int(RETENTION)))
