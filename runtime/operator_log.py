"""The operator log: what whoever runs Legwork is told, and the alerts that are on just now.

An alert is raised once, however many processes see its reason how often, and cleared when the reason is gone. Its event
is appended, the alert noted and the destinations that want to know are asked to take it, in one atomic step. So whoever
finds a reason raises the alert each time, and need not remember whether it did.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.logs import log
from runtime.outcome_log import Entry
from runtime.stored import readable
from telephony.events import encode
from telephony.operator_events import Alert, Told, What, event

_PLACE: Final = "operator/"
"""What a place in this log begins with where it stands among places of the outcome log."""

_TELL: Final = """
-- Tell of an alert and note how it is now, unless somebody else was faster.
-- KEYS: alerts, operator log, destinations that are told, bells. ARGV: field, alert as we read it ('' none), alert as
-- it is now ('' over), event, type, subject, account, key of what a destination is asked to take, beginning of a place,
-- beginning of a bell. Gives 1 when it is told.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
local id = redis.call('XADD', KEYS[2], '*', 'event', ARGV[4], 'type', ARGV[5], 'subject', ARGV[6], 'account', ARGV[7])
local time = redis.call('TIME')
for _, destination in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  redis.call('ZADD', string.format(ARGV[8], destination), time[1], ARGV[9] .. id)
  redis.call('ZADD', KEYS[4], 'LT', time[1], ARGV[10] .. destination)
end
return 1
"""


def raise_alert(
    redis: Redis,
    what: What,
    about: str,
    message: str,
    *,
    account: str | None = None,
    level: int = 0,
    details: Mapping[str, str] | None = None,
) -> bool:
    """Raise the alert `what` about an account or destination; say whether that was news.

    It is none while the alert is on, unless its `level` is higher than what was told.
    """
    stored, known = _read(redis, what, about)
    if known is not None and known.level >= level:
        return False
    now = redis_time(redis)
    alert = Alert(
        what=what,
        about=about,
        account=account,
        message=message,
        since=now if known is None else known.since,
        level=level,
        revision=0 if known is None else known.revision + 1,
        details=dict(details or {}),
    )
    return _told(redis, stored, alert, Told.RAISED if known is None else Told.WORSE, now)


def clear_alert(redis: Redis, what: What, about: str, message: str) -> bool:
    """Clear an alert; say whether it was on."""
    stored, known = _read(redis, what, about)
    if known is None:
        return False
    over = msgspec.structs.replace(known, message=message, revision=known.revision + 1)
    return _told(redis, stored, over, Told.CLEARED, redis_time(redis))


def alerts(redis: Redis) -> tuple[Alert, ...]:
    """Give the alerts that are on, the newest first."""
    found = cast("list[bytes]", redis.hvals(keys.ALERTS))
    known = filter(None, (readable(text, _DECODER) for text in found))
    return tuple(sorted(known, key=lambda one: one.since, reverse=True))


def is_operator(place: str) -> bool:
    """Say whether a place is one of this log, and none of the outcome log."""
    return place.startswith(_PLACE)


def at_places(redis: Redis, places: Sequence[str]) -> list[Entry]:
    """Read the entries at these places, in their order; those the log no longer holds are absent."""
    with redis.pipeline(transaction=False) as pipeline:
        for place in places:
            name = place.removeprefix(_PLACE)
            pipeline.xrange(keys.OPERATOR, min=name, max=name)
        return [_entry(*row) for rows in pipeline.execute() for row in rows]


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    return Entry(_PLACE + entry_id.decode(), fields[b"account"].decode(), fields[b"event"])


def _told(redis: Redis, stored: bytes, alert: Alert, told: Told, now: float) -> bool:
    news = event(alert, told, now=now)
    names = [keys.ALERTS, keys.OPERATOR, keys.OPERATED, keys.BELLS]
    kept = b"" if told is Told.CLEARED else msgspec.json.encode(alert)
    words = (_field(alert.what, alert.about), stored, kept, encode(news), news.type, news.subject, alert.account or "")
    places = (keys.asked("%s"), _PLACE, bells.member(Stage.DELIVER, ""))
    if not redis.register_script(_TELL)(keys=names, args=[*words, *places]):
        return False  # somebody else was faster, and told the same
    tell = log.info if told is Told.CLEARED else log.warning
    tell(f"operator.{told}", what=alert.what, about=alert.about)
    return True


def _read(redis: Redis, what: What, about: str) -> tuple[bytes, Alert | None]:
    stored = cast("bytes | None", redis.hget(keys.ALERTS, _field(what, about))) or b""
    return stored, readable(stored, _DECODER)


def _field(what: What, about: str) -> str:
    return f"{what}|{about}"


_DECODER: Final = msgspec.json.Decoder(Alert)
