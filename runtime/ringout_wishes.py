"""What web and scripts want of RingOuts: have one placed, followed or cancelled, and hear soon what came of it.

`web` has no credentials and knows no worker, so asking is storing: the record, its place among what is due, and a bell,
all in one step, once for each Idempotency-Key. From then on the record is the stage's alone; whoever wants a RingOut
cancelled leaves a note beside it.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time, stopwatch
from runtime.ringouts import Placing, RingOut, asked_name, encode, follow_key, load
from telephony.ringout_request import MakeRingOut

CANCEL_SECONDS: Final = 3600
_LOOK_SECONDS: Final = 0.04


class KeyReused(Exception):
    """An Idempotency-Key was given before, for something else: for the RingOut whose id is the message.

    Where none was given it is a RingOut to follow that is followed already, by another extension.
    """


class RecordGone(Exception):
    """It was asked for before, and its record is gone since, as when somebody was erased, or cannot be read."""


_ASK: Final = """
-- Store a RingOut once for its key. KEYS: asked (by key), ringout, ringouts, due, rung, bells.
-- ARGV: id and digest, id, record, time to live (s), now (s), rung time (ms), bell.
-- Gives what the key was given for before, if it was; then whether the bell must be rung: also where this is sent again
-- because the answer was lost.
local before = redis.call('GET', KEYS[1])
if before then return {before, before == ARGV[1] and 1 or 0} end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[6], 'LT', ARGV[5] + 2, ARGV[7])
return {ARGV[1], redis.call('SET', KEYS[5], '1', 'NX', 'PX', ARGV[6]) and 1 or 0}
"""


def ask(
    redis: Redis,
    account: str,
    *,
    retention: float,
    call: MakeRingOut | None = None,
    ring_out_id: str | None = None,
    extension: str = "~",
    key: str | None = None,
) -> RingOut:
    """Have a RingOut placed (`call`), or one that was placed elsewhere followed; give it, or the one made before.

    The same `key` gives the same RingOut, whatever became of it. Raises KeyReused when it was for another request, and
    RecordGone when the RingOut is not there any more: it is not made a second time.
    """
    now = redis_time(redis)
    made = RingOut(f"ro-{secrets.token_hex(8)}", account, extension, now, call)
    if ring_out_id is not None:
        made = msgspec.structs.replace(made, placing=Placing.PLACED, ring_out_id=ring_out_id)
        key = key or follow_key(ring_out_id)
    asked = f"{made.id} {_digest(call, ring_out_id, extension)}"
    names = (
        asked_name(account, key or made.id),
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
    found = load(redis, account, [known]).get(known)
    if found is None:
        raise RecordGone(known)
    return found


def cancel(redis: Redis, ringout: RingOut) -> None:
    """Leave word that a RingOut is to be cancelled, and ring the bell."""
    now, mark = redis_time(redis), secrets.token_hex(8)
    rung = keys.rung(ringout.account, Stage.RINGOUT)
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(keys.ringout_cancel(ringout.account, ringout.id), "1", ex=CANCEL_SECONDS)
        pipeline.zadd(keys.ringouts_due(ringout.account), {ringout.id: now}, lt=True)
        pipeline.zadd(keys.BELLS, {bells.member(Stage.RINGOUT, ringout.account): now}, lt=True)
        pipeline.set(rung, mark, nx=True, px=bells.RUNG_SECONDS * 1000)
        pipeline.get(rung)
        is_ours = pipeline.execute()[-1] == mark.encode()  # so also if the answer is lost and this is sent again
    if is_ours:
        bells.ring(redis, Stage.RINGOUT, ringout.account)


def settled(redis: Redis, ringout: RingOut, *, wait: float) -> RingOut:
    """Give the RingOut as it is once RingCentral has answered, or as it is after `wait` seconds."""
    return _watched(redis, ringout, wait, lambda now: now.placing not in {Placing.ASKED, Placing.PLACING})


def cancelled(redis: Redis, ringout: RingOut, *, wait: float) -> RingOut:
    """Give the RingOut as it is once the wish to cancel it was answered; after `wait` seconds without `cancel`.

    The note of a wish is struck off in the step that writes down its answer.
    """
    note = keys.ringout_cancel(ringout.account, ringout.id)
    _watched(redis, ringout, wait, lambda _now: not redis.exists(note))
    is_answered = not redis.exists(note)
    ringout = load(redis, ringout.account, [ringout.id]).get(ringout.id, ringout)
    return ringout if is_answered else msgspec.structs.replace(ringout, cancel=None)


def _watched(redis: Redis, ringout: RingOut, wait: float, is_enough: Callable[[RingOut], bool]) -> RingOut:
    deadline = stopwatch() + wait
    while not is_enough(ringout) and stopwatch() < deadline:
        time.sleep(_LOOK_SECONDS)
        ringout = load(redis, ringout.account, [ringout.id]).get(ringout.id, ringout)
    return ringout


def _digest(*request: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(request), digest_size=8).hexdigest()
