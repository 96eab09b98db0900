"""RingOuts: one record each, asked for by `web` and scripts, placed and followed by the ringout stage, readable by all.

How they are asked for is in `runtime.ringout_wishes`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys, newest_first
from runtime.leases import Command
from runtime.stored import readable
from telephony.ringout_link import Linking
from telephony.ringout_request import MakeRingOut
from telephony.ringout_status import Live


class Placing(StrEnum):
    """How far placing has come. `UNCERTAIN`: RingCentral may have it, and it is not asked for again."""

    ASKED = "asked"
    PLACING = "placing"
    PLACED = "placed"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Cancel(StrEnum):
    """What came of wanting it cancelled."""

    CANCELLED = "cancelled"
    CONNECTED = "connected"
    TOO_LATE = "too_late"
    REFUSED = "refused"
    UNKNOWN = "unknown"


CANCEL_MEANINGS: Final[Mapping[Cancel, str]] = MappingProxyType(
    {
        Cancel.CANCELLED: "RingCentral has cancelled it, or it was not placed yet and never will be. Also where the "
        "answer was lost and, asked again, it has nothing of it any more.",
        Cancel.CONNECTED: "The two are connected already: only a RingOut that is not can be cancelled.",
        Cancel.TOO_LATE: "It is over already, or RingCentral has nothing of it (any more) that could be cancelled.",
        Cancel.REFUSED: "RingCentral did not let us cancel it. Once that is mended it can be tried again.",
        Cancel.UNKNOWN: "Nobody knows RingCentral's id of it: its placing was interrupted.",
    }
)
"""What came of it, in a sentence."""

NEVER_PLACED: Final = frozenset({Placing.REFUSED, Placing.EXPIRED, Placing.WITHDRAWN})


class Seen(msgspec.Struct, frozen=True):
    """A live status and when (seconds) it was seen first."""

    at: float
    live: Live


class RingOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """One RingOut. Times are seconds since 1970 by Redis's clock.

    `call` is what to place, None for one placed elsewhere. `placed_at` is when RingCentral was asked to place it;
    `ring_out_id` its id for it. `seen` are the live statuses, each once; `over_at` is when there was no more to see,
    `over` why. `codes` are RingCentral's when it refused to place or to cancel it; `cancels` counts how often it was
    asked to cancel it and may have heard of that, but for answers that ended the asking.
    """

    id: str
    account: str
    extension: str
    asked_at: float
    call: MakeRingOut | None = None
    placing: Placing = Placing.ASKED
    placed_at: float | None = None
    ring_out_id: str | None = None
    codes: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    over_at: float | None = None
    over: str | None = None
    cancel: Cancel | None = None
    cancels: int = 0
    linking: Linking = Linking()

    @property
    def live(self) -> Live | None:
        """The live status seen last."""
        return self.seen[-1].live if self.seen else None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing (more) to see of it live."""
        return self.over_at is not None or self.placing in NEVER_PLACED

    @property
    def may_be_cancelled(self) -> bool:
        """Whether a wish to cancel it is looked at: one that was answered is not, unless RingCentral refused it."""
        return self.cancel in {None, Cancel.REFUSED} and self.placing not in NEVER_PLACED

    @property
    def began_at(self) -> float:
        """When its call began, as far as we know."""
        return self.asked_at if self.placed_at is None else self.placed_at

    @property
    def session_ids(self) -> tuple[str, ...]:
        """The telephony sessions it was played in, the first one first."""
        return tuple(one.telephony_session_id for one in self.linking.sessions)


def load(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, RingOut]:
    """Load RingOuts; those that are not there (any more), or that no version of ours can have written, are absent."""
    if not ids:
        return {}
    blobs = cast("list[bytes | None]", redis.mget([keys.ringout(account, one) for one in ids]))
    read = {one: readable(blob, _DECODER) for one, blob in zip(ids, blobs, strict=True)}
    return {one: ringout for one, ringout in read.items() if ringout is not None}


