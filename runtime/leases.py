"""Leases and fenced commits: one runner per stage and account, and a runner that lost its lease changes nothing.

A stage reads, decides and then commits everything it decided, with its cursor, in one atomic step. The step is refused
when somebody else has taken the stage over, and is applied once even if the client sends it again because an answer
was lost on the way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
from redis import Redis

from runtime import keys

LEASE_SECONDS: Final = 10.0
"""How long a killed runner's stage stays untouched."""

Word = str | bytes
Command = Sequence[Word]
"""A Redis command as words, or one of the steps that only `COMMIT` knows: PUBLISHED and MOVE."""


class LeaseHeld(Exception):  # noqa: N818 - not an error: somebody else is at it
    """Another runner has this stage of this account; there is nothing to do."""


class LeaseLost(Exception):  # noqa: N818 - named for what happened
    """This runner was too slow, and another has taken over; nothing of the last commit was applied."""


_ACQUIRE: Final = """
-- Take a stage of an account. KEYS: lease, fence. ARGV: time to live (ms). Gives the fencing token, or nil.
if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
local token = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'token', token, 'commits', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return token
"""

_RELEASE: Final = """
-- Give a stage back, if it is still ours. KEYS: lease. ARGV: token.
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

COMMIT: Final = """
-- Apply commands all together, if the lease is still ours; a repeated commit is applied once.
-- KEYS: lease. ARGV: token, number of this commit, time to live (ms), msgpack array of commands.
-- Beside Redis's own commands:
--   PUBLISHED revisions-key revision ttl stream event type subject account channel...
--     appends an event to the outcome log and its channels, unless this or a later revision is there already.
--   MOVE sorted-set member old-score new-score
--     gives a member a new score ('' removes it), unless somebody has moved it since we read the old one.
local held = redis.call('HMGET', KEYS[1], 'token', 'commits')
if held[1] ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if held[2] == ARGV[2] then return 'applied' end

local function published(c)
  local last = redis.call('HGET', c[2], 'last')
  if last and tonumber(last) >= tonumber(c[3]) then return end
  local id = redis.call('XADD', c[5], '*', 'event', c[6], 'type', c[7], 'subject', c[8], 'account', c[9])
  redis.call('HSET', c[2], c[3], id, 'last', c[3])
  redis.call('EXPIRE', c[2], c[4])
  for i = 10, #c do redis.call('PUBLISH', c[i], c[6]) end
end

local function move(c)
  local score = redis.call('ZSCORE', c[2], c[3])
  if not score or tonumber(score) ~= tonumber(c[4]) then return end
  if c[5] == '' then redis.call('ZREM', c[2], c[3]) else redis.call('ZADD', c[2], c[5], c[3]) end
end

for _, c in ipairs(cmsgpack.unpack(ARGV[4])) do
  if c[1] == 'PUBLISHED' then published(c) elseif c[1] == 'MOVE' then move(c) else redis.call(unpack(c)) end
end
redis.call('HSET', KEYS[1], 'commits', ARGV[2])
return 'applied'
"""


class Lease:
    """The right to run one stage of one account, for as long as it commits or renews in time."""

    def __init__(self, redis: "Redis", account: str, stage: str, token: int) -> None:
        self._redis = redis
        self._key = keys.lease(account, stage)
        self._token = token
        self._commits = 0
        self._commit = redis.register_script(COMMIT)

    def commit(self, commands: Sequence[Command]) -> None:
        """Apply all commands in one atomic step and renew the lease.

        Raises LeaseLost, with nothing applied, when another runner has taken over.
        """
        self._commits += 1
        milliseconds = int(LEASE_SECONDS * 1000)
        packed = msgspec.msgpack.encode(commands)
        if self._commit(keys=[self._key], args=[self._token, self._commits, milliseconds, packed]) != b"applied":
            raise LeaseLost(self._key)

    def renew(self) -> None:
        """Keep the lease without changing anything. Raises LeaseLost."""
        self.commit(())

    def release(self) -> None:
        """Give the stage back at once."""
        self._redis.register_script(_RELEASE)(keys=[self._key], args=[self._token])


@contextmanager
def lease(redis: "Redis", account: str, stage: str) -> Iterator[Lease]:
    """Hold `stage` of `account` while the block runs. Raises LeaseHeld when somebody else does."""
    acquire = redis.register_script(_ACQUIRE)
    token = acquire(keys=[keys.lease(account, stage), keys.fence(account)], args=[int(LEASE_SECONDS * 1000)])
    if token is None:
        raise LeaseHeld(keys.lease(account, stage))
    held = Lease(redis, account, stage, int(token))
    try:
        yield held
    finally:
        held.release()
