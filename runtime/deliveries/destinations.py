"""Destinations as they are stored: added, changed, removed, and the secrets their events are signed with.

A destination begins with what is published after it was added; its cursor is set in the same step.
"""

import secrets as random
from base64 import b64encode
from collections.abc import Container, Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, outcome_log
from runtime import keys as names  # some functions here have an argument `keys`, those of the secrets
from runtime.bells import Stage
from runtime.clocks import as_seconds, redis_time
from runtime.deliveries.sealing import is_sealed, seal, unseal
from runtime.stored import readable
from telephony.destinations import Changes, Destination, DestinationState, Draft, changed
from telephony.times import iso_ms_at

OVERLAP_SECONDS: Final = 86400.0
"""How long a secret that was replaced still signs, beside the new one."""

SIGNING_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32

_OWN_KEYS: Final = (
    names.secrets,
    names.delivery_cursor,
    names.waiting,
    names.retries,
    names.asked,
    names.attempts,
    names.dead,
    names.health,
)
"""What is kept for one destination, beside its place in lists and what it took of each call."""


class UnknownDestination(LookupError):
    """There is no destination with this id (any more)."""


class Secret(msgspec.Struct, frozen=True, array_like=True):
    """One signing secret and until when it is valid (seconds); None: until it is replaced."""

    text: str
    until: float | None = None

    def __repr__(self) -> str:
        return f"Secret(until={self.until!r})"


def create(redis: Redis, draft: Draft, *, keys: Sequence[str]) -> tuple[Destination, str]:
    """Store a new, active destination; give it and its secret, which nothing shows again."""
    now, secret = redis_time(redis), new_secret()
    created_at = iso_ms_at(now)
    destination = Destination(**msgspec.structs.asdict(draft), id=f"dst_{random.token_hex(8)}", created_at=created_at)
    place, count = outcome_log.end(redis)
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(names.secrets(destination.id), _sealed((Secret(secret),), keys))
        pipeline.hset(names.delivery_cursor(destination.id), mapping={"place": place, "taken": count})
        _store(pipeline, destination, now)
        pipeline.execute()
    return destination, secret


def all(redis: Redis) -> tuple[Destination, ...]:  # noqa: A001 - read as `destinations.all`
    """List the destinations, the oldest first. Those that only a later version can read are left to it."""
    found = (readable(text, _DECODER) for text in cast("list[bytes]", redis.hvals(names.DESTINATIONS)))
    return tuple(sorted(filter(None, found), key=lambda one: (one.created_at, one.id)))


def ids(redis: Redis) -> frozenset[str]:
    """Give the ids of all destinations, also of those that only a later version can read."""
    return frozenset(one.decode() for one in cast("list[bytes]", redis.hkeys(names.DESTINATIONS)))


def get(redis: Redis, destination_id: str) -> Destination | None:
    """Find a destination; None for one that only a later version can read as well."""
    return readable(cast("bytes | None", redis.hget(names.DESTINATIONS, destination_id)), _DECODER)


def known(redis: Redis, destination_id: str) -> Destination:
    """Give one destination. Raises UnknownDestination when it is not there (any more)."""
    destination = get(redis, destination_id)
    if destination is None:
        raise UnknownDestination(destination_id)
    return destination


def held_back(redis: Redis, ids: Container[str]) -> list[tuple[Destination, float | None]]:
    """Give those of these destinations that are sent nothing now, and until when: None until somebody resumes them."""
    found = [(one, left_alone_until(redis, one.id)) for one in all(redis) if one.id in ids]
    return [(one, until) for one, until in found if until is not None or one.state is not DestinationState.ACTIVE]


def left_alone_until(redis: Redis, destination_id: str) -> float | None:
    """Say until when (seconds) an active destination is sent nothing, because nearly all failed there; None if it is.

    Its runner has then taken it from those that listen, and had its bell set to that time.
    """
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.sismember(names.LISTENING, destination_id)
        pipeline.zscore(names.BELLS, bells.member(Stage.DELIVER, destination_id))
        pipeline.hget(names.DESTINATIONS, destination_id)
        pipeline.time()
        listens, until, text, time = pipeline.execute()
    known = readable(text, _DECODER)
    is_left_alone = known is not None and known.state is DestinationState.ACTIVE and not listens
    return until if is_left_alone and until is not None and until > as_seconds(*time) else None


def update(redis: Redis, destination_id: str, changes: Changes, *, seen: Destination | None = None) -> Destination:
    """Change a destination, and give it; its backlog stays, whatever its state. Raises UnknownDestination.

    With `seen`, nothing changes if somebody has given it another state or address since.
    """
    after: list[Destination] = []

    def change(pipeline: Any) -> None:
        now, before = redis_time(redis), readable(pipeline.hget(names.DESTINATIONS, destination_id), _DECODER)
        if before is None:
            raise UnknownDestination(destination_id)
        outdated = seen is not None and _start(seen) != _start(before)
        after[:] = [before if outdated else changed(before, changes)]
        pipeline.multi()
        if outdated:
            return
        if _start(after[0]) != _start(before):  # a new start: its failures of old are over
            pipeline.delete(names.health(destination_id))
        _store(pipeline, after[0], now)

    redis.transaction(change, names.DESTINATIONS)
    return after[0]


