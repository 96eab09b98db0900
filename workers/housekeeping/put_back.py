"""Put back: after Redis's clock was put back, what was due soon is not due only when it is again what it was.

Times of what is due are Redis's. An hour back, and what was to go on in a second would stand still for an hour: a
replay, a RingOut that is followed, a call in its quiet pause. How far the clock was put back is known to the minute, by
when upkeep was there last.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from redis import Redis

from runtime import keys
from runtime.deliveries import destinations

_EARLIER: Final = """
-- Have what is due later than now be due as much earlier as the clock was put back; once, though several see that.
-- KEYS: when upkeep was there last, sorted sets of what is due. ARGV: now (s).
local now = tonumber(ARGV[1])
local back = (tonumber(redis.call('GET', KEYS[1])) or now) - now
if back <= 0 then return end
redis.call('SET', KEYS[1], ARGV[1])
for at = 2, #KEYS do
  local later = redis.call('ZRANGE', KEYS[at], '(' .. ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')
  for row = 1, #later, 2 do
    redis.call('ZADD', KEYS[at], math.max(now, tonumber(later[row + 1]) - back), later[row])
  end
end
"""


def be_due_earlier(redis: Redis, accounts: Iterable[str], *, now: float) -> None:
    """Have whatever of these accounts, and of all destinations, is due after `now` be due as much earlier."""
    names = [keys.TIDIED, keys.BELLS, *_sets(accounts), *map(keys.asked, destinations.ids(redis))]
    redis.register_script(_EARLIER)(keys=names, args=[f"{now:.3f}"])


def _sets(accounts: Iterable[str]) -> Iterator[str]:
    """Name the sorted sets of accounts whose scores are times at which something is due."""
    for account in accounts:
        for name in (keys.quiet, keys.due, keys.rereads, keys.relinked, keys.replays_due, keys.ringouts_due):
            yield name(account)
