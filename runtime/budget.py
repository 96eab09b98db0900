"""One budget per account and rate-limit group, for all workers and scripts on all machines.

RingCentral counts requests per user, app and group over a sliding minute, and every request sent during the penalty of
a 429 starts the penalty again (https://developers.ringcentral.com/guide/basics/rate-limits). So nobody sends without
having asked here first. No window holds as many as are allowed, and within that a token bucket paces the requests: a
count over the last minute alone is spent at once and then stalls. The headers of the answers correct both; a gate shuts
the whole group after a 429.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec
from redis import Redis

from runtime import keys
from runtime.clocks import as_seconds


class Group(StrEnum):
    """RingCentral's rate-limit groups."""

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"
    AUTH = "auth"


class Share(StrEnum):
    """For whom a request is sent: somebody who is waiting, the calls of this minute, or the past."""

    INTERACTIVE = "interactive"
    LIVE = "live"
    BACKFILL = "backfill"


class Rule(msgspec.Struct, frozen=True):
    """What a share leaves to the ones before it, as a part of the burst, and after how many paces it goes first."""

    reserve: float
    patience: float | None


RULES: Final[Mapping[Share, Rule]] = MappingProxyType(
    {
        Share.INTERACTIVE: Rule(reserve=0.025, patience=None),
        Share.LIVE: Rule(reserve=0.05, patience=2),
        Share.BACKFILL: Rule(reserve=0.45, patience=5),
    }
)
"""An idle bucket serves everybody. In a contended one the least reserve is served first; whoever has been refused for
longer than its patience goes before all others: a long replay cannot starve live calls, nor these a backfill."""

LIMITS: Final[Mapping[Group, int]] = MappingProxyType(
    {Group.LIGHT: 50, Group.MEDIUM: 40, Group.HEAVY: 10, Group.AUTH: 5}
)
"""Requests a minute RingCentral allows by default, until its headers say otherwise."""

WINDOW: Final = 60.0
LONGEST_WINDOW: Final = 3600.0
LARGEST_LIMIT: Final = 10_000
"""What headers say is believed up to here; RingCentral's windows are a minute, its limits far lower."""

GATE_UNSAID: Final = 30.0
GATE_LEAST: Final = 1.0
GATE_MOST: Final = 3600.0
_GATE_MARGIN: Final = 0.5  # Retry-After is in whole seconds, and early is worse than late
_TTL: Final = 2 * 3600