def delete(redis: Redis, destination_id: str) -> None:
    """Remove a destination and all that is kept for it; its runner commits nothing more. Raises UnknownDestination."""
    if not redis.hexists(names.DESTINATIONS, destination_id):  # asked before: the answer to removing it may be lost
        raise UnknownDestination(destination_id)
    forget(redis, destination_id)


def forget(redis: Redis, destination_id: str) -> None:
    """Leave nothing of a destination, be it known or not."""
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.hdel(names.DESTINATIONS, destination_id)
        pipeline.srem(names.LISTENING, destination_id)
        pipeline.srem(names.OPERATED, destination_id)
        pipeline.zrem(names.BELLS, bells.member(Stage.DELIVER, destination_id))
        pipeline.delete(*(builder(destination_id) for builder in _OWN_KEYS))
        pipeline.delete(*(builder(destination_id, Stage.DELIVER) for builder in (names.lease, names.rung)))
        pipeline.execute()


def rotate(redis: Redis, destination_id: str, *, keys: Sequence[str], overlap_seconds: float = OVERLAP_SECONDS) -> str:
    """Give the destination a new secret; the one before is valid for `overlap_seconds` more. Raises UnknownDestination.

    Whatever is stored is sealed with the newest key again.
    """
    now, secret = redis_time(redis), new_secret()

    def change(pipeline: Any) -> None:
        last = now + overlap_seconds
        newest = _valid(unsealed(_secrets(pipeline, destination_id), keys), now)[:1]
        old = (Secret(one.text, last) for one in newest)
        pipeline.multi()
        if any(one.text == secret for one in newest):  # it is stored, and the answer that said so was lost
            return
        pipeline.set(names.secrets(destination_id), _sealed((Secret(secret), *old), keys))

    redis.transaction(change, names.secrets(destination_id))
    return secret


def take_back(redis: Redis, destination_id: str, secret: str, *, keys: Sequence[str]) -> None:
    """Undo the rotation that made `secret`, which nobody has seen: the one before stays. Raises UnknownDestination.

    To rotate once more would drop the one before, by which the receiver still knows us.
    """

    def change(pipeline: Any) -> None:
        newest, *before = unsealed(_secrets(pipeline, destination_id), keys)
        pipeline.multi()
        if newest.text == secret and before:
            pipeline.set(names.secrets(destination_id), _sealed((Secret(before[0].text),), keys))

    redis.transaction(change, names.secrets(destination_id))


def secrets(redis: Redis, destination_id: str, *, keys: Sequence[str]) -> tuple[str, ...]:
    """Give the secrets that are valid now, the newest first. Raises UnknownDestination, `sealing.CannotOpen`."""
    return valid_now(unsealed(_secrets(redis, destination_id), keys), redis_time(redis))


def are_sealed(redis: Redis, destination_id: str) -> bool:
    """Say whether its secrets can be read by nobody without SECRETS_KEY. Raises UnknownDestination."""
    return is_sealed(_secrets(redis, destination_id))


def _secrets(redis: Any, destination_id: str) -> bytes:
    blob = cast("bytes | None", redis.get(names.secrets(destination_id)))
    if blob is None:
        raise UnknownDestination(destination_id)
    return blob


def unsealed(blob: bytes, keys: Sequence[str]) -> tuple[Secret, ...]:
    """Read stored secrets. Raises `sealing.CannotOpen`."""
    return msgspec.json.decode(unseal(blob, keys), type=tuple[Secret, ...])


def valid_now(stored: Sequence[Secret], now: float) -> tuple[str, ...]:
    """Give the texts of those valid at `now`, in their order."""
    return tuple(one.text for one in _valid(stored, now))


def new_secret() -> str:
    """Make a secret for a destination: its prefix and 32 random bytes in Base64."""
    return SIGNING_PREFIX + b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def cursor(redis: Redis, destination_id: str) -> tuple[str, int]:
    """Give how far the outcome log was taken up: the last entry's place, and its number among all that ever were."""
    place, taken = cast("list[bytes | None]", redis.hmget(names.delivery_cursor(destination_id), ["place", "taken"]))
    return (place or b"0-0").decode(), int(taken or 0)


def _start(destination: Destination) -> tuple[DestinationState, str]:
    """Give what makes for a new start when it changes."""
    return destination.state, destination.url


def _valid(stored: Sequence[Secret], now: float) -> tuple[Secret, ...]:
    return tuple(one for one in stored if one.until is None or one.until > now)


def _sealed(stored: Sequence[Secret], keys: Sequence[str]) -> bytes:
    return seal(msgspec.json.encode(stored), keys)


def _store(pipeline: Any, destination: Destination, now: float) -> None:
    pipeline.hset(names.DESTINATIONS, destination.id, msgspec.json.encode(destination))
    (pipeline.sadd if destination.operator else pipeline.srem)(names.OPERATED, destination.id)
    if destination.state is DestinationState.ACTIVE:
        pipeline.sadd(names.LISTENING, destination.id)
        pipeline.zadd(names.BELLS, {bells.member(Stage.DELIVER, destination.id): now}, lt=True)
    else:
        pipeline.srem(names.LISTENING, destination.id)


_DECODER: Final = msgspec.json.Decoder(Destination)
