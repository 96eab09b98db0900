"""Is Redis safe to write to? Asked before a notification is accepted, and by whoever watches over this process.

Refusing early, while there is still room, lets the workers go on and empty the inbox: a Redis that is really full
refuses their commands too. All answers but one come from INFO, which managed servers allow where they forbid CONFIG.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from runtime import keys
from runtime.clocks import stopwatch
from runtime.redis_line import Line

HIGH_WATER: Final = 0.75
"""Share of `maxmemory` above which new notifications are refused."""

LOOK_SECONDS: Final = 1.0
"""How long an answer about memory is believed."""

_TRIED: Final = "tried"
"""A field among the metrics that is none; to add nothing to it is to try whether Redis takes writes."""


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True):
    """One thing looked at, and in one sentence what was seen and what to do about it."""

    name: str
    verdict: Verdict
    detail: str


class Room:
    """Remembers for a second whether Redis has room, so that asking costs almost nothing."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._asked_at = float("-inf")
        self._has_room = True

    def is_left(self) -> bool:
        """Say whether a notification may be accepted. Raises RedisError when Redis does not answer."""
        now = stopwatch()
        if now - self._asked_at >= LOOK_SECONDS:
            self._asked_at = now
            self._has_room = memory(_fields(self._line.call("INFO", "memory"))).verdict is not Verdict.FAILED
        return self._has_room


def _fields(info: bytes) -> Mapping[str, str]:
    """Read what INFO answers."""
    pairs = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in pairs if colon}


def readiness(redis: Redis) -> tuple[Check, ...]:
    """Check everything that makes Redis safe to write to; never raises."""
    try:
        info = redis.info()
    except RedisError as error:
        return (Check("redis", Verdict.FAILED, f"Redis does not answer: {type(error).__name__}"),)
    told = (role(info), memory(info), eviction(info), persistence(info))
    tried = () if any(one.verdict is Verdict.FAILED for one in told) else (writes(redis),)
    return (Check("redis", Verdict.OK, "Redis answers"), *told, *tried)


def writes(redis: Redis) -> Check:
    """Try whether Redis takes a write; that it has too few replicas to, say, is told by nothing else. Never raises."""
    try:
        redis.hincrby(keys.METRICS, _TRIED, 0)
    except NoPermissionError:
        return Check("writes", Verdict.WARNING, "this user may not try whether Redis takes writes")
    except RedisError as error:
        return Check("writes", Verdict.FAILED, f"Redis takes no writes: {error}")
    return Check("writes", Verdict.OK, "Redis takes writes")


def memory(info: Mapping[str, Any], *, most_used: float = HIGH_WATER) -> Check:
    """Judge how full Redis is: of its memory `most_used` may be, which is a share."""
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not most:
        return Check("memory", Verdict.WARNING, "maxmemory is not set: a full machine would end Redis; set it")
    share = used / most
    verdict = Verdict.OK if share < most_used else Verdict.FAILED
    return Check("memory", verdict, f"{share:.0%} of maxmemory is used; above {HIGH_WATER:.0%} nothing is accepted")


def eviction(info: Mapping[str, Any]) -> Check:
    """Judge what Redis does when it is full: it must refuse, not forget."""
    policy = info.get("maxmemory_policy")
    if policy is None:
        return Check("eviction", Verdict.WARNING, "the eviction policy cannot be seen; it must be noeviction")
    verdict = Verdict.OK if policy == "noeviction" else Verdict.FAILED
    return Check("eviction", verdict, f"maxmemory-policy is {policy}; calls are forgotten unless it is noeviction")


def persistence(info: Mapping[str, Any]) -> Check:
    """Judge whether what was accepted survives a restart of Redis."""
    if "aof_enabled" not in info:
        return Check("persistence", Verdict.WARNING, "persistence cannot be seen; the append-only file must be on")
    if not int(info["aof_enabled"]):
        return Check("persistence", Verdict.FAILED, "appendonly is off: a restart loses calls; set appendonly yes")
    if info.get("aof_last_write_status", "ok") != "ok":
        return Check("persistence", Verdict.FAILED, "the append-only file cannot be written; look at the disk")
    return Check("persistence", Verdict.OK, "the append-only file is on and written")


def role(info: Mapping[str, Any]) -> Check:
    """Judge whether this is the server that takes writes."""
    if info.get("role", "master") != "master":
        return Check("role", Verdict.FAILED, "this Redis is a replica and takes no writes; point REDIS_URL elsewhere")
    return Check("role", Verdict.OK, "this Redis takes writes")
