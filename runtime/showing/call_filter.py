"""What is asked for of calls, and the sets in the index that tell which calls meet it."""

from collections.abc import Iterator
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.deliveries import waiting_calls
from runtime.deliveries.waiting_calls import Trouble
from runtime.ledger import State
from telephony import search_terms
from telephony.search_terms import ENDED, UNRESOLVED, Kind

_PASSING: Final = {State.ENDED: ENDED, State.UNRESOLVED: UNRESOLVED}
"""States that a call leaves again, and the terms of their sets."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; None is anything. `number` in any spelling, `since` and `until` seconds of its start.

    `extension` is an id or a number. `delivery` asks for calls that have events waiting for a destination, or dead
    letters. Only `calls` are looked at where they are given.
    """

    number: str | None = None
    extension: str | None = None
    outcome: str | None = None
    direction: str | None = None
    state: State | None = None
    since: float | None = None
    until: float | None = None
    delivery: Trouble | None = None
    calls: frozenset[str] | None = None


class Condition(msgspec.Struct, frozen=True):
    """A call must be in one of these sets, or with `excluded` in none. `calls` are given where no set has them."""

    sets: tuple[str, ...] = ()
    excluded: bool = False
    calls: frozenset[str] | None = None


def conditions(redis: Redis, account: str, asked: Filter) -> Iterator[Condition]:
    """Give what a call of `account` must meet, but for the time of its start."""
    yield from map(Condition, _indexed(account, asked))
    if asked.state is not None:
        yield from _of_state(redis, account, asked.state)
    if asked.delivery is not None:
        yield Condition(calls=waiting_calls.calls(redis, asked.delivery))
    if asked.calls is not None:
        yield Condition(calls=asked.calls)


def needed(account: str, asked: Filter) -> Iterator[tuple[str, ...]]:
    """Give sets of which one each must hold something where any call of `account` is to be found."""
    yield from _indexed(account, asked)
    if asked.state is State.OPEN:
        yield (keys.open_sessions(account),)
    elif asked.state in _PASSING:
        yield (keys.calls_by(account, *_PASSING[asked.state]),)


def _indexed(account: str, asked: Filter) -> Iterator[tuple[str, ...]]:
    """Give, for each thing asked for that calls are found by, the sets of which a call must be in one."""

    def sets(kind: Kind, *values: str) -> tuple[str, ...]:
        return tuple(keys.calls_by(account, kind, value) for value in values)

    if asked.number is not None:
        yield sets(Kind.NUMBER, *search_terms.spellings(asked.number))
    if asked.extension is not None:
        yield sets(Kind.EXTENSION, asked.extension)
    if asked.outcome is not None:
        yield sets(Kind.OUTCOME, asked.outcome)
    if asked.direction is not None:
        yield sets(Kind.DIRECTION, asked.direction)


def _of_state(redis: Redis, account: str, state: State) -> Iterator[Condition]:
    """Say how a state is told: those that pass have a set, and whatever is in none of them is resolved.

    A call that goes on again is open only, and still in the set of what it was before.
    """
    still_open, ended = keys.open_sessions(account), keys.calls_by(account, *ENDED)
    unresolved = keys.calls_by(account, *UNRESOLVED)
    if state is State.OPEN:
        ids = cast("list[bytes]", redis.zrange(still_open, 0, -1))
        yield Condition(calls=frozenset(one.decode() for one in ids))
    elif state is State.RESOLVED:
        yield Condition((still_open, ended, unresolved), excluded=True)
    else:
        yield Condition((ended if state is State.ENDED else unresolved,))
        yield Condition((still_open,), excluded=True)
