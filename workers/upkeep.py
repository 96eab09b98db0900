"""Upkeep: drop what has been kept as long as it was promised, and tell of what is not well."""

from collections.abc import Iterator
from typing import Final, cast

from redis import Redis

from runtime import audit, bells, call_index, faults, keys, lifetimes, metrics, replays, streams
from runtime import completeness as counts
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.deliveries import destinations
from runtime.inbox import tracked_to
from runtime.leases import LeaseHeld, lease
from runtime.metrics import Recorder
from runtime.settings import Settings
from workers.dependencies import current
from workers.housekeeping import alarms, completeness, expiry, guardian, presence, put_back

UPKEEP_SECONDS: Final = 60.0

TIDY_SECONDS: Final = UPKEEP_SECONDS - 5
"""How long after the last time what is no account's own is done again: by every upkeep of an only account."""

_SCANNED: Final = 1000
_DAY: Final = 86400.0

_OF_FORMER: Final = (
    keys.inbox,
    keys.inbox_cursor,
    keys.quarantine,
    keys.relinked,
    keys.quiet,
    keys.due,
    keys.open_sessions,
    keys.calls,
    keys.listed,
    keys.suppressed,
    keys.audited,
    keys.completeness,
    keys.ringouts,
    keys.ringouts_due,
    keys.ringout_sessions,
    keys.comparisons,
    keys.subscription,
    keys.reminded,
    keys.silences,
    keys.over,
    keys.unheard,
    keys.heard,
    keys.refused,
    keys.asking,
    keys.rereads,
    keys.first_wait,
    keys.replays,
    keys.replays_due,
    keys.replays_asked,
)
"""What is kept of an account until somebody takes it out; all else has a time to live."""


def serve(account: str) -> None:
    """Serve one account's bell. Called by RQ."""
    dependencies = current()
    redis, settings = dependencies.redis, dependencies.settings
    try:
        with lease(redis, dependencies.account(account).name, Stage.UPKEEP):
            tidy(redis, settings, dependencies.recorder)
            trim(redis, account, settings)
            faults.point("upkeep.trimmed")
            completeness.check(redis, account, retention=settings.retention_seconds)
            alarms.of_account(redis, settings, dependencies.account(account))
            now = redis_time(redis)
            there_for = now - presence.since(redis, dependencies.made_at, now=now)
            alarms.of_call_log(redis, settings, dependencies.account(account), there_for=there_for)
    except LeaseHeld:
        return
    dependencies.shifts.begin(guardian.run, account)


def tidy(redis: Redis, settings: Settings, recorder: Recorder) -> None:
    """Do what is no account's own, unless another account's upkeep has just done it: once a minute is enough."""
    now, before = redis_time(redis), float(cast("bytes | None", redis.get(keys.TIDIED)) or 0)
    presence.note(redis, before=before, now=now)
    if not redis.exists(keys.ACCOUNTS):  # no version has noted yet which there are, though one may just have been here
        _note_accounts(redis, settings)
    if before <= now < before + TIDY_SECONDS:
        return
    if now < before:
        put_back.be_due_earlier(redis, [one.name for one in settings.accounts], now=now)
    lifetimes.note(redis, settings.retention_seconds, now=now)
    expiry.trim(redis, recorder, now=now, retention=settings.retention_seconds)
    alarms.of_redis(redis)
    alarms.of_destinations(redis)
    alarms.of_accounts(redis, {one.name for one in settings.accounts})
    there = destinations.ids(redis)
    metrics.forget(redis, "destination", lambda one: one not in there)
    if now // _DAY != before // _DAY:  # a `web` that still knows one of before may have taken something in for it
        _note_accounts(redis, settings)
    trim_former(redis, settings, now=now)
    redis.set(keys.TIDIED, f"{now:.3f}")


def trim(redis: Redis, account: str, settings: Settings) -> None:
    """Trim an account's logs to their retention, and be rung again. Bodies not tracked yet are never dropped."""
    now = redis_time(redis)
    redis.sadd(keys.ACCOUNTS, account)
    _trim(redis, account, settings, now=now, untracked=_untracked(redis, account))
    bells.put_off(redis, Stage.UPKEEP, account, now + UPKEEP_SECONDS)


