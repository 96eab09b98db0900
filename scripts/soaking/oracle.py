"""The oracle: judge, after all faults are over, whether everything that was promised held.

Each check looks at one thing and names what it found; `detail` says it in a sentence, with the first few offenders.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final, cast

from redis import Redis

from runtime import audit, keys
from runtime.bells import Stage, queue_name
from runtime.deliveries import attempts
from runtime.settings import DEFAULT_ACCOUNT
from scripts.soaking.driving import Course
from scripts.soaking.faults import FAULTS
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from scripts.soaking.strangers import FORGED
from scripts.soaking.subscription import guarded
from scripts.soaking.watching import SECRETS
from scripts.supervisor.summary import OUTCOME, Data, Verdict
from telephony.completeness import Standing

RECOVERY_SECONDS: Final = 15.0
"""A killed runner's stage waits ten seconds for its lease to run out, and its bell a few more."""

MOST_RESTARTS: Final = 4
"""Restarts beyond one for each fault of Redis and each set of forged jobs, which RQ leaves by ending (ADR 5)."""

GROWTH: Final = 1.5
GROWTH_MEGABYTES: Final = 30.0
LEAST_SAMPLES: Final = 60
_MOMENT_SECONDS: Final = 2.0
_OF_RINGOUT: Final = "ringout_second"
_PAGE: Final = 1000
_NUMBER: Final = re.compile(r"\+[1-9]\d{9,14}\b")


def judge(plant: Plant, course: Course) -> tuple[Finding, ...]:
    """Make every check."""
    checks: tuple[Callable[[Plant, Course], Finding], ...] = (
        _outcomes,
        _once,
        _stored,
        _conserved,
        _read,
        _delivered,
        _bodies,
        _order,
        _links,
        _orphans,
        _recovery,
        _rest,
        lambda plant, _: guarded(plant),
        _logs,
        _command_lines,
        _canary,
        _restarts,
        _memory,
    )
    return tuple(check(plant, course) for check in checks)


def _outcomes(_: Plant, course: Course) -> Finding:
    report = course.report
    wrong = [
        f"{one.truth.telephony_session_id} ({one.truth.scenario}) is {one.verdict} {one.differing or ''}".rstrip()
        for one in report.judgements
        if one.verdict is not Verdict.RIGHT
    ]
    missing = [f"{course.calls - len(report.judgements)} calls are unknown"] * (len(report.judgements) < course.calls)
    return finding(
        "every call has the outcome RingCentral in a box knows to be right",
        [*wrong, *missing],
        f"{report.count(Verdict.RIGHT):,} of {len(report.judgements):,}",
    )


def _once(plant: Plant, _: Course) -> Finding:
    times = Counter(event_id for _, event_id in _log(plant.patient))
    twice = (f"{event_id} {count} times" for event_id, count in times.items() if count > 1)
    return finding("nothing is published twice", twice, f"{len(times):,} events")


def _stored(plant: Plant, course: Course) -> Finding:
    """Hold the cursor of track against the end of the inbox, and look for played calls that still wait for something.

    Hostile bodies invent sessions, which wait for their deadline as they should.
    """
    cursor = cast("bytes | None", plant.patient.get(keys.inbox_cursor(DEFAULT_ACCOUNT))) or b"0-0"
    rest = cast("list[Any]", plant.patient.xrange(keys.inbox(DEFAULT_ACCOUNT), min=b"(" + cursor, count=1))
    unread = ["the inbox holds what was never folded"] * bool(rest)
    played = {one.truth.telephony_session_id.encode() for one in course.report.judgements}
    for name in (keys.due(DEFAULT_ACCOUNT), keys.quiet(DEFAULT_ACCOUNT)):
        left = played.intersection(cast("list[bytes]", plant.patient.zrange(name, 0, -1)))
        unread += [f"{len(left)} sessions still wait in {name}"] * bool(left)
    count = plant.patient.xlen(keys.inbox(DEFAULT_ACCOUNT))
    return finding("nothing accepted is left behind", unread, f"{count:,} notifications, all folded")


def _conserved(plant: Plant, course: Course) -> Finding:
    """Ask the product's own completeness ledger: every call it knows of is somewhere, and all played ones published."""
    hours = audit.hours(plant.patient, DEFAULT_ACCOUNT, since=course.began - audit.HOUR, until=time.time(), fresh=True)
    ledger = audit.total(hours)
    published = ledger.count(Standing.PUBLISHED)
    faults = [f"{one.telephony_session_id}: {one.because}" for one in ledger.unexplained]
    faults += [f"only {published} of {course.calls} are published"] * (published < course.calls)
    good = f"{published:,} published, {ledger.known - published} elsewhere, none unexplained"
    return finding("the completeness ledger accounts for every call", faults, good)


