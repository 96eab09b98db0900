"""Leases and fenced commits: one runner per stage and account, and a runner that lost its lease changes nothing.

A stage reads, decides and then commits everything it decided, with its cursor, in one atomic step. The step is refused
when somebody else has taken the stage over, and is applied once even if the client sends it again because an answer
was lost on the way.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from redis import Redis

from runtime import keys
from runtime.clocks import stopwatch

LEASE_SECONDS: Final = 10.0
"""How long a killed runner's stage stays untouched."""

RENEW_SECONDS: Final = 2.0
"""How often a runner renews its lease while it waits for an answer of RingCentral's, or a step takes long."""

Word = str | bytes
Command = Sequence[Word]
"""A Redis command as words, or one of the steps only `COMMIT` knows: those that stand above its code."""


class LeaseHeld(Exception):
    """Another runner has this stage of this account; there is nothing to do."""


class LeaseLost(Exception):
    """This runner was too slow, and another has taken over; nothing of the last commit was applied."""


_ACQUIRE: Final = """
-- Take a stage of an account. KEYS: lease, and what to read with it (if anything). ARGV: token, time to live (ms).
-- Gives what was read when the stage is ours, be it that we asked before and the answer was lost; nothing when it is
-- somebody else's.
local held = redis.call('HGET', KEYS[1], 'token')
if held and held ~= ARGV[1] then return false end
if not held then
  redis.call('HSET', KEYS[1], 'token', ARGV[1], 'commits', '0')
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {KEYS[2] and redis.call('GET', KEYS[2]) or false}
"""

_RELEASE: Final = """
-- Give a stage back, if it is still ours. KEYS: lease. ARGV: token.
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

COMMIT: Final = """
-- Apply commands all together, if the lease is still ours; a repeated commit is applied once. A commit whose
-- predecessor is missing is refused: the server has lost some of what it had acknowledged, and the runner goes by
-- things that are no more.
-- KEYS: lease, bells, destinations that listen. ARGV: token, number of this commit, time to live (ms), and for each
-- command the count of its words and the words. Beside Redis's own commands:
--   PUBLISHED revisions-key revision ttl stream event type subject account tally word count channel... [index]
--     appends an event to the outcome log and its channels, unless this or a later revision is there already, counts
--     its word in the tally ('' counts nothing), and has the bells of the listening destinations rung. The index is:
--     set-of-all start prefix count left... joined...; as in INDEXED, and the call goes from the set (a prefix and a
--     word) of the word it had to that of the word it has.
--   KEPT, with the same words and no channels
--     appends it for who reads the log, and says so with it: destinations pass it over.
--   INDEXED set-of-all call start ttl count left... joined...
--     adds a call to the sorted set of all calls, unless it is there already, takes it out of some, and adds it to
--     others with the score it has among all. A set that a call joins loses the oldest two that are no longer among
--     all: more than it gains, for one that began long ago and is kept may have stood before many that are not.
--   TOLD event channel...
--     publishes on several channels what is sent to us once.
--   LINKED list line ttl most
--     appends a line to a string of lines, unless that has as many bytes already.
--   MOVE sorted-set member old-score new-score
--     gives a member a new score ('' removes it), unless somebody has moved it since we read the old one.
--   SEEN hash field value command...
--     does the command, unless somebody has changed the field of the hash since we read the value.
local held = redis.call('HMGET', KEYS[1], 'token', 'commits')
if held[1] ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if held[2] == ARGV[2] then return 'applied' end
if tonumber(held[2]) ~= tonumber(ARGV[2]) - 1 then return 'lost' end

local news = false

local function told(event, first, last)
  for channel = first, last do redis.call('PUBLISH', ARGV[channel], event) end
end

local renewed, trimmed = {}, {} -- by this commit: keys that live on, sets whose oldest call is still among all

local function renew(key, ttl)
  if not renewed[key] then redis.call('EXPIRE', key, ttl) end
  renewed[key] = true
end

local function join(set, all, call, score, ttl)
  local is_new = redis.call('ZADD', set, score, call) == 1
  renew(set, ttl)
  if is_new and not trimmed[set] then
    for _, oldest in ipairs(redis.call('ZRANGE', set, 0, 1)) do
      trimmed[set] = redis.call('ZSCORE', all, oldest)
      if trimmed[set] then break end
      redis.call('ZREM', set, oldest)
    end
  end
end

local function leave(set, call)
  redis.call('ZREM', set, call)
  renewed[set] = nil -- the key is gone with its last call
end

local function indexed(all, call, start, ttl, at, last)
  local score = redis.call('ZSCORE', all, call)
  if not score then
    score = start
    redis.call('ZADD', all, start, call)
  end
  local joins = at + tonumber(ARGV[at]) + 1
  for left = at + 1, joins - 1 do leave(ARGV[left], call) end
  for joined = joins, last do join(ARGV[joined], all, call, score, ttl) end
  return score
end

local function indexed_with_outcome(outcome, at, last, call, ttl, was)
  local all, start, prefix = unpack(ARGV, at, at + 2)
  local score = indexed(all, call, start, ttl, at + 3, last)
  if was and was ~= outcome then leave(prefix .. was, call) end
  join(prefix .. outcome, all, call, score, ttl)
end

