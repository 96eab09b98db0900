"""The clock: rings the bell of whatever is due. It decides nothing and may run any number of times."""

from typing import Final, cast

from redis import Redis
from redis.exceptions import RedisError

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.logs import log
from runtime.metrics import FAILURES, Recorder
from runtime.settings import Settings
from runtime.stopping import Stopping

TICK_SECONDS: Final = 0.25


def run(settings: Settings, redis: "Redis", recorder: Recorder, stopping: Stopping) -> None:
    """Ring what is due, four times a second, until `stopping` is set; wait out a Redis that does not answer."""
    wound = False
    while not stopping.wait(TICK_SECONDS):
        try:
            if not wound:
                wind(settings, redis)
                wound = True
            bells.ring_what_is_due(redis)
        except RedisError as error:
            wound = False
            recorder.count(FAILURES, "clock", type(error).__name__)
            log.warning("clock.waits", error=type(error).__name__)


def wind(settings: Settings, redis: "Redis") -> None:
    """Set all bells once, so that what a lost Redis or a first start left unset is looked at."""
    now = redis_time(redis)
    wound = [bells.member(stage, account.name) for account in settings.accounts for stage in bells.OF_ACCOUNTS]
    wound += [bells.member(Stage.DELIVER, one.decode()) for one in cast("list[bytes]", redis.hkeys(keys.DESTINATIONS))]
    redis.zadd(keys.BELLS, dict.fromkeys(wound, now), lt=True)
