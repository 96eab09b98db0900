"""Look at Redis: can it lose, forget or refuse what it is given; is it ours alone; is everybody's clock right."""

import time
import zlib
from typing import Any, Final, cast
from urllib.parse import urlsplit

from runtime import keys, ledger, safety, streams
from runtime.clocks import redis_time, stopwatch
from runtime.deliveries import destinations
from runtime.safety import Check, Verdict
from scripts.checkup import rq_state
from scripts.checkup.findings import Finding, Findings, Patient, error, warning
from scripts.terminal.installation import named

OLDEST: Final = 7
SKEW_SECONDS: Final = 2.0
WRONG_SECONDS: Final = 60.0
SAMPLED: Final = 200
_KNOWN_TO_ALL: Final = "change-me"
_ONE_VERSION: Final = "run one version everywhere: finish the deployment, or go back to the newer version"


def reached(patient: Patient) -> Findings:
    """Redis is where `REDIS_URL` says, or `./scripts/run` has started it, and answers."""
    if patient.no_redis:
        yield error(patient.no_redis, "start Redis, or set REDIS_URL to where it is")


def password(patient: Patient) -> Findings:
    """The password of our user of Redis is none that stands in `docs/ops/acl/users.acl`, for everybody to read."""
    if (urlsplit(patient.environ.get("REDIS_URL", "")).password or "").startswith(_KNOWN_TO_ALL):
        yield error(
            "the password of Redis's user is the one that users.acl comes with",
            f"replace every {_KNOWN_TO_ALL} in users.acl, and say the new ones in REDIS_URL, or with compose in .env",
        )


def version(patient: Patient) -> Findings:
    """Redis is 7 or newer, or Valkey."""
    found = str(_info(patient).get("redis_version", "0"))
    if int(found.partition(".")[0] or 0) < OLDEST and "valkey_version" not in _info(patient):
        yield error(f"Redis is {found}", f"upgrade Redis to {OLDEST} or newer, or use Valkey")


def persistence(patient: Patient) -> Findings:
    """What was accepted survives a restart of Redis."""
    yield from _safe(safety.persistence(_info(patient)), "set appendonly yes and appendfsync everysec")


def eviction(patient: Patient) -> Findings:
    """Redis refuses when it is full, and forgets nothing."""
    yield from _safe(safety.eviction(_info(patient)), "set maxmemory-policy noeviction")


def memory(patient: Patient) -> Findings:
    """Redis has room."""
    yield from _safe(safety.memory(_info(patient)), "set maxmemory, and give Redis more of it or shorten the retention")


def role(patient: Patient) -> Findings:
    """This Redis takes writes."""
    found = safety.role(_info(patient))
    yield from _safe(found, "point REDIS_URL at the primary, or use redis+sentinel://")
    if found.verdict is Verdict.OK:
        yield from _safe(safety.writes(patient.redis), "mend what Redis names: its disk, its replicas, its memory")


def clock(patient: Patient) -> Findings:
    """This machine's clock and those of the workers go with Redis's."""
    began = stopwatch()
    theirs, ours = redis_time(patient.redis), time.time()
    off = abs(theirs - ours) - (stopwatch() - began)
    if off > SKEW_SECONDS:
        yield _skew(f"this machine's clock is {off:.0f} s off Redis's", off)
    for worker in rq_state.workers(patient.redis):
        ahead = worker.heard_at - theirs
        if ahead > SKEW_SECONDS:
            yield _skew(f"the clock of worker {worker.name} is {ahead:.0f} s ahead of Redis's", ahead)


def places(patient: Patient) -> Findings:
    """No entry of a stream is from a time that is still to come: till then nothing of it would be dropped."""
    inboxes = {keys.inbox(one.name): keys.inbox_cursor(one.name) for one in patient.settings.accounts}
    names, now = [*inboxes, keys.OUTCOMES], redis_time(patient.redis)
    for name, (place, _) in zip(names, streams.ends(patient.redis, names), strict=True):
        ahead = streams.added_at(place) - now
        if ahead > WRONG_SECONDS:
            anew = f"stop web and track, then redis-cli DEL '{name}' '{inboxes[name]}'" if name in inboxes else ""
            yield error(
                f"{name} has entries from {ahead / 3600:,.1f} hours ahead: Redis's clock was wrong, or somebody put "
                "them there; what is added now has their time, and is dropped its retention after that",
                anew or "see that Redis has the room till then",
            )


def one_deployment(patient: Patient) -> Findings:
    """No other installation works on this Redis."""
    ours = {account.name for account in patient.settings.accounts}
    bells = (member.decode() for member in cast("list[bytes]", patient.redis.zrange(keys.BELLS, 0, -1)))
    rung = {name for stage, _, name in (bell.partition("|") for bell in bells) if stage != "deliver"}
    if foreign := sorted(rung - ours):
        yield error(
            f"bells are rung for accounts the settings do not name: {named(foreign)}",
            "give each installation a Redis of its own, or name those accounts in ACCOUNTS_FILE",
        )


def payloads(patient: Patient) -> Findings:
    """Everything that is stored can be read by this version."""
    for pattern in (keys.session("*", "*"), keys.resolution("*", "*"), keys.records("*", "*")):
        found = []
        for key in patient.redis.scan_iter(match=pattern, count=1000):
            found.append(key)
            if len(found) >= SAMPLED:
                break
        blobs = cast("list[bytes | None]", patient.redis.mget(found)) if found else []
        count = sum(blob is not None and not _is_readable(blob) for blob in blobs)
        if count:
            yield error(
                f"{count} of {len(found)} records like {pattern} were written by another version of Legwork",
                _ONE_VERSION,
            )
    readable = {one.id for one in destinations.all(patient.redis)}
    if strange := sorted(destinations.ids(patient.redis) - readable):
        yield error(f"destinations were written by another version of Legwork: {named(strange)}", _ONE_VERSION)


def _is_readable(blob: bytes) -> bool:
    try:
        ledger.plain(blob)
    except (ledger.UnknownVersion, zlib.error):
        return False
    return True


def _skew(says: str, off: float) -> Finding:
    make = error if off > WRONG_SECONDS else warning
    return make(says, "synchronise the clock of that machine (NTP)")


def _safe(check: Check, fix: str) -> Findings:
    if check.verdict is Verdict.FAILED:
        yield error(check.detail, fix)
    elif check.verdict is Verdict.WARNING:
        yield warning(check.detail, fix)


def _info(patient: Patient) -> dict[str, Any]:
    return patient.redis.info()