def get(redis: Redis, accounts: Sequence[str], ringout_id: str) -> RingOut | None:
    """Find a RingOut, whichever of these accounts it is of."""
    blobs = cast("list[bytes | None]", redis.mget([keys.ringout(account, ringout_id) for account in accounts]))
    return next((found for blob in blobs if (found := readable(blob, _DECODER)) is not None), None)


def by_ring_out_id(redis: Redis, account: str, ring_out_id: str) -> RingOut | None:
    """Find the RingOut to which RingCentral gave this id, if we placed it or follow it."""
    found = cast("bytes | None", redis.get(asked_name(account, follow_key(ring_out_id))))
    ringout_id = found.decode().partition(" ")[0] if found else ""
    return load(redis, account, [ringout_id] if ringout_id else []).get(ringout_id)


def page(
    redis: Redis, accounts: Sequence[str], *, limit: int, after: str | None = None
) -> tuple[list[RingOut], str | None]:
    """Give `limit` RingOuts of these accounts after that one, those asked for last first; and after what there is more.

    Raises `newest_first.NotThere` for one that is gone. Those whose record is gone are passed over.
    """
    return newest_first.page(
        redis,
        accounts,
        key=keys.ringouts,
        load=lambda account, one: load(redis, account, [one]).get(one),
        limit=limit,
        after=after,
    )


def beginning(redis: Redis, accounts: Sequence[str], start: str) -> list[RingOut]:
    """Load the RingOuts of these accounts whose ids begin so. However many others there are, none of them is read."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.zrange(keys.ringouts(account), 0, -1)
        kept = cast("list[list[bytes]]", pipeline.execute())
    found: list[RingOut] = []
    for account, members in zip(accounts, kept, strict=True):
        found += load(
            redis, account, [one for member in members if (one := member.decode()).startswith(start)]
        ).values()
    return found


def of_time(redis: Redis, account: str, since: float, until: float) -> list[RingOut]:
    """Load the RingOuts that were asked for in this time (seconds)."""
    members = cast("list[bytes]", redis.zrange(keys.ringouts(account), since, until, byscore=True))
    return list(load(redis, account, [member.decode() for member in members]).values())


def around(redis: Redis, account: str, times: Mapping[str, tuple[float, float]]) -> dict[str, list[RingOut]]:
    """Load for each of these ids the RingOuts asked for in its time, and the one to which RingCentral gave the id."""
    with redis.pipeline(transaction=False) as pipeline:
        for ring_out_id, (since, until) in times.items():
            pipeline.zrange(keys.ringouts(account), since, until, byscore=True)
            pipeline.get(asked_name(account, follow_key(ring_out_id)))
        answers = iter(pipeline.execute())
    found: dict[str, dict[str, None]] = {}
    for ring_out_id, members, named in zip(times, answers, answers, strict=True):
        ids = [member.decode() for member in members] + ([named.decode().partition(" ")[0]] if named else [])
        found[ring_out_id] = dict.fromkeys(ids)
    loaded = load(redis, account, list({one: None for ids in found.values() for one in ids}))
    return {ring_out_id: [loaded[one] for one in ids if one in loaded] for ring_out_id, ids in found.items()}


def write(ringout: RingOut, *, retention: float) -> Command:
    """Give the command that stores a RingOut for `retention` seconds."""
    return ("SET", keys.ringout(ringout.account, ringout.id), encode(ringout), "EX", str(int(retention)))


def remember_id(ringout: RingOut, *, retention: float) -> Command:
    """Give the command by which whoever wants to follow a RingOut that we have placed finds it."""
    name = asked_name(ringout.account, follow_key(ringout.ring_out_id or ""))
    return ("SET", name, ringout.id, "EX", str(int(retention)))


def encode(ringout: RingOut) -> bytes:
    """Write the record."""
    return msgspec.json.encode(ringout)


def follow_key(ring_out_id: str) -> str:
    """Give the key under which a RingOut is followed that has this id."""
    return f"follow {ring_out_id}"


def asked_name(account: str, key: str) -> str:
    """Name the key of Redis that says which RingOut was made for this key, which may be anybody's text."""
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return keys.ringout_asked(account, digest)


_DECODER: Final = msgspec.json.Decoder(RingOut)
