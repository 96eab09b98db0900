"""RingOuts: asked for by `web` and scripts, placed and followed by the ringout stage, readable by everybody.

`web` has no credentials and knows no worker, so asking is storing: the record, its place among what is due, and a bell,
all in one step, once for each Idempotency-Key. From then on the record is the stage's alone; whoever wants a RingOut
cancelled leaves a note beside it.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.leases import Command
from telephony.ringout_link import Linking
from telephony.ringout_request import MakeRingOut
from telephony.ringout_status import Live

CANCEL_SECONDS: Final = 3600
_LOOK_SECONDS: Final = 0.04


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
    UNKNOWN = "unknown"


NEVER_PLACED: Final = frozenset({Placing.REFUSED, Placing.EXPIRED, Placing.WITHDRAWN})


class Seen(msgspec.Struct, frozen=True):
    """A live status and when (seconds) it was seen first."""

    at: float
    live: Live


class RingOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """One RingOut. Times are seconds since 1970 by Redis's clock.

    `call` is what to place, None for one placed elsewhere. `placed_at` is when RingCentral was asked to place it;
    `ring_out_id` its id for it. `seen` are the live statuses, each once; `over_at` is when there was no more to see,
    `over` why. `codes` are RingCentral's when it refused.
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
    def began_at(self) -> float:
        """When its call began, as far as we know."""
        return self.asked_at if self.placed_at is None else self.placed_at

    @property
    def session_ids(self) -> tuple[str, ...]:
        """The telephony sessions it was played in, the first one first."""
        return tuple(one.telephony_session_id for one in self.linking.sessions)


class KeyReused(Exception):  # noqa: N818 - named for what happened
    """An Idempotency-Key was given before, for something else."""


_ASK: Final = """
-- Store a RingOut once for its key. KEYS: asked (by key), ringout, ringouts, due, rung, bells.
-- ARGV: id and digest, id, record, time to live (s), now (s), rung time (ms), bell.
-- Gives what the key was given for before, if it was; then whether the bell must be rung.
local before = redis.call('GET', KEYS[1])
if before then return {before, 0} end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[6], 'LT', ARGV[5] + 2, ARGV[7])
return {ARGV[1], redis.call('SET', KEYS[5], '1', 'NX', 'PX', ARGV[6]) and 1 or 0}
"""


def ask(
    redis: "Redis",
    account: str,
    *,
    retention: float,
    call: MakeRingOut | None = None,
    ring_out_id: str | None = None,
    extension: str = "~",
    key: str | None = None,
) -> RingOut:
    """Have a RingOut placed (`call`), or one that was placed elsewhere followed; give it, or the one made before.

    The same `key` gives the same RingOut, whatever became of it. Raises KeyReused when it was for another request.
    """
    now = redis_time(redis)
    made = RingOut(f"ro-{secrets.token_hex(8)}", account, extension, now, call)
    if ring_out_id is not None:
        made = msgspec.structs.replace(made, placing=Placing.PLACED, ring_out_id=ring_out_id)
        key = key or follow_key(ring_out_id)
    asked = f"{made.id} {_digest(call, ring_out_id, extension)}"
    names = (
        keys.ringout_asked(account, _key(key or made.id)),
        keys.ringout(account, made.id),
        keys.ringouts(account),
        keys.ringouts_due(account),
        keys.rung(account, Stage.RINGOUT),
        keys.BELLS,
    )
    rung_ms = bells.rung_seconds(Stage.RINGOUT) * 1000
    words = (asked, made.id, encode(made), int(retention), f"{now:.3f}", rung_ms, bells.member(Stage.RINGOUT, account))
    before, rings = redis.register_script(_ASK)(keys=names, args=words)
    known, _, digest = cast("bytes", before).decode().partition(" ")
    if rings:
        bells.ring(redis, Stage.RINGOUT, account)
    if known == made.id:
        return made
    if digest and digest != asked.partition(" ")[2]:
        raise KeyReused(known)
    return load(redis, account, [known]).get(known, made)


def cancel(redis: "Redis", ringout: RingOut) -> None:
    """Leave word that a RingOut is to be cancelled, and ring the bell."""
    now = redis_time(redis)
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(keys.ringout_cancel(ringout.account, ringout.id), "1", ex=CANCEL_SECONDS)
        pipeline.zadd(keys.ringouts_due(ringout.account), {ringout.id: now}, lt=True)
        pipeline.zadd(keys.BELLS, {bells.member(Stage.RINGOUT, ringout.account): now}, lt=True)
        pipeline.set(keys.rung(ringout.account, Stage.RINGOUT), "1", nx=True, px=bells.RUNG_SECONDS * 1000)
        rings = pipeline.execute()[-1]
    if rings:
        bells.ring(redis, Stage.RINGOUT, ringout.account)


def load(redis: "Redis", account: str, ids: Sequence[str]) -> dict[str, RingOut]:
    """Load RingOuts; those that are not there (any more), or that no version of ours can have written, are absent."""
    if not ids:
        return {}
    blobs = cast("list[bytes | None]", redis.mget([keys.ringout(account, one) for one in ids]))
    read = {one: _decoded(blob) for one, blob in zip(ids, blobs, strict=True) if blob is not None}
    return {one: ringout for one, ringout in read.items() if ringout is not None}