def _read(plant: Plant, _: Course) -> Finding:
    log = dict(_log(plant.patient))
    seen = {place: event.id for place, event in plant.reader.events.items()}
    faults = [f"{log[place]} was never read" for place in log.keys() - seen.keys()]
    faults += [f"{seen[place]} was read and is not in the log" for place in seen.keys() - log.keys()]
    return finding("a consumer group has read exactly the outcome log", faults, f"{len(seen):,} events")


def _delivered(plant: Plant, _: Course) -> Finding:
    """Every event has arrived, but for those that gave way to a later revision, which did."""
    published = {event_id for _, event_id in _log(plant.patient)}
    taken = plant.consumer.taken()
    replaced = {one.event_id for one in _attempts(plant) if one.verdict == "replaced"}
    last: dict[str, int] = {}
    for event_id in taken:
        call, __, revision = event_id.rpartition("/")
        last[call] = max(last.get(call, -1), int(revision))
    given_way = {one for one in replaced if last.get(one.rpartition("/")[0], -1) > int(one.rpartition("/")[2])}
    faults = [f"{event_id} never arrived" for event_id in sorted(published - taken - given_way)]
    faults += [f"{event_id} was never published" for event_id in sorted(taken - published)]
    good = f"{len(taken):,} of {len(published):,}; {len(given_way - taken):,} gave way to a later revision"
    return finding("the CRM got exactly what was published", faults, good)


def _bodies(plant: Plant, _: Course) -> Finding:
    seen: dict[str, bytes] = {}
    faults = [
        f"{one.event_id} came with two bodies"
        for one in plant.consumer.arrivals
        if seen.setdefault(one.event_id, one.digest) != one.digest
    ]
    again = len(plant.consumer.arrivals) - len(seen)
    return finding("what is sent again is the same to the byte", faults, f"{again:,} events were sent again")


def _order(plant: Plant, _: Course) -> Finding:
    calls: dict[str, list[int]] = {}
    for one in plant.consumer.arrivals:
        call, __, revision = one.event_id.rpartition("/")
        calls.setdefault(call, []).append(int(revision))
    faults = (
        f"{call} came in the order {revisions}"
        for call, revisions in calls.items()
        if any(later < earlier for earlier, later in pairwise(revisions))
    )
    return finding("the revisions of a call arrive in their order", faults, f"{len(calls):,} calls")


def _links(plant: Plant, _: Course) -> Finding:
    """Look for sessions that a later revision does not link any more; only a RingOut's links may have been guesses."""
    calls: dict[str, list[Data]] = {}
    for event in plant.reader.known():
        calls.setdefault(event.subject, []).append(event.data)
    faults = []
    for call, revisions in calls.items():
        revisions.sort(key=lambda one: one.revision)
        for before, after in pairwise(revisions):
            lost = set(before.linked_sessions) - set(after.linked_sessions)
            role = after.conversation and after.conversation.role
            if lost and after.caller_status is None and role != _OF_RINGOUT:
                faults.append(f"{call} has lost {sorted(lost)} in revision {after.revision}")
    return finding("sessions that were linked stay so", faults, f"{len(calls):,} calls")


def _orphans(plant: Plant, _: Course) -> Finding:
    """Look for jobs that are in no list and no set of RQ's, and so will never be run nor forgotten.

    Twice, because one that has just been put into a queue is not in what was read a moment before.
    """
    jobs, orphans = _jobs(plant.patient)
    time.sleep(_MOMENT_SECONDS)
    orphans &= _jobs(plant.patient)[1]
    return finding("no RQ job is orphaned", sorted(orphans), f"{jobs} jobs, each where RQ will find it")


def _jobs(redis: Redis) -> tuple[int, set[str]]:
    """Count the jobs that are kept for ever, and name those of ours that RQ will not find."""
    held: set[bytes] = set()
    for stage in Stage:
        name = queue_name(stage)
        held |= set(cast("list[bytes]", redis.lrange(f"rq:queue:{name}", 0, -1)))
        held |= set(cast("list[bytes]", redis.lrange(f"rq:queue:{name}:intermediate", 0, -1)))
        for registry in ("wip", "failed", "scheduled", "deferred", "finished", "canceled"):
            members = cast("list[bytes]", redis.zrange(f"rq:{registry}:{name}", 0, -1))
            held |= {member.partition(b":")[0] for member in members}
    jobs = [key for key in redis.scan_iter("rq:job:*", count=_PAGE) if redis.ttl(key) == -1]
    ours = [key for key in jobs if not key.startswith(tuple(f"rq:job:{kind}-".encode() for kind in FORGED))]
    return len(jobs), {key.decode() for key in ours if key.removeprefix(b"rq:job:") not in held}


