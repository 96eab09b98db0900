"""The history of one call: everything Redis holds of it, put together for people who ask why.

Read only. The parts come from the inbox, the ledger and the outcome log, so each lives as long as its source keeps it:
notifications for the inbox's retention, the rest for the retention.
"""

import re
from collections.abc import Collection, Mapping
from os.path import commonprefix
from typing import Final

import msgspec
from redis import Redis

from runtime import guarding, inbox, keys, ledger, outcome_log
from runtime.clocks import redis_time
from runtime.guarding import Silence
from runtime.ledger import Resolution, Tracked
from telephony import notifications
from telephony.events import CallEvent
from telephony.notifications import Notification

AROUND_SECONDS: Final = 180.0
"""How much earlier than RingCentral says a call began, and later than its last news, its notifications are looked for.

Its clock is not ours, and duplicates come late; but a busy account's inbox has thousands of entries an hour.
"""

WIDELY_SECONDS: Final = 3600.0
"""The same for somebody who has the time, to miss nothing."""

_GLOB: Final = re.compile(r"[*?\[\\]")
"""Characters that mean something in Redis's patterns."""

_SCANNED: Final = 5000


class Heard(msgspec.Struct, frozen=True):
    """One notification as it came: its place in the inbox, when it arrived (seconds), and what it said."""

    id: str
    arrived_at: float
    notification: Notification


class CallHistory(msgspec.Struct, frozen=True):
    """What is known of a call. `looks_again_at` is when its record is asked for next (seconds), if it is waited for.

    `is_open`: it is on, be it that it was over before.
    """

    account: str
    telephony_session_id: str
    notifications: tuple[Heard, ...]
    tracked: Tracked | None
    resolution: Resolution | None
    events: tuple[CallEvent, ...]
    looks_again_at: float | None
    silence: Silence | None = None
    is_open: bool = False

    @property
    def is_erased(self) -> bool:
        """Whether the call was erased: what there is of it is the mark that keeps anything from being told of it."""
        return self.tracked is not None and self.tracked.erased


def read(
    redis: Redis,
    account: str,
    telephony_session_id: str,
    *,
    around: float = AROUND_SECONDS,
) -> CallHistory:
    """Read everything there is about one call; the parts that are not there are empty.

    Its notifications are looked for from `around` seconds before the call to as many after it; more takes longer.
    """
    tracked = ledger.tracked(redis, account, [telephony_session_id]).get(telephony_session_id)
    documents = outcome_log.revisions(redis, account, telephony_session_id)
    return CallHistory(
        account=account,
        telephony_session_id=telephony_session_id,
        notifications=_notifications(redis, account, telephony_session_id, tracked, around=around),
        tracked=tracked,
        resolution=ledger.resolutions(redis, account, [telephony_session_id]).get(telephony_session_id),
        events=tuple(event for document in documents if (event := outcome_log.event_of(document))),
        looks_again_at=redis.zscore(keys.due(account), telephony_session_id),
        silence=guarding.silence(redis, account, telephony_session_id),
        is_open=redis.zscore(keys.open_sessions(account), telephony_session_id) is not None,
    )


def find(redis: Redis, beginnings: Collection[str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Find the calls whose telephonySessionId begins so, as (account, telephonySessionId), in order, by the beginnings.

    For people: it passes over all keys, which takes a second or two where there are millions, and does so once however
    many are looked for.
    """
    found: dict[str, set[tuple[str, str]]] = {one: set() for one in beginnings}
    lengths = {len(one) for one in found}
    escaped = _GLOB.sub(r"\\\g<0>", commonprefix([*found]))  # noqa: RUF071 - of ids, not of paths
    for kind in (keys.session, keys.revisions):  # a call that no notification told of has only the latter
        for key in redis.scan_iter(match=kind("*", f"{escaped}*"), count=_SCANNED):
            _, tag, _, telephony_session_id = key.decode().split(":", 3)
            for beginning in {telephony_session_id[:length] for length in lengths} & found.keys():
                found[beginning].add((tag.strip("{}"), telephony_session_id))
    return {one: tuple(sorted(calls)) for one, calls in found.items()}


def _notifications(
    redis: Redis,
    account: str,
    telephony_session_id: str,
    tracked: Tracked | None,
    *,
    around: float,
) -> tuple[Heard, ...]:
    """Read the call's notifications out of all that arrived while it was on, in order of arrival.

    Only what has the id in it anywhere is parsed: of a busy account's notifications that is one in hundreds.
    """
    if tracked is None:  # known from its record alone
        return ()
    since = min(tracked.began_at, tracked.heard_at) - around
    until = min(tracked.heard_at + around, redis_time(redis))
    wanted = telephony_session_id.encode()
    return tuple(
        Heard(entry.id, entry.arrived_at, item)
        for entry in inbox.arrived(redis, account, since=since, until=until)
        if wanted in entry.body
        for item in notifications.read(entry.body)
        if isinstance(item, Notification) and item.telephony_session_id == telephony_session_id
    )
