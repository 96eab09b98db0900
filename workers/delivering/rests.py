"""The end of a shift: whether a destination listens, and when its bell is rung next, in one step."""

from typing import Final

from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.deliveries import destinations
from workers.delivering.delivery_view import View

_REST: Final = """
-- End a shift, unless there is news: the destination was changed, or is sent events and the log goes on.
-- KEYS: destinations, listening, bells, rung, log, and the sorted sets of what is due. ARGV: id, the destination as the
-- runner saw it, bell, place in the log ('' while it is sent nothing), when it is again ('' if somebody will say so).
-- Gives 1 when the shift is over, 0 when there is news.
local id, seen, bell, cursor, again = unpack(ARGV)
if redis.call('HGET', KEYS[1], id) ~= seen then return 0 end
if cursor == '' then
  redis.call('SREM', KEYS[2], id)
else
  redis.call('SADD', KEYS[2], id)
  if #redis.call('XRANGE', KEYS[5], '(' .. cursor, '+', 'COUNT', 1) > 0 then return 0 end
  for set = 6, #KEYS do
    local first = redis.call('ZRANGE', KEYS[set], 0, 0, 'WITHSCORES')[2]
    if first and (again == '' or tonumber(first) < tonumber(again)) then again = first end
  end
end
if again == '' then redis.call('ZREM', KEYS[3], bell) else redis.call('ZADD', KEYS[3], again, bell) end
redis.call('DEL', KEYS[4])
return 1
"""


def rest(redis: Redis, destination: str, now: View, *, opens: float, cursor: str) -> bool:
    """End a shift in one step, unless the destination was changed, or the log has news after `cursor` to be sent.

    `opens` is when something may be sent again. If that is now, the destination listens from here on, and its bell is
    rung for the first event that waits or that somebody asked for; else it is rung then. One that is not active is rung
    by whoever makes it so, and of one that was removed nothing stays.
    """
    if now.destination is None:
        destinations.forget(redis, destination)
        return True
    sends = now.is_active and opens <= now.now
    again = f"{opens:.3f}" if now.is_active and not sends else ""
    names = [keys.DESTINATIONS, keys.LISTENING, keys.BELLS, keys.rung(destination, Stage.DELIVER), keys.OUTCOMES]
    due = [keys.retries(destination), keys.asked(destination)]
    bell, place = bells.member(Stage.DELIVER, destination), cursor if sends else ""
    return bool(redis.register_script(_REST)(keys=[*names, *due], args=[destination, now.stored, bell, place, again]))
