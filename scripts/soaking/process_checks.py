"""What the processes were like: their jobs, logs, command lines, restarts and memory."""

import re
import time
from typing import Final, cast

from redis import Redis

from runtime.bells import Stage, queue_name
from scripts.simulator.tokens import TOKEN_PREFIX
from scripts.simulator.world import NAMES
from scripts.soaking.driving import Course
from scripts.soaking.faults import FAULTS
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from scripts.soaking.strangers import FORGED, trace
from scripts.soaking.watching import SECRETS

MOST_RESTARTS: Final = 4
"""Restarts beyond one for each fault of Redis and each set of forged jobs, which RQ leaves by ending (ADR 5)."""

GROWTH: Final = 1.5
GROWTH_MEGABYTES: Final = 30.0
LEAST_SAMPLES: Final = 60
_MOMENT_SECONDS: Final = 2.0
_PAGE: Final = 1000
_NUMBER: Final = re.compile(r"\+[1-9]\d{9,14}\b|(?<![\w.+-])1[2-9]\d{2}55501\d{2}(?![\w.-])")
"""Any number with its plus, and the simulated ones without: RingCentral writes both."""

_TOLD: Final = (*SECRETS, TOKEN_PREFIX, *NAMES)


def orphans(plant: Plant, _: Course) -> Finding:
    """Look for jobs that are in no list and no set of RQ's, and so will never be run nor forgotten.

    Twice, because one that has just been put into a queue is not in what was read a moment before.
    """
    jobs, lost = _jobs(plant.patient)
    time.sleep(_MOMENT_SECONDS)
    lost &= _jobs(plant.patient)[1]
    return finding("no RQ job is orphaned", sorted(lost), f"{jobs} jobs, each where RQ will find it")


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


def forged(plant: Plant, _: Course) -> Finding:
    """Look for what a forged job leaves behind that somebody has run, or opened."""
    run = ["one was"] * trace(plant).exists()
    return finding("nobody runs a job that is none of ours", run, f"none of {plant.forged} was")


def logs(plant: Plant, _: Course) -> Finding:
    """Read all logs for numbers, names, tokens and secrets."""
    faults, lines = [], 0
    with plant.log.open(errors="replace") as log:
        for lines, line in enumerate(log, start=1):  # noqa: B007 - counted
            if _NUMBER.search(line) or any(one in line for one in _TOLD):
                faults.append(line.strip()[:200])
    return finding("no log holds a number, a name or a secret", faults, f"{lines:,} lines")


def command_lines(plant: Plant, _: Course) -> Finding:
    """Tell of the processes whose command line gave something away."""
    looks = ["nobody looked at them"] * (not plant.looks)
    good = f"every process, {plant.looks:,} times"
    return finding("no process has a secret on its command line", [*plant.on_command_lines, *looks], good)


def restarts(plant: Plant, course: Course) -> Finding:
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


def memory(plant: Plant, _: Course) -> Finding:
    """Hold the last third of the time against the first: held against the middle one, even growth would never show."""
    faults, watched = [], False
    for name, sizes in plant.megabytes.items():
        third = len(sizes) // 3
        if len(sizes) < LEAST_SAMPLES:
            continue
        watched = True
        before, after = max(sizes[:third]), max(sizes[2 * third :])
        if after > GROWTH * before and after - before > GROWTH_MEGABYTES:
            faults.append(f"{name} grew from {before:.0f} to {after:.0f} MB")
    most, name = max(((max(sizes), name) for name, sizes in plant.megabytes.items()), default=(0.0, "no process"))
    good = f"{most:.0f} MB at most, by {name}" + ", too short a time to see growth" * (not watched)
    return finding("memory stays flat", faults, good)