local function published(step, at, last, revisions, revision, ttl, stream, event, type, subject, account, tally, word,
                         channels)
  local known = redis.call('HMGET', revisions, 'last', 'outcome')
  if known[1] and tonumber(known[1]) >= tonumber(revision) then return end
  local fields = {'event', event, 'type', type, 'subject', subject, 'account', account}
  if step == 'KEPT' then fields[9], fields[10] = 'deliver', 'no' end
  local id = redis.call('XADD', stream, '*', unpack(fields))
  redis.call('HSET', revisions, revision, id, 'last', revision, 'outcome', word)
  redis.call('EXPIRE', revisions, ttl)
  if tally ~= '' then
    redis.call('HINCRBY', tally, word, 1)
    renew(tally, ttl)
  end
  local index = at + tonumber(channels)
  told(event, at, index - 1)
  if index <= last then indexed_with_outcome(word, index, last, subject, ttl, known[2]) end
  news = news or step == 'PUBLISHED'
end

local function ring_destinations()
  local now = redis.call('TIME')[1]
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do redis.call('ZADD', KEYS[2], 'LT', now, 'deliver|' .. id) end
end

local function linked(list, line, ttl, most)
  if redis.call('STRLEN', list) < tonumber(most) then redis.call('APPEND', list, line) end
  redis.call('EXPIRE', list, ttl)
end

local function move(set, member, old, new)
  local score = redis.call('ZSCORE', set, member)
  if not score or tonumber(score) ~= tonumber(old) then return end
  if new == '' then redis.call('ZREM', set, member) else redis.call('ZADD', set, new, member) end
end

local at = 4
while at <= #ARGV do
  local first, last = at + 1, at + tonumber(ARGV[at])
  if ARGV[first] == 'PUBLISHED' or ARGV[first] == 'KEPT' then
    published(ARGV[first], first + 12, last, unpack(ARGV, first + 1, first + 11))
  elseif ARGV[first] == 'INDEXED' then
    indexed(ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4], first + 5, last)
  elseif ARGV[first] == 'TOLD' then
    told(ARGV[first + 1], first + 2, last)
  elseif ARGV[first] == 'LINKED' then
    linked(unpack(ARGV, first + 1, last))
  elseif ARGV[first] == 'MOVE' then
    move(unpack(ARGV, first + 1, last))
  elseif ARGV[first] == 'SEEN' then
    if redis.call('HGET', ARGV[first + 1], ARGV[first + 2]) == ARGV[first + 3] then
      redis.call(unpack(ARGV, first + 4, last))
    end
  else
    redis.call(unpack(ARGV, first, last))
  end
  at = last + 1
end
if news then ring_destinations() end
redis.call('HSET', KEYS[1], 'commits', ARGV[2])
return 'applied'
"""


class Lease:
    """The right to run one stage of one account, for as long as it commits in time.

    `read` is what was stored, when it was given, at the key that was read with it.
    """

    def __init__(self, redis: Redis, key: str, token: str, seconds: float, asked_at: float) -> None:
        self.key = key
        self.token = token
        self.read: bytes | None = None
        self.is_given_back = False
        self._redis = redis
        self._milliseconds = int(seconds * 1000)
        self._renewed_at = asked_at
        self._commits = 0
        self._commit = redis.register_script(COMMIT)

    def commit(self, commands: Sequence[Command]) -> None:
        """Apply all commands in one atomic step and renew the lease.

        Raises LeaseLost, with nothing applied, when another runner has taken over, or when the server has lost an
        earlier commit, as after a failover: whoever comes next begins with what is there.
        """
        self._commits += 1
        words = [word for command in commands for word in (len(command), *command)]
        names = [self.key, keys.BELLS, keys.LISTENING]
        asked_at = stopwatch()
        if self._commit(keys=names, args=[self.token, self._commits, self._milliseconds, *words]) != b"applied":
            raise LeaseLost(self.key)
        self._renewed_at = asked_at

    def keep(self) -> None:
        """Renew it in the middle of a step that takes long; costs nothing while it does not. Raises LeaseLost."""
        if stopwatch() - self._renewed_at >= RENEW_SECONDS:
            self.commit(())

    @property
    def may_be_over(self) -> bool:
        """Whether it was renewed so long ago, be it that this process stood still, that another may have it now."""
        return (stopwatch() - self._renewed_at) * 1000 >= self._milliseconds

    def release(self) -> None:
        """Give the stage back at once, unless it was given back with the end of a shift, see `runtime.bells.rest`."""
        if not self.is_given_back:
            self._redis.register_script(_RELEASE)(keys=[self.key], args=[self.token])
            self.is_given_back = True


@contextmanager
def lease(
    redis: Redis, account: str, stage: str, *, seconds: float = LEASE_SECONDS, reads: str | None = None
) -> Iterator[Lease]:
    """Hold `stage` of `account` while the block runs. Raises LeaseHeld when somebody else does.

    Whoever commits more often than every `seconds`, be it nothing, keeps it. The string at the key it `reads` comes
    with it, in the same round trip.
    """
    held = Lease(redis, keys.lease(account, stage), secrets.token_hex(8), seconds, stopwatch())
    names = [held.key] if reads is None else [held.key, reads]
    answer = redis.register_script(_ACQUIRE)(keys=names, args=[held.token, int(seconds * 1000)])
    if answer is None:
        raise LeaseHeld(held.key)
    (held.read,) = answer
    try:
        yield held
    finally:
        held.release()
