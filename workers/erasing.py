"""Erase a person: every call they took part in, everywhere, so that only the counts are left.

A call is the unit: of one in which the person took part nothing is kept but its id, when it began and that it was
erased, so that the completeness ledger still adds up and nothing is told of it again, though RingCentral's call log may
show it for years. What is the stages' is taken out under their leases; all else by going over every key there is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from redis import Redis

from runtime import keys, ledger
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.every_key import Trace, take_out, traces
from runtime.leases import Command
from runtime.ledger import Tracked
from runtime.outcome_log import event_of, newest_first
from telephony import events
from telephony.notifications import named_in
from telephony.sessions import Session
from telephony.traces import FEWEST_DIGITS, of_ids, of_number
from workers.replaying.borrowed import borrowed
from workers.stopping import Stopping

TOGETHER: Final = 100
"""Calls erased in one atomic step."""

BECAUSE: Final = "erased"
_CALL_IN_KEY: Final = re.compile(r"legwork:\{([^}]*)\}:(?:session|records|revisions):(.+)")
_BODIES: Final = re.compile(r"legwork:\{([^}]*)\}:(?:inbox|quarantine)")
_RINGOUT: Final = re.compile(r"legwork:\{([^}]*)\}:ringout:(.+)")
_LINKS: Final = re.compile(r"legwork:\{([^}]*)\}:links:(.+)")
_OF_MANY: Final = re.compile(r"legwork:\{[^}]*\}:(?:comparisons|replay:[^:]+)")
"""Comparisons and replays, which are of other calls as well, and may be on: of an erased one they name the id."""
_COUNTED: Final = frozenset({"calls", "listed", "suppressed", "audited"})
"""Lists that hold an erased call's id on: it is counted."""


class Erased(msgspec.Struct, frozen=True, rename="camel"):
    """What was erased, or would be: the calls, places by their kind, and destinations whose filters name the person."""

    calls: int
    places: dict[str, int]
    filters: tuple[str, ...]


class UnknownExtension(ValueError):
    """No event that is kept names an extension with this number, so its id is not known."""


class Person(msgspec.Struct, frozen=True):
    """Somebody: what finds their traces, and the ids of their extension where it was named by its number."""

    pattern: re.Pattern[bytes]
    extension_ids: tuple[str, ...] = ()


def person(redis: Redis, *, number: str | None, extension: str | None) -> Person:
    """Find somebody by number or by an extension's id or number. Raises TooShort, UnknownExtension."""
    if number is not None:
        return Person(of_number(number))
    wanted = extension or ""
    ids = {one for data in _published(redis) for one in _ids_of(data, wanted)}
    known = sorted({*ids, *((wanted,) if len(wanted) >= FEWEST_DIGITS else ())})
    if not known:
        raise UnknownExtension(f"no event that is kept names an extension {wanted!r}: give its id")
    return Person(of_ids(tuple(known)), tuple(sorted(ids)))


def erase(
    redis: Redis,
    pattern: re.Pattern[bytes],
    *,
    retention: float,
    dry_run: bool,
    stopping: Stopping | None = None,
) -> Erased:
    """Erase everybody's calls that `pattern` is found in. What is killed is simply begun anew: it finds the rest."""
    stopping = stopping or Stopping()
    found = [one for one in traces(redis, pattern) if one.kind not in _COUNTED]
    calls = {account: sorted(ids) for account, ids in _calls(redis, found).items()}
    every = [one for ids in calls.values() for one in ids]
    places = dict.fromkeys((*found, *_of_calls(redis, every)))
    if not dry_run:
        for account, ids in calls.items():
            _of_stages(redis, account, ids, retention=retention, stopping=stopping)
        _of_destinations(redis, every, stopping)
        gone = places | dict.fromkeys(_of_calls(redis, every))  # a sweep may just have told of them
        # What names the person goes last: by it whoever begins anew finds the calls.
        left = [one for one in sorted(gone, key=set(found).__contains__) if not _is_of_stages(one)]
        _of_ringouts(redis, left, stopping)
        for start in range(0, len(left), TOGETHER):
            take_out(redis, left[start : start + TOGETHER])
    counts = Counter(one.kind for one in places)
    return Erased(len(every), dict(sorted(counts.items())), tuple(_filters(redis, pattern)))


