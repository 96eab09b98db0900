"""A call in one line, as lists show it: read for many calls at once, from the ledger and each call's newest event."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import keys, ledger
from runtime.ledger import State, Tracked
from telephony import endings
from telephony.call_outcome import Endpoint
from telephony.search_terms import ENDED, UNRESOLVED
from telephony.times import iso_ms_or_none
from telephony.words import Outcome


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What lists show of an event. Where there is none there is no `outcome` yet, and `revision` is null."""

    start_time: str | None
    end_time: str | None
    direction: str | None
    from_: Endpoint = msgspec.field(name="from")
    to: Endpoint
    outcome: Outcome | None
    caller_status: str | None
    callee_status: str | None
    revision: int | None


class Call(Told, frozen=True, kw_only=True):
    """A call as lists show it."""

    telephony_session_id: str
    state: State


class Row(msgspec.Struct, frozen=True):
    """A call and the name of the account it is of."""

    account: str
    call: Call


class _Event(msgspec.Struct, frozen=True):
    """What is read of an event: the rest is passed over."""

    data: Told


_EVENT: Final = msgspec.json.Decoder(_Event)

_STATES: Final = 3
"""Sets that tell the state of a call."""


def read(redis: Redis, calls: Sequence[tuple[str, str]]) -> list[Row | None]:
    """Read calls, given as (account, telephonySessionId); None stands for one of which nothing is left."""
    if not calls:
        return []
    places, states = _places_and_states(redis, calls)
    with redis.pipeline(transaction=False) as pipeline:
        for (account, one), place in zip(calls, places, strict=True):
            if place is None:
                pipeline.get(keys.session(account, one))
            else:
                pipeline.xrange(keys.OUTCOMES, min=place, max=place)
        found = pipeline.execute()
    rows: list[Row | None] = []
    for (account, one), place, answer in zip(calls, places, found, strict=True):
        call = _tracked(answer) if place is None else _told(one, answer, states[account, one])
        rows.append(None if call is None else Row(account, call))
    return rows


def _places_and_states(
    redis: Redis, calls: Sequence[tuple[str, str]]
) -> tuple[list[bytes | None], dict[tuple[str, str], State]]:
    """Read where the newest event of each call is, and which of the sets that tell of states the call is in."""
    by_account: dict[str, list[str]] = {}
    for account, one in calls:
        by_account.setdefault(account, []).append(one)
    with redis.pipeline(transaction=False) as pipeline:
        for account, one in calls:
            pipeline.hgetall(keys.revisions(account, one))
        for account, ids in by_account.items():
            for name in (keys.open_sessions(account), *(keys.calls_by(account, *term) for term in (ENDED, UNRESOLVED))):
                pipeline.zmscore(name, ids)
        answers = pipeline.execute()
    places = [_newest(answer) for answer in answers[: len(calls)]]
    columns = iter(answers[len(calls) :])
    states = {
        (account, one): _state(scores)
        for account, ids in by_account.items()
        for one, scores in zip(ids, zip(*(next(columns) for _ in range(_STATES)), strict=True), strict=True)
    }
    return places, states


def _newest(revisions: dict[bytes, bytes]) -> bytes | None:
    """Give the place of the last revision in the outcome log."""
    return revisions.get(revisions[b"last"]) if b"last" in revisions else None


def _state(places: Sequence[float | None]) -> State:
    still_open, ended, unresolved = (place is not None for place in places)
    if still_open:
        return State.OPEN
    if ended:
        return State.ENDED
    return State.UNRESOLVED if unresolved else State.RESOLVED


def _told(telephony_session_id: str, entries: Any, state: State) -> Call | None:
    if not entries:
        return None
    try:
        told = msgspec.structs.asdict(_EVENT.decode(entries[0][1][b"event"]).data)
    except msgspec.MsgspecError:  # only a later version can read it, and show the call
        return None
    if state is State.OPEN:
        told["end_time"] = None
    return Call(telephony_session_id=telephony_session_id, state=state, **told)


def of_session(record: Tracked) -> Call:
    """Show a call of which nothing is published yet."""
    session = record.session
    sofar = endings.ending(session)
    return Call(
        telephony_session_id=session.id,
        state=State.OPEN if record.ended_at is None else State.ENDED,
        start_time=iso_ms_or_none(session.started_at),
        end_time=None if record.ended_at is None else sofar.end_time,
        direction=sofar.direction,
        from_=sofar.from_,
        to=sofar.to,
        outcome=None,
        caller_status=None,
        callee_status=None,
        revision=None,
    )


def _tracked(blob: object) -> Call | None:
    return None if blob is None else of_session(ledger.read_tracked(cast("bytes", blob)))
