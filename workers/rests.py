"""The end of a shift: when a destination's bell is rung next."""

from typing import cast

from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from workers.delivery_view import View


def rest(redis: "Redis", destination: str, now: View, *, opens: float, cursor: str = "") -> bool:
    """End a shift in one step, unless the log has news after `cursor`, if one is given and they may be sent.

    `opens` is when something may be sent again. The bell is rung for the first event that waits, and for what somebody
    asked for; not for a destination that is not active, which is rung by whoever makes it so.
    """
    active = now.is_active
    log = keys.OUTCOMES if cursor and active and opens <= now.now else ""
    due = keys.retries(destination) if active else ""
    if not bells.rest(redis, Stage.DELIVER, destination, due=due, not_before=opens, log=log, cursor=cursor):
        return False
    if active:
        asked = redis.zrange(keys.asked(destination), 0, 0, withscores=True)
        times = [max(opens, float(score)) for _, score in cast("list[tuple[bytes, float]]", asked)]
        for when in [*times, *([opens] if opens > now.now else [])]:
            bells.ring_at(redis, Stage.DELIVER, destination, when)
    elif redis.sismember(keys.LISTENING, destination):  # it was made active in this very moment
        bells.ring_at(redis, Stage.DELIVER, destination, now.now)
    return True
