"""Calls, found by what people know of them: newest first, page by page.

The smallest of the sets that could have all the calls asked for is walked; whether a call is in the others too is asked
for many at a time. What is shown of a call is read from the ledger and from its newest event, for one page at once.
"""

import base64
import heapq
import math
from bisect import insort
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.showing import call_filter, call_rows
from runtime.showing.call_filter import Condition, Filter
from runtime.showing.call_rows import Row
from runtime.streams import Page

_SMALLEST_PAGE: Final = 100
_LARGEST_PAGE: Final = 2000


class BadCursor(ValueError):
    """A cursor that no answer of ours gave."""


class _Hit(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A call's place among all calls: by its start, then by its id, then by the account, for two may know it."""

    start: float
    call: str
    account: str = ""


def search(
    redis: Redis, accounts: Sequence[str], asked: Filter, *, after: str | None = None, limit: int = 100
) -> Page[Row]:
    """Find calls of these accounts. Raises BadCursor where `after` is not the `next` of a page."""
    before = _read_cursor(after) if after else None
    hits = _of_all(redis, accounts, asked, before)
    shown: list[tuple[_Hit, Row]] = []
    while some := list(islice(hits, limit + 1 - len(shown))):
        rows = call_rows.read(redis, [(hit.account, hit.call) for hit in some])
        shown += [(hit, row) for hit, row in zip(some, rows, strict=True) if row is not None]
    following = _cursor(shown[limit - 1][0]) if len(shown) > limit else None
    return Page(tuple(row for _, row in shown[:limit]), following)


def accounts_of(redis: Redis, accounts: Sequence[str], telephony_session_id: str) -> list[str]:
    """Say which of these accounts know a call: two may, that are two users of one company, each as its user saw it."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.exists(keys.session(account, telephony_session_id), keys.revisions(account, telephony_session_id))
        return [account for account, there in zip(accounts, pipeline.execute(), strict=True) if there]


def _of_all(redis: Redis, accounts: Sequence[str], asked: Filter, before: _Hit | None) -> Iterator[_Hit]:
    """Walk all accounts together, the newest call first; one is begun when its newest call may be next.

    So most of very many accounts are asked for nothing but that: a page is full before it is their turn.
    """
    walked: list[tuple[_Hit, Iterator[_Hit]]] = []

    def go_on(hits: Iterator[_Hit]) -> None:
        if (following := next(hits, None)) is not None:
            insort(walked, (following, hits), key=itemgetter(0))

    for start, account in _newest(redis, accounts, asked, before):
        while walked and walked[-1][0].start > start:
            hit, hits = walked.pop()
            yield hit
            go_on(hits)
        go_on(_Walk(redis, account, asked, before).hits())
    while walked:
        hit, hits = walked.pop()
        yield hit
        go_on(hits)


def _newest(redis: Redis, accounts: Sequence[str], asked: Filter, before: _Hit | None) -> Sequence[tuple[float, str]]:
    """Say of each account that may have what is asked for when its newest call began at the latest, newest first.

    The sets may differ by a moment about when a call began, and any of them may be walked: the latest of them counts.
    """
    if len(accounts) == 1:
        return [(math.inf, accounts[0])]
    until = _until(asked, before)
    groups = {account: tuple(call_filter.needed(account, asked)) for account in accounts}
    with redis.pipeline(transaction=False) as pipeline:
        for account, needed in groups.items():
            for name in (keys.calls(account), *chain(*needed)):
                pipeline.zrange(name, until, "-inf", desc=True, byscore=True, offset=0, num=1, withscores=True)
            for name in chain(*needed):
                pipeline.zcard(name)
        answers = iter(pipeline.execute())
    found = []
    for account, needed in groups.items():
        starts = [start for rows in islice(answers, 1 + sum(map(len, needed))) for _, start in rows]
        sizes = [sum(islice(answers, len(group))) for group in needed]
        if starts and all(sizes):
            found.append((max(starts), account))
    return sorted(found, reverse=True)


def _until(asked: Filter, before: _Hit | None) -> str:
    """Say when the newest call that is asked for may have begun."""
    tops = [top for top in (asked.until, before.start if before else None) if top is not None]
    return f"{min(tops):.3f}" if tops else "+inf"


class _Walk:
    """One search in one account."""

    def __init__(self, redis: Redis, account: str, asked: Filter, before: _Hit | None) -> None:
        self._redis = redis
        self._account = account
        self._all = keys.calls(account)
        self._asked = asked
        self._before = before
        self._since = "-inf" if asked.since is None else f"{asked.since:.3f}"
        self._until = _until(asked, before)

    def hits(self) -> Iterator[_Hit]:
        """Give the calls that meet every condition, newest first."""
        conditions = list(call_filter.conditions(self._redis, self._account, self._asked))
        walked = self._smallest(conditions)
        others = [condition for condition in conditions if condition is not walked]
        if walked.calls is None and walked.sets != (self._all,):  # a set may still have what is no longer kept
            others.append(Condition((self._all,)))
        candidates = self._candidates(walked)
        size = _SMALLEST_PAGE
        while page := list(islice(candidates, size)):
            yield from self._meeting(page, others)
            size = min(2 * size, _LARGEST_PAGE)

    def _smallest(self, conditions: Sequence[Condition]) -> Condition:
        """Choose what is walked: the condition that the fewest calls meet."""
        walkable = [Condition((self._all,)), *(one for one in conditions if not one.excluded)]
        with self._redis.pipeline(transaction=False) as pipeline:
            for one in walkable:
                for name in one.sets:
                    pipeline.zcount(name, self._since, self._until)
            counts = iter(pipeline.execute())
        sizes = [len(one.calls) if one.calls is not None else sum(islice(counts, len(one.sets))) for one in walkable]
        return walkable[sizes.index(min(sizes))]

    def _candidates(self, walked: Condition) -> Iterator[_Hit]:
        if walked.calls is not None:
            return self._given(walked.calls)
        return _once(heapq.merge(*(self._of_set(name) for name in walked.sets), reverse=True))

    def _of_set(self, name: str) -> Iterator[_Hit]:
        """Walk a sorted set backwards, by rank: a call that joins meanwhile is newer and shifts what is left."""
        place = 0 if self._until == "+inf" else self._redis.zcount(name, f"({self._until}", "+inf")
        size = _SMALLEST_PAGE
        while True:
            answer = self._redis.zrange(name, place, place + size - 1, desc=True, withscores=True)
            rows = cast("list[tuple[bytes, float]]", answer)
            for member, start in rows:
                if self._asked.since is not None and start < self._asked.since:
                    return
                hit = _Hit(start, member.decode(), self._account)
                if self._before is None or hit < self._before:
                    yield hit
            if len(rows) < size:
                return
            place, size = place + size, min(2 * size, _LARGEST_PAGE)

    def _given(self, calls: frozenset[str]) -> Iterator[_Hit]:
        """Put calls that stand in no set of ours in order."""
        ids = sorted(calls)
        starts = self._redis.zmscore(self._all, ids) if ids else []
        low, high = float(self._since), float(self._until)
        hits = (_Hit(start, one, self._account) for one, start in zip(ids, starts, strict=True) if start is not None)
        yield from sorted(
            (hit for hit in hits if low <= hit.start <= high and (self._before is None or hit < self._before)),
            reverse=True,
        )

    def _meeting(self, page: Sequence[_Hit], conditions: Sequence[Condition]) -> Iterator[_Hit]:
        """Give those of a page that meet the conditions."""
        ids = [hit.call for hit in page]
        with self._redis.pipeline(transaction=False) as pipeline:
            for condition in conditions:
                for name in condition.sets:
                    pipeline.zmscore(name, ids)
            answers = iter(pipeline.execute())
        met = [True] * len(page)
        for condition in conditions:
            columns = list(islice(answers, len(condition.sets)))
            for at, one in enumerate(ids):
                within = (
                    one in condition.calls if condition.calls is not None else any(c[at] is not None for c in columns)
                )
                met[at] = met[at] and within is not condition.excluded
        return (hit for hit, passes in zip(page, met, strict=True) if passes)


def _once(hits: Iterator[_Hit]) -> Iterator[_Hit]:
    """Leave out what comes twice in a row: a call may be in several of the sets walked together."""
    last = None
    for hit in hits:
        if hit != last:
            yield hit
        last = hit


def _cursor(hit: _Hit) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(hit)).decode().rstrip("=")


def _read_cursor(text: str) -> _Hit:
    try:
        hit = msgspec.msgpack.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), type=_Hit)
    except ValueError as error:
        raise BadCursor(text) from error
    if not math.isfinite(hit.start):
        raise BadCursor(text)
    return hit
