"""A trial of the deliver stage: five CRMs, workers that are killed, and an oracle that knows what must have arrived."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import quantiles
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from redis import Redis

from runtime.deliveries import attempts, backlog, destinations
from runtime.deliveries.redrive import Redrive, redrive, send_test
from scripts.crms.journal import all_attempts, two_bodies, wrong_order
from scripts.crms.published import outcomes, publish
from scripts.crms.receiver import Manner, Receiver, at_once, down_for, gone, half_the_time, receiver, slowly
from scripts.venv import ROOT
from telephony.destinations import DestinationState, Draft

MANNERS: Final[Mapping[str, Manner]] = MappingProxyType(
    {
        "fast": at_once,
        "slow": slowly(0.1),
        "failing": half_the_time,
        "down": down_for(3.0),
        "gone": gone,
    }
)
_POLL_SECONDS: Final = 0.1
_KILLED_ON_SECONDS: Final = 20.0
"""After all is published, for where a worker takes longer to start than to be killed, nothing would ever be done."""


class Report(Struct, frozen=True):
    """What was found out about one CRM: how many events it took, requests it got, and how late they were (seconds)."""

    name: str
    taken: int
    requests: int
    median: float
    p99: float
    faults: tuple[str, ...]


def run(
    redis: Redis,
    redis_url: str,
    count: int,
    *,
    per_second: float,
    kill_every: float,
    manners: Mapping[str, Manner] = MANNERS,
) -> list[Report]:
    """Publish `count` outcomes to all CRMs while workers are killed, wait until all arrived, and judge."""
    with receiver(manners) as crms, _workers(redis_url) as workers:
        ids = {name: _added(redis, f"{crms.url}/{name}") for name in manners}
        _warmed_up(redis, crms, "fast", ids["fast"])
        made = list(outcomes(count))
        killing = _killing(workers, kill_every)
        times: dict[str, float] = {}
        for first in range(0, count, 100):
            times |= publish(redis, made[first : first + 100], per_second=per_second)
            next(killing)
        live = {name: destination for name, destination in ids.items() if manners[name] is not gone}
        published = time.monotonic()
        while any(_has_work(redis, one) for one in live.values()) and time.monotonic() < published + 60 + count / 20:
            if time.monotonic() < published + _KILLED_ON_SECONDS:
                next(killing)
            time.sleep(_POLL_SECONDS)
        return [_judged(redis, crms, name, one, times, lives=name in live) for name, one in ids.items()]


def _has_work(redis: Redis, destination: str) -> bool:
    """Say whether anything is to be delivered still; dead letters are asked for again, as people would."""
    return backlog.status(redis, destination).backlog > 0 or redrive(redis, destination, Redrive(), dry_run=False) > 0


def _warmed_up(redis: Redis, crms: Receiver, name: str, destination: str) -> None:
    """Wait until the workers serve."""
    sent = send_test(redis, destination)
    until = time.monotonic() + 20
    while not crms.arrivals[name] and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    crms.begin(before=sent)


def _added(redis: Redis, url: str) -> str:
    return destinations.create(redis, Draft(url=url), keys=())[0].id


def _judged(
    redis: Redis, crms: Receiver, name: str, destination: str, published: Mapping[str, float], *, lives: bool
) -> Report:
    """Hold what a CRM got against what it should have got."""
    arrivals, taken = crms.arrivals[name], crms.first_taken(name)
    late = sorted(at - published[event_id] for event_id, at in taken.items()) or [0.0, 0.0]
    cuts = quantiles(late, n=100) if len(late) > 1 else [late[0]] * 99
    faults = [*two_bodies(arrivals), *wrong_order(arrivals)]
    if lives:
        faults += _of_ids(redis, destination, set(taken), set(published))
    else:
        faults += _of_gone(redis, destination, len(published))
    return Report(name, len(taken), len(arrivals), cuts[49], cuts[98], tuple(faults))


def _of_ids(redis: Redis, destination: str, taken: set[str], published: set[str]) -> Iterator[str]:
    """All that was published has arrived, but for revisions that gave way to a later one, which says all they said."""
    given_up = {one.event_id for one in all_attempts(redis, destination) if one.verdict == "replaced"}
    given_up |= {one.event_id for one in attempts.dead_letters(redis, destination)}
    replaced = {event_id for event_id in given_up - taken if event_id.endswith("/1")}
    yield from (f"{event_id} never arrived" for event_id in sorted(published - taken - replaced))
    yield from (f"{event_id} was never published" for event_id in sorted(taken - published))
    later = {f"{event_id.rpartition('/')[0]}/2" for event_id in replaced}
    yield from (f"{event_id} took a place and never arrived" for event_id in sorted(later - taken))


def _of_gone(redis: Redis, destination: str, published: int) -> Iterator[str]:
    known = destinations.get(redis, destination)
    if known is None or known.state is not DestinationState.DISABLED:
        yield "it is not disabled"
    kept = backlog.status(redis, destination).backlog
    if kept != published:
        yield f"{kept} of {published} events are kept"


class _Workers:
    """Deliver workers and a clock, in processes of their own."""

    def __init__(self, start: Mapping[str, Callable[[], subprocess.Popen[bytes]]]) -> None:
        self._start = start
        self._running = {name: begin() for name, begin in start.items()}

    def kill_one(self) -> None:
        """End one of them as a power cut would, and start another in its place."""
        name = random.choice(sorted(self._start))  # noqa: S311 - no secret
        self._running[name].send_signal(signal.SIGKILL)
        self._running[name].wait()
        self._running[name] = self._start[name]()

    def end(self) -> None:
        """End them all."""
        for process in self._running.values():
            process.kill()
            process.wait()


@contextmanager
def _workers(redis_url: str) -> Iterator[_Workers]:
    environ = {
        "PATH": os.environ["PATH"],
        "REDIS_URL": redis_url,
        "ALLOW_PRIVATE_DESTINATIONS": "127.0.0.0/8",
        "LOG_LEVEL": "error",
    }

    def begin(*arguments: str) -> Callable[[], subprocess.Popen[bytes]]:
        return lambda: subprocess.Popen([sys.executable, "-m", *arguments], env=environ, cwd=ROOT)

    workers = _Workers({"deliver": begin("scripts.crms.hasty"), "clock": begin("workers", "clock")})
    try:
        yield workers
    finally:
        workers.end()


def _killing(workers: _Workers, every: float) -> Iterator[None]:
    """Kill one of the workers whenever `every` seconds have passed; 0: never."""
    last = time.monotonic()
    while True:
        if every and time.monotonic() - last > every:
            workers.kill_one()
            last = time.monotonic()
        yield