def trim_former(redis: Redis, settings: Settings, *, now: float) -> None:
    """Trim those that were accounts of the settings: nobody's upkeep is theirs, and what they hold is somebody's calls.

    What came last may not be tracked any more. It is kept as long as all else, should the account come back; after
    that nothing is, not even how far the call log was asked: it would begin anew.
    """
    there = {one.name for one in settings.accounts}
    every = {one.decode() for one in cast("set[bytes]", redis.smembers(keys.ACCOUNTS))}
    for account in every - there:
        untracked = max(_untracked(redis, account), (int((now - settings.retention_seconds) * 1000), 0))
        _trim(redis, account, settings, now=now, untracked=untracked)
        bodies = redis.xlen(keys.inbox(account)) + redis.xlen(keys.quarantine(account))
        if bodies or redis.exists(keys.calls(account), keys.open_sessions(account)):
            continue
        if not _is_looked_after(redis, account, settings, now=now):
            _forget(redis, account)


def _is_looked_after(redis: Redis, account: str, settings: Settings, *, now: float) -> bool:
    """Say whether upkeep counted an account's calls within the retention: by other settings it may still be one."""
    counted = counts.last(redis, account)
    return counted is not None and now - counted.at < settings.retention_seconds


def _forget(redis: Redis, account: str) -> None:
    """Leave nothing of an account that was one."""
    metrics.forget(redis, "account", lambda name: name == account)
    with redis.pipeline(transaction=True) as pipeline:
        pipeline.delete(*(build(account) for build in _OF_FORMER))
        pipeline.srem(keys.ACCOUNTS, account)
        pipeline.execute()


def _note_accounts(redis: Redis, settings: Settings) -> None:
    """Note which accounts there are, and were."""
    redis.sadd(keys.ACCOUNTS, *{one.name for one in settings.accounts}, *_with_an_inbox(redis))


def _with_an_inbox(redis: Redis) -> Iterator[str]:
    """Find all accounts that anything was ever heard of, by a look at every key."""
    before, _, after = keys.inbox("*").partition("*")
    for key in redis.scan_iter(match=keys.inbox("*"), count=_SCANNED):
        yield key.decode().removeprefix(before).removesuffix(after)


def _untracked(redis: Redis, account: str) -> tuple[int, int]:
    """Give the first place of the inbox that is not tracked yet."""
    milliseconds, number = streams.order(tracked_to(redis, account))
    return milliseconds, number + 1


def _trim(redis: Redis, account: str, settings: Settings, *, now: float, untracked: tuple[int, int]) -> None:
    kept_since = lifetimes.kept_since(redis, settings.retention_seconds, now=now)
    call_index.trim(redis, account, before=kept_since)
    _strike_off(redis, account, before=kept_since)
    inbox = min((int((now - settings.inbox_retention_seconds) * 1000), 0), untracked)
    log = (int((now - settings.retention_seconds) * 1000), 0)
    audit.forget(redis, account, before=kept_since)
    _trim_replays(redis, account, before=now - settings.retention_seconds)
    with redis.pipeline(transaction=False) as pipeline:
        for stream, (milliseconds, number) in (
            (keys.inbox(account), inbox),
            (keys.quarantine(account), log),
        ):
            # Not approximate, which leaves a hundred entries of a quiet account for ever: they are somebody's calls.
            pipeline.xtrim(stream, minid=f"{milliseconds}-{number}", approximate=False)
        for calls in (keys.ringouts, keys.ringout_sessions):
            pipeline.zremrangebyscore(calls(account), "-inf", now - settings.retention_seconds)
        pipeline.execute()


def _trim_replays(redis: Redis, account: str, *, before: float) -> None:
    """Take replays out of the list of which nothing is left, and what nobody has gone on with since it was due then.

    Of the latter nothing is kept: one that was never begun has no time to live yet; and as long as it is noted as asked
    for, asking for the same again would give that one, which nobody would begin any more.
    """
    with redis.pipeline(transaction=False) as pipeline:
        for name in (keys.replays_due(account), keys.replays(account)):
            pipeline.zrange(name, "-inf", before, byscore=True)
        due, old = pipeline.execute()
    for one in due:
        with redis.pipeline(transaction=True) as pipeline:
            for command in replays.forgotten(redis, account, one.decode()):
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's
            pipeline.execute()
    ids = [one.decode() for one in old]
    lifetimes.strike_off(redis, account, keys.replays(account), ids, kept=(keys.replay,))


def _strike_off(redis: Redis, account: str, *, before: float) -> None:
    """Take calls out of the list of open ones that were not heard of since `before`, and of which nothing is left.

    Nobody else can: whoever would end such a call has to know something of it. It ended while all was stopped for
    longer than the retention, say; or only the call log told of it, and never called it final.
    """
    rows = redis.zrange(keys.open_sessions(account), "-inf", f"({before:.3f}", byscore=True)
    ids, kept = [row.decode() for row in cast("list[bytes]", rows)], (keys.session, keys.records)
    lifetimes.strike_off(redis, account, keys.open_sessions(account), ids, kept=kept)
