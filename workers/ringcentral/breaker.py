"""Leave an account's RingCentral alone while it cannot answer, for all workers at once.

After each failure in a row the pause doubles, from 2 to 60 seconds; when it is over, one request goes ahead and the
others wait ten seconds at most for what becomes of it. Credentials that are not accepted park the account for longer,
until the time is over or the credentials are others. Both are kept in Redis, so that a hundred workers are as polite as
one.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast

from redis import Redis

from runtime import keys
from runtime.clocks import redis_time
from workers.ringcentral.errors import (
    BrokenConfiguration,
    NotSent,
    RateLimited,
    RingCentralError,
    TokenRefused,
    Unavailable,
)

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 60.0
FIRST_PARKING: Final = 300.0
LONGEST_PARKING: Final = 3600.0
_LONGEST_RETRY_AFTER: Final = 3600.0
_PROBE_SECONDS: Final = 10.0  # as long as an answer may not begin; who was killed meanwhile must not hold the others up
_WHILE_PROBED: Final = 2.0
_TTL: Final = 86400
_ASKED_WITHIN: Final = 2 * LONGEST_PARKING

_BREAKER: Final = """
-- Answers {state, seconds}. KEYS: breaker. ARGV: now ('' is the server's clock), time to live (s), and one of
--   'enter' fingerprint probe-seconds     'free', 'probe' (go, and say what became of it), 'paused' or 'parked'
--   'failed' first longest jitter retry-after   one more failure in a row; those of one pause count once
--   'parked' fingerprint first longest    these credentials are not accepted
--   'left'                                the probe learnt nothing
--   'answered'                            all is well again
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or tonumber(time[1]) + tonumber(time[2]) / 1e6
local key, op = KEYS[1], ARGV[3]
local state = redis.call('HMGET', key, 'failures', 'until', 'probe', 'fingerprint', 'parkings', 'parked-until', 'at')
local failures, till, probe = tonumber(state[1]) or 0, tonumber(state[2]) or 0, tonumber(state[3]) or 0
local fingerprint, parkings, parked_till = state[4], tonumber(state[5]) or 0, tonumber(state[6]) or 0

local function text(number) return string.format('%.6f', number) end
local function keep(...)
  redis.call('HSET', key, ...)
  redis.call('EXPIRE', key, ARGV[2])
end

local back = (tonumber(state[7]) or now) - now -- the clock was put back by so much, or more, since the last failure
if back > 0 then
  till, probe, parked_till = till - back, 0, parked_till - back
  keep('until', text(till), 'probe', '0', 'parked-until', text(parked_till), 'at', text(now))
end

if op == 'enter' then
  local ours = fingerprint == ARGV[4]
  if ours and now < parked_till then return {'parked', text(parked_till - now)} end
  if now < till then return {'paused', text(till - now)} end
  if parkings > 0 and not ours then redis.call('HSET', key, 'others', '1') end
  if failures == 0 and not ours then return {'free', '0'} end
  if now < probe then return {'paused', ARGV[6]} end
  keep('probe', text(now + ARGV[5]))
  return {'probe', '0'}
elseif op == 'failed' then
  if now >= till then failures = failures + 1 end
  local pause = math.min(tonumber(ARGV[5]), ARGV[4] * 2 ^ (failures - 1)) * ARGV[6]
  till = math.max(till, now + (tonumber(ARGV[7]) or (now >= till and pause or 0)))
  keep('failures', failures, 'until', text(till), 'probe', '0', 'at', text(now))
  return {'paused', text(till - now)}
elseif op == 'parked' then
  if fingerprint ~= ARGV[4] then parkings, parked_till = 0, 0 end
  if now >= parked_till then
    parked_till = now + math.min(tonumber(ARGV[6]), ARGV[5] * 2 ^ parkings)
    parkings = parkings + 1
  end
  keep('fingerprint', ARGV[4], 'parkings', parkings, 'parked-until', text(parked_till), 'probe', '0', 'at', text(now))
  redis.call('HDEL', key, 'others')
  return {'parked', text(parked_till - now)}
elseif op == 'left' then
  redis.call('HDEL', key, 'probe')
elseif op == 'answered' then
  redis.call('DEL', key)
end
return {'free', '0'}
"""


def is_parked(redis: Redis, account: str, fingerprint: str | None = None) -> bool:
    """Say whether RingCentral did not accept the credentials of `account` when it was asked last.

    With a `fingerprint`, only if these are the credentials it was asked with; without, only while somebody who has any
    goes on asking, and nobody with others since.
    """
    fields = ["parkings", "fingerprint", "at", "others"]
    parkings, of, at, others = cast("list[bytes | None]", redis.hmget(keys.breaker(account), fields))
    if not int(parkings or 0):
        return False
    if fingerprint is not None:
        return (of or b"").decode() == fingerprint
    return others is None and 0 <= redis_time(redis) - float(at or 0) < _ASKED_WITHIN  # else the clock was put back


def try_again(redis: Redis, account: str) -> None:
    """Let the next request go ahead though the credentials were not accepted: a person asks, who may have mended it.

    Where RingCentral takes the same credentials again, as those of an app that was suspended, nothing else tells so
    before the parking is over.
    """
    redis.hdel(keys.breaker(account), "parked-until")


def _jitter() -> float:
    """Spread what would come back all at once: between half of the pause and all of it."""
    return random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains by guessing it


class Breaker:
    """Guards the requests of one account made with the credentials of `fingerprint`."""

    def __init__(
        self,
        redis: Redis,
        account: str,
        fingerprint: str,
        *,
        clock: Callable[[], float] | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        self._key = keys.breaker(account)
        self._fingerprint = fingerprint
        self._clock = clock
        self._jitter = jitter
        self._script = redis.register_script(_BREAKER)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let the block send a request, and take what it raises as the state of the account.

        Raises Unavailable or BrokenConfiguration, without running the block, while the account is left alone. On
        those that the block raises, `retry_after` becomes what holds for everybody.
        """
        probing = self._enter()
        try:
            yield
        except Unavailable as error:
            said = error.retry_after
            bounded = "" if said is None else min(said, _LONGEST_RETRY_AFTER)
            error.retry_after = self._run("failed", FIRST_PAUSE, LONGEST_PAUSE, self._jitter(), bounded)[1]
            raise
        except BrokenConfiguration as error:
            error.retry_after = self._run("parked", self._fingerprint, FIRST_PARKING, LONGEST_PARKING)[1]
            raise
        except RingCentralError as error:
            if probing:
                self._run("left" if isinstance(error, RateLimited | TokenRefused) else "answered")
            raise
        except BaseException:
            if probing:
                self._run("left")
            raise
        if probing:
            self._run("answered")

    def _enter(self) -> bool:
        state, seconds = self._run("enter", self._fingerprint, _PROBE_SECONDS, _WHILE_PROBED)
        if state == "parked":
            raise BrokenConfiguration("parked: the credentials were not accepted", retry_after=seconds)
        if state == "paused":
            raise NotSent("left alone for a while after failures", retry_after=seconds)
        return state == "probe"

    def _run(self, operation: str, *arguments: str | float) -> tuple[str, float]:
        now = "" if self._clock is None else self._clock()
        state, seconds = self._script(keys=[self._key], args=[now, _TTL, operation, *arguments])
        return state.decode(), float(seconds)
