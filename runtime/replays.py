"""Replays: looking at calls again because somebody asks. What is asked, how far it has come, and what it found.

Somebody writes a replay down here, and the replay stage carries it out. Its position is the set of calls it has yet to
look at: a call leaves it in the commit that carries out what was found of it, so whatever is killed, it goes on from
there. While a replay is not over, asking for the same again gives that one.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys, newest_first
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.leases import Command
from telephony.differences import Difference
from telephony.selection import Selection


class Level(StrEnum):
    """How far back a replay begins."""

    DELIVER = "deliver"
    REFETCH = "refetch"
    RAW = "raw"
    BACKFILL = "backfill"


class State(StrEnum):
    """How far a replay has come; in the last three it is over."""

    WAITING = "waiting"
    SELECTING = "selecting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OVER: Final = frozenset({State.DONE, State.CANCELLED, State.FAILED})
_OWN_KEYS: Final = (keys.replay, keys.replay_calls, keys.replay_found, keys.replay_missing)


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is asked for: a dry run publishes nothing; with `deliver` false no destination is sent what is published."""

    level: Level
    selection: Selection
    dry_run: bool = False
    deliver: bool = True

    @property
    def digest(self) -> bytes:
        """Tell whether two ask for the same."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=12).hexdigest().encode()


class Unanswered(msgspec.Struct, frozen=True, array_like=True):
    """What RingCentral had no answer for: whatever began within a stretch of time (seconds), or one `call`."""

    begin: float = 0.0
    end: float = 0.0
    call: str = ""


class Progress(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How far a replay has come. The runner's; times are seconds.

    `place` is how far it has chosen calls, for a backfill down to which moment it has looked; `density` is how many
    records began per second, `halvings` how often a backfill's page was halved because RingCentral took too long for
    it; `late` is by how many records per second windows were short enough after one that took too long (0 for a
    backfill), and when that was; `unanswered` is what RingCentral had no answer for, the latest at the end (of a
    backfill what it has passed over for that); `stuck_since` is since when it has had an answer for nothing that is
    asked, `stuck_at` when that was so last; `why` is what it waits for, or what ended it; `left` calls it had not
    looked at then.
    """

    state: State = State.WAITING
    place: str = ""
    total: int | None = None
    requests: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    why: str | None = None
    density: float | None = None
    halvings: int = 0
    late: tuple[float, float] | None = None
    unanswered: tuple[Unanswered, ...] = ()
    stuck_since: float | None = None
    stuck_at: float | None = None
    left: int = 0


class Replay(msgspec.Struct, frozen=True):
    """One replay as it stands: `left` calls are to be looked at, `changed` ones differ, `missing` have no record.

    Of one that ended early, `left` were not looked at.
    """

    id: str
    account: str
    asked: Asked
    asked_at: float
    progress: Progress
    cancelled: bool
    left: int
    changed: int
    missing: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.progress.state in OVER

    @property
    def state(self) -> State:
        """How far it has come; one that somebody has cancelled is so at once, though its runner has yet to see it."""
        return State.CANCELLED if self.cancelled and not self.is_over else self.progress.state


class Finding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a replay found of a call: the revision it publishes (or would) and why; or who is sent its event again."""

    call: str
    revision: int
    differences: tuple[Difference, ...] = ()
    destinations: tuple[str, ...] = ()


_CREATE: Final = """
-- Write a replay down, unless the same is asked for already and not over.
-- KEYS: asked for, its own, all replays, those due, bells. ARGV: digest, id, what is asked, now, bell.
-- Gives the id of the one that counts.
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], 'asked', ARGV[3], 'at', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[2])
redis.call('ZADD', KEYS[5], 'LT', ARGV[4], ARGV[5])
return ARGV[2]
"""


def create(redis: Redis, account: str, asked: Asked) -> Replay:
    """Ask for a replay. Gives the one that is at it where the same was asked for before."""
    replay_id = f"rpl_{secrets.token_hex(6)}"
    names = [
        keys.replays_asked(account),
        keys.replay(account, replay_id),
        keys.replays(account),
        keys.replays_due(account),
        keys.BELLS,
    ]
    now, bell = f"{redis_time(redis):.3f}", bells.member(Stage.REPLAY, account)
    words: list[str | bytes] = [asked.digest, replay_id, msgspec.json.encode(asked), now, bell]
    found = load(redis, account, redis.register_script(_CREATE)(keys=names, args=words).decode())
    if found is None:  # the one that was at it was kept as long as it was promised, and never came to its end
        redis.hdel(keys.replays_asked(account), asked.digest)
        return create(redis, account, asked)
    return found


def load(redis: Redis, account: str, replay_id: str) -> Replay | None:
    """Read a replay; None when there is none, its retention is over, or only a later version can read it."""
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.hgetall(keys.replay(account, replay_id))
        pipeline.zcard(keys.replay_calls(account, replay_id))
        pipeline.hlen(keys.replay_found(account, replay_id))
        pipeline.scard(keys.replay_missing(account, replay_id))
        fields, left, changed, missing = pipeline.execute()
    try:
        asked = msgspec.json.decode(fields[b"asked"], type=Asked)
        progress = msgspec.json.decode(fields.get(b"progress", b"{}"), type=Progress)
    except (KeyError, msgspec.MsgspecError):
        return None
    return Replay(
        id=replay_id,
        account=account,
        asked=asked,
        asked_at=float(fields[b"at"]),
        progress=progress,
        cancelled=b"cancelled" in fields,
        left=left or progress.left,
        changed=changed,
        missing=missing,
    )


def find(redis: Redis, accounts: Sequence[str], replay_id: str) -> Replay | None:
    """Find a replay, whichever of these accounts it is of."""
    with redis.pipeline(transaction=False) as pipeline:
        for account in accounts:
            pipeline.exists(keys.replay(account, replay_id))
        there = [account for account, is_there in zip(accounts, pipeline.execute(), strict=True) if is_there]
    return next((found for account in there if (found := load(redis, account, replay_id)) is not None), None)


def page(
    redis: Redis, accounts: Sequence[str], *, limit: int, after: str | None = None
) -> tuple[list[Replay], str | None]:
    """Give `limit` replays of these accounts after that one, newest first; and after what there is more.

    Raises `newest_first.NotThere` for one that is gone.
    """
    return newest_first.page(
        redis,
        accounts,
        key=keys.replays,
        load=lambda account, one: load(redis, account, one),
        limit=limit,
        after=after,
    )


def next_due(redis: Redis, account: str, now: float) -> str | None:
    """Give the replay whose turn it is."""
    found = cast("list[bytes]", redis.zrange(keys.replays_due(account), "-inf", now, byscore=True, offset=0, num=1))
    return found[0].decode() if found else None


def findings(redis: Redis, account: str, replay_id: str, *, after: str = "", most: int | None = None) -> list[Finding]:
    """Read what a replay found, in the order of the calls' ids: all of it after that call, or the first of that."""
    name = keys.replay_found(account, replay_id)
    calls = sorted(one for one in cast("list[bytes]", redis.hkeys(name)) if one > after.encode())[:most]
    found = cast("list[bytes | None]", redis.hmget(name, calls)) if calls else []
    return [msgspec.json.decode(one, type=Finding) for one in found if one is not None]