def _calls(redis: Redis, found: Iterable[Trace]) -> Mapping[str, set[str]]:
    """Give the calls that have traces, by their accounts: those that the settings name no more are among them."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        if named := _CALL_IN_KEY.fullmatch(one.key):
            ids[named[1]].add(named[2])
        elif named := _BODIES.fullmatch(one.key):
            ids[named[1]].update(each.decode() for each in named_in(one.value))
        elif one.key == keys.OUTCOMES:
            for account, call in _told_at(redis, one):
                ids[account].add(call)
    return ids


def _told_at(redis: Redis, one: Trace) -> Iterator[tuple[str, str]]:
    """Give the account and the call of which the event at a place of the outcome log tells, if it is there still."""
    place: Any = one.part
    rows: Any = redis.xrange(keys.OUTCOMES, min=place, max=place)
    return ((fields[b"account"].decode(), fields[b"subject"].decode()) for _, fields in rows)


def _of_calls(redis: Redis, ids: Sequence[str]) -> Iterator[Trace]:
    """Give the traces of the calls themselves. What is kept of others of their conversations names them, and stays.

    So does what counts them.
    """
    erased = frozenset(ids)
    for one in traces(redis, _naming(ids)) if ids else ():
        named = _LINKS.fullmatch(one.key)
        of_another = named[2] not in erased if named else bool(_OF_MANY.fullmatch(one.key))
        if one.key == keys.OUTCOMES:
            of_another = erased.isdisjoint(call for _, call in _told_at(redis, one))
        if not of_another and one.kind not in _COUNTED:
            yield one


def _naming(ids: Sequence[str]) -> re.Pattern[bytes]:
    """Give what finds the calls themselves."""
    return re.compile(
        rb"(?<![0-9A-Za-z])(?:" + rb"|".join(re.escape(one.encode()) for one in ids) + rb")(?![0-9A-Za-z])"
    )


def _is_of_stages(one: Trace) -> bool:
    """Say whether a trace is gone with what was taken out under a lease, or is a mark that shall stay."""
    return one.kind == "session"


def _of_stages(redis: Redis, account: str, ids: Sequence[str], *, retention: float, stopping: Stopping) -> None:
    """Put an empty mark in the place of each session, then take out what resolve keeps of it; each by its own lease.

    The mark is first: a sweep that is on may judge a call by what it read before, and is waited for.
    """
    for start in range(0, len(ids), TOGETHER):
        together = ids[start : start + TOGETHER]
        with borrowed(redis, account, Stage.TRACK, stopping) as held:
            now = redis_time(redis)
            held.commit([command for one in together for command in _marked(account, one, now, retention)])
        with borrowed(redis, account, Stage.RESOLVE, stopping) as held:
            held.commit([command for one in together for command in _taken_out(account, one, now)])


def _marked(account: str, one: str, now: float, retention: float) -> Iterator[Command]:
    """Have track pass over whatever is heard of a call from now on, and resolve over whatever its records say.

    That nothing is told of it is noted with the mark: who is killed between the stages leaves no call unexplained.
    """
    yield ledger.suppressed(account, one, BECAUSE)
    yield ledger.write_tracked(account, Tracked(Session(one), now, now, erased=True), retention=retention)
    yield from (("ZREM", key, one) for key in (keys.quiet(account), keys.open_sessions(account)))


def _taken_out(account: str, one: str, now: float) -> Iterator[Command]:
    yield ("ZADD", keys.calls(account), "NX", f"{now:.3f}", one)
    yield (
        "DEL",
        keys.resolution(account, one),
        keys.records(account, one),
        keys.links(account, one),
        keys.revisions(account, one),
        keys.attempts_of_call(account, one),
    )
    yield ("ZREM", keys.due(account), one)


def _of_destinations(redis: Redis, calls: Sequence[str], stopping: Stopping) -> None:
    """Take out what waits for destinations, while none of their runners has it in hand."""
    for destination in destinations.ids(redis) if calls else ():
        with borrowed(redis, destination, Stage.DELIVER, stopping) as held:
            for start in range(0, len(calls), TOGETHER):
                together = calls[start : start + TOGETHER]
                held.commit(
                    [
                        ("HDEL", keys.waiting(destination), *together),
                        ("ZREM", keys.retries(destination), *together),
                        ("DEL", *(keys.delivered(destination, one) for one in together)),
                    ]
                )


def _of_ringouts(redis: Redis, found: Iterable[Trace], stopping: Stopping) -> None:
    """Take out RingOuts while nobody follows them: who does writes down anew what was read before RingCentral spoke."""
    keys_of: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        if named := _RINGOUT.fullmatch(one.key):
            keys_of[named[1]].append(one.key)
    for account, names in keys_of.items():
        with borrowed(redis, account, Stage.RINGOUT, stopping) as held:
            for start in range(0, len(names), TOGETHER):
                held.commit([("DEL", *names[start : start + TOGETHER])])


def _filters(redis: Redis, pattern: re.Pattern[bytes]) -> Iterator[str]:
    """Name the destinations whose filters hold the person."""
    found: Mapping[Any, Any] = redis.hgetall(keys.DESTINATIONS)
    return (one.decode() for one, text in found.items() if pattern.search(text))


def _published(redis: Redis) -> Iterator[events.CallData]:
    found = (event_of(entry.document) for entry in newest_first(redis))
    return (event.data for event in found if event is not None)


def _ids_of(data: events.CallData, extension: str) -> Iterator[str]:
    """Give the id of the extension with this number, where an end of the call tells both."""
    return (end.extension_id for end in data.ends if end.extension_id and end.extension_number == extension)