def _recovery(plant: Plant, course: Course) -> Finding:
    """Say how long it took in each calm, when no fault was on any more, until outcomes were published again."""
    times = sorted(
        int(place.partition(b"-")[0]) / 1000 for place, event in plant.reader.events.items() if event.type == OUTCOME
    )
    faults, longest = [], 0.0
    for over, until in _calms(course):
        took = next((time - over for time in times if time >= over), until - over)
        longest = max(longest, took)
        if took > RECOVERY_SECONDS:
            faults.append(f"{took:.1f} s, {over - course.began:.0f} s after the first call")
    return finding("outcomes flow again soon after the faults of each minute", faults, f"after {longest:.1f} s at most")


def _rest(_: Plant, course: Course) -> Finding:
    after = f"{course.settled_after:.0f} s after the last call"
    return finding("all comes to rest, and nothing is asked for ever", [f"not {after}"] * (not course.settled), after)


def _calms(course: Course) -> Iterator[tuple[float, float]]:
    """Give every stretch without a fault that is long enough to tell: when it began, and when it was over."""
    over = course.began
    for one in course.faults:
        if one.began - over > RECOVERY_SECONDS:
            yield over, one.began
        over = max(over, one.over)
    if course.played - over > RECOVERY_SECONDS:
        yield over, course.played


def _logs(plant: Plant, _: Course) -> Finding:
    faults, lines = [], 0
    with plant.log.open(errors="replace") as log:
        for lines, line in enumerate(log, start=1):  # noqa: B007 - counted
            if _NUMBER.search(line) or any(secret in line for secret in SECRETS):
                faults.append(line.strip()[:200])
    return finding("no log holds a number or a secret", faults, f"{lines:,} lines")


def _command_lines(plant: Plant, _: Course) -> Finding:
    return finding("no process has a secret on its command line", plant.on_command_lines, "every process, every 2 s")


def _canary(plant: Plant, _: Course) -> Finding:
    visits = plant.canary.visits
    return finding("nobody was made to talk to our own network", ["connections"] * visits, "the canary saw nobody")


def _restarts(plant: Plant, course: Course) -> Finding:
    """Count the starts that no fault explains: each of some kinds may end a worker."""
    endings = sum("jobs" in one.name or FAULTS[one.name].lane == "redis" for one in course.faults)
    surplus = {name: count - plant.ends_meant.get(name, 0) for name, count in plant.starts.items()}
    faults = (f"{name}: {count}" for name, count in surplus.items() if count > MOST_RESTARTS + endings)
    most = max(surplus.values(), default=0)
    return finding(
        "no process ends again and again",
        faults,
        f"{sum(plant.starts.values())} restarts, most of them ours; {most} of one process at most were not, in"
        f" {endings} faults that may end it",
    )


def _memory(plant: Plant, _: Course) -> Finding:
    faults = []
    for name, sizes in plant.megabytes.items():
        third = len(sizes) // 3
        if len(sizes) < LEAST_SAMPLES:
            continue
        before, after = max(sizes[third : 2 * third]), max(sizes[2 * third :])
        if after > GROWTH * before and after - before > GROWTH_MEGABYTES:
            faults.append(f"{name} grew from {before:.0f} to {after:.0f} MB")
    most, name = max(((max(sizes), name) for name, sizes in plant.megabytes.items()), default=(0.0, "no process"))
    return finding("memory stays flat", faults, f"{most:.0f} MB at most, by {name}")


def _log(redis: Redis) -> Iterator[tuple[bytes, str]]:
    """Give the places and ids of all events in the outcome log."""
    place = b"-"
    while rows := cast("list[Any]", redis.xrange(keys.OUTCOMES, min=place, count=_PAGE)):
        for entry_id, fields in rows:
            yield entry_id, re.search(rb'"id":"([^"]*)"', fields[b"event"])[1].decode()  # type: ignore[index]  # each has one
        place = b"(" + rows[-1][0]


def _attempts(plant: Plant) -> Iterator[attempts.Attempt]:
    after: str | None = None
    while True:
        page = attempts.page(plant.patient, plant.destination, after=after, limit=_PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return
