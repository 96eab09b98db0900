"""Attempts and dead letters: what was sent where, what came back, and what was given up.

Both are facts for people and for `redrive`; no decision about what is sent next is read from an attempt.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, streams
from runtime.leases import Command
from runtime.streams import Fields, Page

KEPT_OF_CALL: Final = 100

_PAGE: Final = 500


class Blame(StrEnum):
    """Who can mend a failure: who runs the endpoint; we; nobody but time; who set up the destination."""

    THEIRS = "theirs"
    OURS = "ours"
    NETWORK = "network"
    CONFIGURATION = "configuration"


class Attempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One attempt to deliver an event. `at` and `next_at` are seconds, `number` counts an event's attempts from 1.

    `verdict` is the sender's word, `blame` one of `Blame`; a revision whose place a later one took has the verdict
    `replaced`. `account` is whose event it is; empty where an earlier version noted it, and of a test.
    """

    at: float
    destination_id: str
    event_id: str
    call: str
    number: int
    verdict: str
    blame: str | None = None
    status: int | None = None
    seconds: float = 0.0
    excerpt: str = ""
    error: str | None = None
    next_at: float | None = None
    account: str = ""
    id: str = ""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that will not be sent any more unless somebody asks. Times are seconds; `place` is in the log.

    `because`: `permanent`, `exhausted` (all attempts failed), `crowded` (refused again and again, while so many others
    waited that nothing new was taken up) or `retention` (dropped, the log was trimmed).
    """

    event_id: str
    call: str
    account: str
    place: str
    published_at: float
    dead_at: float
    attempts: int
    because: str
    blame: str | None = None
    status: int | None = None
    error: str | None = None

    @property
    def revision(self) -> int:
        """The revision of its call; 0 of a test."""
        number = self.event_id.rpartition("/")[2]
        return int(number) if number.isdigit() else 0

    @property
    def may_have_arrived(self) -> bool:
        """Whether the receiver may have made something of it, and it can be sent again: it was sent before it ended."""
        return self.attempts > 1 and self.because != "retention"


def written(account: str, attempt: Attempt, *, retention: float) -> tuple[Command, ...]:
    """Give the commands that keep an attempt, with its destination and with its call."""
    text = msgspec.json.encode(attempt)
    of_call = keys.attempts_of_call(account, attempt.call)
    return (
        ("XADD", keys.attempts(attempt.destination_id), "*", "attempt", text),
        ("RPUSH", of_call, text),
        ("LTRIM", of_call, str(-KEPT_OF_CALL), "-1"),
        ("EXPIRE", of_call, str(int(retention))),
    )


def page(redis: Redis, destination: str, *, after: str | None = None, limit: int = 50) -> Page[Attempt]:
    """Read attempts of a destination, newest first, older than the one whose id is `after`."""
    return streams.page(redis, keys.attempts(destination), _read, after=after, limit=limit)


def of_call(redis: Redis, account: str, telephony_session_id: str) -> tuple[Attempt, ...]:
    """Read the attempts for one call, to all destinations, oldest first."""
    rows = cast("list[bytes]", redis.lrange(keys.attempts_of_call(account, telephony_session_id), 0, -1))
    return tuple(msgspec.json.decode(row, type=Attempt) for row in rows)


def buried(destination: str, letter: DeadLetter) -> Command:
    """Give the command that keeps a dead letter."""
    return ("HSET", keys.dead(destination), letter.event_id, msgspec.json.encode(letter))


def with_earlier(redis: Redis, destination: str, letter: DeadLetter) -> DeadLetter:
    """Count those attempts, too, by which the event may have arrived before it was sent again in vain."""
    before = letters(redis, destination, [letter.event_id])
    earlier = sum(one.attempts for one in before if one.may_have_arrived)
    return msgspec.structs.replace(letter, attempts=earlier + letter.attempts)


def raised(destination: str, event_id: str) -> Command:
    """Give the command that forgets a dead letter: its event was taken, or is being sent again."""
    return ("HDEL", keys.dead(destination), event_id)


def dead_letters(redis: Redis, destination: str) -> Iterator[DeadLetter]:
    """List the dead letters of a destination, in no order."""
    for _, text in redis.hscan_iter(keys.dead(destination), count=_PAGE):
        yield msgspec.json.decode(text, type=DeadLetter)


def letters(redis: Redis, destination: str, event_ids: Sequence[str]) -> list[DeadLetter]:
    """Give the dead letters among these events of a destination, in their order."""
    texts = cast("list[bytes | None]", redis.hmget(keys.dead(destination), [*event_ids])) if event_ids else []
    return [msgspec.json.decode(text, type=DeadLetter) for text in texts if text is not None]


def _read(place: str, fields: Fields) -> Attempt:
    return msgspec.structs.replace(msgspec.json.decode(fields[b"attempt"], type=Attempt), id=place)