def get(redis: "Redis", accounts: Sequence[str], ringout_id: str) -> RingOut | None:
    """Find a RingOut, whichever of these accounts it is of."""
    return next((found[ringout_id] for one in accounts if (found := load(redis, one, [ringout_id]))), None)


def by_ring_out_id(redis: "Redis", account: str, ring_out_id: str) -> RingOut | None:
    """Find the RingOut to which RingCentral gave this id, if we placed it or follow it."""
    found = cast("bytes | None", redis.get(keys.ringout_asked(account, _key(follow_key(ring_out_id)))))
    ringout_id = found.decode().partition(" ")[0] if found else ""
    return load(redis, account, [ringout_id] if ringout_id else []).get(ringout_id)


def page(
    redis: "Redis", accounts: Sequence[str], *, limit: int, after: str | None = None
) -> tuple[list[RingOut], str | None]:
    """Give `limit` RingOuts of these accounts after that one, those asked for last first; and after what there is more.

    Raises no error for one that is gone: then the list begins anew. Those whose record is gone are passed over.
    """
    rows = sorted(
        (
            (score, member.decode(), account)
            for account in accounts
            for member, score in cast(
                "list[tuple[bytes, float]]", redis.zrange(keys.ringouts(account), 0, -1, withscores=True)
            )
        ),
        reverse=True,
    )
    begin = next((place for place, (_, one, _) in enumerate(rows, start=1) if one == after), 0)
    found = (load(redis, account, [one]).get(one) for _, one, account in rows[begin:])
    shown = list(islice((one for one in found if one is not None), limit + 1))
    return shown[:limit], shown[limit - 1].id if len(shown) > limit else None


def of_time(redis: "Redis", account: str, since: float, until: float) -> list[RingOut]:
    """Load the RingOuts that were asked for in this time (seconds)."""
    members = cast("list[bytes]", redis.zrange(keys.ringouts(account), since, until, byscore=True))
    return list(load(redis, account, [member.decode() for member in members]).values())


def around(redis: "Redis", account: str, times: Mapping[str, tuple[float, float]]) -> dict[str, list[RingOut]]:
    """Load for each of these ids the RingOuts asked for in its time, and the one to which RingCentral gave the id."""
    with redis.pipeline(transaction=False) as pipeline:
        for ring_out_id, (since, until) in times.items():
            pipeline.zrange(keys.ringouts(account), since, until, byscore=True)
            pipeline.get(keys.ringout_asked(account, _key(follow_key(ring_out_id))))
        answers = iter(pipeline.execute())
    found: dict[str, dict[str, None]] = {}
    for ring_out_id, members, named in zip(times, answers, answers, strict=True):
        ids = [member.decode() for member in members] + ([named.decode().partition(" ")[0]] if named else [])
        found[ring_out_id] = dict.fromkeys(ids)
    loaded = load(redis, account, list({one: None for ids in found.values() for one in ids}))
    return {ring_out_id: [loaded[one] for one in ids if one in loaded] for ring_out_id, ids in found.items()}


def settled(redis: "Redis", ringout: RingOut, *, wait: float) -> RingOut:
    """Give the RingOut as it is once RingCentral has answered, or as it is after `wait` seconds."""
    return _watched(redis, ringout, wait, lambda now: now.placing not in {Placing.ASKED, Placing.PLACING})


def cancelled(redis: "Redis", ringout: RingOut, *, wait: float) -> RingOut:
    """Give the RingOut as it is once somebody's wish to cancel it was answered, or as it is after `wait` seconds."""
    return _watched(redis, ringout, wait, lambda now: now.cancel is not None or now.placing in NEVER_PLACED)


def write(ringout: RingOut, *, retention: float) -> Command:
    """Give the command that stores a RingOut for `retention` seconds."""
    return ("SET", keys.ringout(ringout.account, ringout.id), encode(ringout), "EX", str(int(retention)))


def remember_id(ringout: RingOut, *, retention: float) -> Command:
    """Give the command by which whoever wants to follow a RingOut that we have placed finds it."""
    name = keys.ringout_asked(ringout.account, _key(follow_key(ringout.ring_out_id or "")))
    return ("SET", name, ringout.id, "EX", str(int(retention)))


def encode(ringout: RingOut) -> bytes:
    """Write the record."""
    return msgspec.json.encode(ringout)


def follow_key(ring_out_id: str) -> str:
    """Give the key under which a RingOut is followed that has this id."""
    return f"follow {ring_out_id}"


def _decoded(blob: bytes) -> RingOut | None:
    try:
        return _DECODER.decode(blob)
    except msgspec.MsgspecError:
        return None


def _watched(redis: "Redis", ringout: RingOut, wait: float, is_enough: Callable[[RingOut], bool]) -> RingOut:
    deadline = stopwatch() + wait
    while not is_enough(ringout) and stopwatch() < deadline:
        time.sleep(_LOOK_SECONDS)
        ringout = load(redis, ringout.account, [ringout.id]).get(ringout.id, ringout)
    return ringout


def _key(text: str) -> str:
    """Shorten a key, which may be anybody's text, to something that may stand in a name."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _digest(*request: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(request), digest_size=8).hexdigest()


_DECODER: Final = msgspec.json.Decoder(RingOut)