_BUDGET: Final = """
-- The bucket and the gate of one group. Every operation answers {wait, tokens, limit, interval, gate, burst}, as text.
-- KEYS: budget, when its last requests were granted (newest first). ARGV: now ('' is the server's clock), limit and
-- window unless headers said otherwise, time to live (s), and one of
--   'take' share reserve patience     a token, or how long to wait for one ('' patience: for ever)
--   'want' share reserve patience     the same, and nothing is taken
--   'wait' share reserve patience     only how long it would be
--   'learn' limit remaining window    what the headers of an answer said ('' is nothing)
--   'close' seconds                   nobody sends anything for so long; never shortens
--   'left'                            only look
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or tonumber(time[1]) + tonumber(time[2]) / 1e6
local op, share = ARGV[5], ARGV[6]
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'gate', 'limit', 'window', 'waits:' .. (share or ''),
  'waits:interactive')
local limit = tonumber(state[4]) or tonumber(ARGV[2])
local window = tonumber(state[5]) or tonumber(ARGV[3])
local gate, wait = tonumber(state[3]) or 0, 0
local refused = state[6] and math.min(tonumber(state[6]), now)

local function text(number) return string.format('%.6f', number) end

-- Any window holds at most `fit` requests, less than `limit`: one is kept for the network, on which requests that were
-- sent apart may arrive together. The bucket fills as fast as that allows, so only a burst meets the end of the window.
local burst, most, fit, interval
local function pace()
  burst = limit < 4 and 1 or math.max(2, math.floor(limit / 5))
  most, fit = burst * 1.05, math.max(1, limit - 1)
  interval = window / math.max(limit - 1.05, 0.85)
end

local function seconds_until_fits(count)
  local granted = redis.call('LINDEX', KEYS[2], math.max(0, fit - count))
  return granted and math.max(0, tonumber(granted) + window * 1.001 - now) or 0 -- a little more: times are rounded
end

local function fits_now(wanted)
  local count = math.ceil(wanted)
  while count > 0 and seconds_until_fits(count) > 0 do count = count - 1 end
  return math.min(count, wanted)
end

local newest = redis.call('LINDEX', KEYS[2], 0)
if newest and tonumber(newest) > now + 1 then -- the clock was set back: the gate opens when it would have
  gate = gate - (tonumber(newest) - now)
  redis.call('HSET', KEYS[1], 'gate', text(gate))
  redis.call('DEL', KEYS[2])
end

local at = math.min(tonumber(state[2]) or now, math.max(now, gate))
pace()
local tokens = math.min(most, (tonumber(state[1]) or most) + math.max(0, now - at) / interval)
at = math.max(at, now)

-- When the gate opens there is one token for whoever comes first, and no herd.
local function close(seconds)
  gate = math.max(gate, now + seconds)
  tokens, at = burst * 0.05 + 1, gate
end

local asks = op == 'take' or op == 'want' or op == 'wait'
if asks and now < gate then
  wait = gate - now
elseif asks then
  local need = 1 + burst * tonumber(ARGV[7])
  -- Who waits in person asks again a moment after there is a token: the others leave one for so long.
  local person = share ~= 'interactive' and tonumber(state[7])
  if person and now - person < window then need = need + 1 end
  need = math.min(need, most)
  local patience = tonumber(ARGV[8])
  local first = patience and refused and refused + patience * interval
  local function seconds_until(wanted)
    return math.max((wanted - tokens) * interval, seconds_until_fits(math.floor(wanted + 0.5)))
  end
  wait = seconds_until(first and now >= first and 1 or need)
  if wait > 1e-5 then
    refused = refused or now
    if first then wait = math.min(wait, math.max(first - now, seconds_until(1))) end
    wait = math.max(wait, 0.001)
  else
    wait = 0
    if op == 'take' then
      -- What had to be saved while the window was full is lost: spent at once, it would fill the window again.
      tokens, refused = math.min(tokens, fits_now(tokens) + burst * 0.05) - 1, nil
      redis.call('LPUSH', KEYS[2], text(now))
      redis.call('LTRIM', KEYS[2], 0, fit - 1)
      redis.call('EXPIRE', KEYS[2], ARGV[4])
    end
  end
elseif op == 'learn' then
  limit, window = tonumber(ARGV[6]) or limit, tonumber(ARGV[8]) or window
  pace()
  tokens = math.min(tokens, most, tonumber(ARGV[7]) or most)
  if tonumber(ARGV[7]) == 0 then close(window) end
elseif op == 'close' then
  close(tonumber(ARGV[6]))
end

if op ~= 'left' and op ~= 'wait' then
  redis.call('HSET', KEYS[1], 'tokens', text(tokens), 'at', text(at), 'gate', text(gate))
  if asks and refused then redis.call('HSET', KEYS[1], 'waits:' .. share, text(refused))
  elseif op == 'take' then redis.call('HDEL', KEYS[1], 'waits:' .. share)
  elseif op == 'learn' then redis.call('HSET', KEYS[1], 'limit', limit, 'window', window) end
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return {text(wait), text(fits_now(tokens)), text(limit), text(interval), text(math.max(0, gate - now)),
  text(burst)}
"""


class BudgetState(msgspec.Struct, frozen=True):
    """What one group has left: requests that may be sent at once, and seconds between any further ones.

    `burst` is how many that are after a rest, `limit` what RingCentral allows in its window.
    """

    tokens: float
    limit: int
    interval: float
    gate_seconds: float
    burst: int