def cancel(redis: Redis, account: str, replay_id: str) -> Replay | None:
    """Have a replay end soon; what it has published stays. None where there is none."""
    found = load(redis, account, replay_id)
    if found is not None and not found.is_over:
        now = redis_time(redis)
        redis.hset(keys.replay(account, replay_id), "cancelled", "1")
        redis.zadd(keys.replays_due(account), {replay_id: now}, xx=True)
        bells.ring_at(redis, Stage.REPLAY, account, now)
        return load(redis, account, replay_id)
    return found


def progressed(replay: Replay, progress: Progress, *, retention: float, again_at: float) -> list[Command]:
    """Give the commands that write down how far a replay has come, and have it go on at `again_at` (seconds)."""
    return [
        ("HSET", keys.replay(replay.account, replay.id), "progress", msgspec.json.encode(progress)),
        *_kept(replay, retention),
        ("ZADD", keys.replays_due(replay.account), "XX", f"{again_at:.6f}", replay.id),
    ]


def ended(replay: Replay, progress: Progress, *, retention: float) -> list[Command]:
    """Give the commands that end a replay; what it found is kept, and how many calls it has not looked at."""
    last = msgspec.structs.replace(progress, left=replay.left)
    return [
        ("HSET", keys.replay(replay.account, replay.id), "progress", msgspec.json.encode(last)),
        ("DEL", keys.replay_calls(replay.account, replay.id)),
        ("ZREM", keys.replays_due(replay.account), replay.id),
        ("HDEL", keys.replays_asked(replay.account), replay.asked.digest),
        *_kept(replay, retention),
    ]


def chosen(replay: Replay, began: Iterable[tuple[str, float]]) -> list[Command]:
    """Give the commands that have a replay look at calls, by when they began (seconds)."""
    calls = keys.replay_calls(replay.account, replay.id)
    return [("ZADD", calls, f"{start:.3f}", one) for one, start in began]


def looked_at(replay: Replay, calls: Sequence[str]) -> list[Command]:
    """Give the command that takes calls off the list of those to be looked at."""
    return [("ZREM", keys.replay_calls(replay.account, replay.id), *calls)] if calls else []


def found(replay: Replay, finding: Finding) -> Command:
    """Give the command that writes down what was found of a call."""
    name = keys.replay_found(replay.account, replay.id)
    return ("HSET", name, finding.call, msgspec.json.encode(finding))


def missed(replay: Replay, call: str) -> Command:
    """Give the command that writes down that RingCentral has no final record of a call."""
    return ("SADD", keys.replay_missing(replay.account, replay.id), call)


def forgotten(redis: Redis, account: str, replay_id: str) -> list[Command]:
    """Give the commands that leave nothing of a replay whose retention was over before it was."""
    asked: Any = redis.hgetall(keys.replays_asked(account))
    digests = [digest for digest, one in asked.items() if one.decode() == replay_id]
    gone: list[Command] = [("ZREM", key, replay_id) for key in (keys.replays_due(account), keys.replays(account))]
    gone += [("DEL", build(account, replay_id)) for build in _OWN_KEYS]
    return [*gone, *(("HDEL", keys.replays_asked(account), digest) for digest in digests)]


def _kept(replay: Replay, retention: float) -> list[Command]:
    return [("EXPIRE", build(replay.account, replay.id), str(int(retention))) for build in _OWN_KEYS]
