"""Backfill a long history through a worker that is killed twice: requests, memory, and whether all is right."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from runtime import keys, outcome_log, replays
from runtime.redis_client import WORK, connect
from runtime.replays import Asked, Level, Replay
from scripts.benchmarks.figures import Figure, Result, Table
from scripts.benchmarks.options import Options
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, Configuration, running_simulator
from scripts.simulator.history import fill
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.group import Group
from scripts.supervisor.processes import megabytes
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from telephony.events import decode
from telephony.selection import Selection

ACCOUNT: Final = "default"
DAY: Final = 86400.0
PLENTY: Final = 6000
MOST_REQUESTS: Final = 60
MOST_GROWTH: Final = 1.25
"""Memory of the worker at the end, against what it took after a fifth of the work: more would not be flat."""

LOOK_SECONDS: Final = 0.5
KILLED_AT: Final = (0.35, 0.7)

REMARKS: Final = """\
RingCentral in a box lists calls begun over thirty days that nobody was told of. A replay worker, a process of its own,
backfills them into an embedded Redis; at a third and at two thirds it is killed with -9 and another one goes on.
"""


class Sample(Struct, frozen=True):
    """How much was done, and what the worker and Redis took then (MiB)."""

    calls: int
    worker: float
    redis: float


def run(options: Options) -> Result:
    """Backfill, kill, and compare every outcome with the truth."""
    count = 3_000 if options.quick else 50_000
    with (
        Watchdog() as watchdog,
        tempfile.TemporaryDirectory() as folder,
        EmbeddedRedis(Path(folder), watchdog=watchdog) as server,
        running_simulator(Configuration(limits=dict.fromkeys(("light", "medium", "heavy", "auth"), PLENTY))) as box,
    ):
        options.say(f"backfill: listing {count} calls")
        truth = {
            take.ids.telephony_session_id: str(take.session.truth.outcome)
            for take in fill(box._box, count, seconds=30 * DAY)  # noqa: SLF001 - the simulator is this process's own
        }
        environ = _environ(server.url, box.url)
        with connect(server.url, WORK) as redis:
            began = time.monotonic()
            since = time.time() - 31 * DAY
            asked = Asked(level=Level.BACKFILL, selection=Selection(since=since), deliver=False)
            replay = replays.create(redis, ACCOUNT, asked)
            samples = list(_carried_out(redis, replay, count, watchdog, environ, options))
            took = time.monotonic() - began
            told = {event.subject: event.data.outcome for event in _published(redis)}
            events = redis.xlen(keys.OUTCOMES)
        requests = sum("/call-log" in one["path"] for one in box.requests())
    right = sum(told.get(one) == outcome for one, outcome in truth.items())
    return _result(count, samples, requests=requests, events=events, right=right, took=took)


def _carried_out(
    redis: Any, replay: Replay, count: int, watchdog: Watchdog, environ: dict[str, str], options: Options
) -> Iterator[Sample]:
    """Run the worker and the clock until the backfill is over, killing the worker on the way."""
    kills = [share * count for share in KILLED_AT]
    clock, worker = _start("clock", watchdog, environ), _start("replay", watchdog, environ)
    try:
        while not (found := replays.load(redis, ACCOUNT, replay.id) or replay).is_over:
            time.sleep(LOOK_SECONDS)
            done = redis.xlen(keys.OUTCOMES)
            if kills and done >= kills[0]:
                options.say(f"backfill: kill -9 after {done} calls")
                kills.pop(0)
                worker.kill()
                worker = _start("replay", watchdog, environ)
            resident = megabytes(worker.pid)
            if resident:
                yield Sample(done, resident, int(redis.info("memory")["used_memory"]) / 2**20)
        options.say(f"backfill: {found.progress.state} after {found.progress.requests} requests")
    finally:
        worker.kill()
        clock.kill()


def _start(stage: str, watchdog: Watchdog, environ: dict[str, str]) -> Group:
    words = (sys.executable, "-m", "workers", stage)
    return Group(words, watchdog=watchdog, stdout=subprocess.DEVNULL, env=environ, cwd=ROOT)


def _environ(redis_url: str, platform_url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "REDIS_URL": redis_url,
        "RC_SERVER_URL": platform_url,
        "RC_APP_CLIENT_ID": CLIENT_ID,
        "RC_APP_CLIENT_SECRET": CLIENT_SECRET,
        "RC_USER_JWT": USER_JWT,
        "HEAVY_LIMIT": str(PLENTY),
        "LOG_LEVEL": "warning",
    }


def _published(redis: Any) -> Iterator[Any]:
    return (decode(entry.document) for entry in outcome_log.newest_first(redis))


def _result(count: int, samples: list[Sample], *, requests: int, events: int, right: int, took: float) -> Result:
    settled = [one for one in samples if one.calls >= count / 5]
    growth = settled[-1].worker / settled[0].worker if settled else None
    peak = max((one.worker for one in samples), default=None)
    rows = tuple((one.calls, one.worker, one.redis) for one in samples[:: max(1, len(samples) // 10)])
    return Result(
        benchmark="backfill",
        remarks=REMARKS,
        tables=(
            Table("On the way", ("calls", "worker MiB", "Redis MiB"), rows),
            Table("In all", ("calls", "events", "seconds", "peak MiB"), ((count, events, took, peak),)),
        ),
        figures=(
            Figure(name="call-log requests", value=requests, at_most=MOST_REQUESTS),
            Figure(name="calls with the right outcome", value=right / count, at_least=1.0),
            Figure(name="events for each call", value=events / count, at_most=1.0),
            Figure(name="worker's memory, end against a fifth", value=growth, unit="times", at_most=MOST_GROWTH),
        ),
    )