class Budget:
    """The right to send requests for one account. Times are seconds; the clock is Redis's unless a test has its own."""

    def __init__(
        self,
        redis: Redis,
        account: str,
        limits: Mapping[Group, int] = LIMITS,
        *,
        window: float = WINDOW,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._account = account
        self._limits = {**LIMITS, **limits}
        self._window = window
        self._clock = clock
        self._script = redis.register_script(_BUDGET)

    def take(self, group: Group, share: Share) -> float:
        """Take the right to send one request: 0.0 when it is granted, else the seconds to wait before asking again."""
        return self._ask("take", group, share)

    def want(self, group: Group, share: Share) -> float:
        """Say the same and take nothing. As after a refusal, who wants one for longer than its patience goes first."""
        return self._ask("want", group, share)

    def wait(self, group: Group, share: Share) -> float:
        """Say how many seconds it would be, when nobody wants one yet."""
        return self._ask("wait", group, share)

    def learn(
        self, group: Group, *, limit: int | None = None, remaining: int | None = None, window: float | None = None
    ) -> None:
        """Correct the bucket by the headers of an answer.

        RingCentral's limit and window replace the configured ones. `remaining` only ever lowers what we may send,
        for it may be old news; at 0 the group waits for a whole window, as RingCentral asks.
        """
        limit = None if limit is None else min(limit, LARGEST_LIMIT)
        window = None if window is None else min(max(window, 1.0), LONGEST_WINDOW)
        self._run(group, "learn", _said(limit), _said(remaining), _said(window))

    def close_gate(self, group: Group, seconds: float | None) -> float:
        """Let nobody send anything in `group` for `seconds` after a 429 (None: it did not say). Gives the time left."""
        bounded = min(max(GATE_UNSAID if seconds is None else seconds, GATE_LEAST), GATE_MOST)
        return self._run(group, "close", bounded + _GATE_MARGIN)[4]

    def left(self, group: Group) -> BudgetState:
        """Look at what `group` has left, taking nothing."""
        return _state(self._run(group, "left"))

    def _ask(self, operation: str, group: Group, share: Share) -> float:
        rule = RULES[share]
        return self._run(group, operation, share, rule.reserve, _said(rule.patience))[0]

    def _run(self, group: Group, operation: str, *arguments: str | float) -> list[float]:
        now = "" if self._clock is None else self._clock()
        words = (now, self._limits[group], self._window, _TTL, operation, *arguments)
        return [float(value) for value in self._script(keys=_names(self._account, group), args=words)]


def left(
    redis: Redis, accounts: Iterable[str], groups: Iterable[Group] = Group
) -> dict[tuple[str, Group], BudgetState]:
    """Look at what many accounts have left, in one round trip; their limits are RingCentral's own, or what it said."""
    asked = [(account, group) for account in accounts for group in groups]
    script = redis.register_script(_BUDGET)
    with redis.pipeline(transaction=False) as pipeline:
        for account, group in asked:
            words = ("", LIMITS[group], WINDOW, _TTL, "left")
            script(keys=_names(account, group), args=words, client=pipeline)
        answers = pipeline.execute()
    return {one: _state([float(value) for value in answer]) for one, answer in zip(asked, answers, strict=True)}


def shut(redis: Redis, accounts: Iterable[str], groups: Iterable[Group] = Group) -> dict[tuple[str, Group], float]:
    """Say which groups of many accounts are shut, and for how many seconds more, in one round trip."""
    asked = [(account, group) for account in accounts for group in groups]
    with redis.pipeline(transaction=False) as pipeline:
        for account, group in asked:
            pipeline.hget(keys.budget(account, group), "gate")
        pipeline.time()
        *gates, time = pipeline.execute()
    now = as_seconds(*time)
    lasts = {one: float(gate or 0) - now for one, gate in zip(asked, gates, strict=True)}
    return {one: seconds for one, seconds in lasts.items() if seconds > 0}


def _names(account: str, group: Group) -> tuple[str, str]:
    """Give the keys that the script works on."""
    return keys.budget(account, group), keys.granted(account, group)


def _state(answer: Sequence[float]) -> BudgetState:
    _, tokens, limit, interval, gate, burst = answer
    return BudgetState(tokens, int(limit), interval, gate, int(burst))


def _said(value: float | None) -> float | str:
    return "" if value is None else value
