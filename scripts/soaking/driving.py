"""Drive a soak: calls come at an even rate, faults happen by the plan, and in the end everything settles."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

import msgspec
from msgspec import Struct
from redis import RedisError

from runtime import keys
from runtime.deliveries import backlog
from runtime.deliveries.redrive import Redrive, redrive
from runtime.settings import DEFAULT_ACCOUNT
from scripts.soaking.faults import FAULTS
from scripts.soaking.plant import Plant
from scripts.soaking.schedule import Planned
from scripts.soaking.watching import Watcher
from scripts.supervisor.summary import Report, Truth, heard_of, judge

CHUNK_SECONDS: Final = 5.0
SETTLE_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 1.0
_REDRIVE_SECONDS: Final = 3.0


class Happened(Struct, frozen=True):
    """One fault as it was: when it began and was over (seconds since 1970), and what kept it from happening, if any.

    `felt` is how often one of RingCentral's made a difference to anybody, till the next of its kind at the most.
    """

    name: str
    began: float
    over: float
    failure: str = ""
    felt: int | None = None


class Course(Struct, frozen=True):
    """How a soak went: from when to when (seconds since 1970) how many calls came, its faults, and how it settled."""

    began: float
    played: float
    faults: tuple[Happened, ...]
    calls: int
    settled: bool
    settled_after: float
    report: Report


def drive(plant: Plant, plan: Iterable[Planned], *, minutes: float, rate: float, say: Callable[[str], None]) -> Course:
    """Play calls for so many minutes, `rate` a second, with the planned faults; then wait until all is settled."""
    watcher = Watcher(plant)
    watcher.start()
    began, began_at = time.monotonic(), time.time()
    lanes: dict[str, list[Planned]] = {}
    for one in plan:
        lanes.setdefault(FAULTS[one.name].lane, []).append(one)
    with ThreadPoolExecutor(len(lanes) + 1) as threads:
        running = [threads.submit(_lane, plant, lane, began, say) for lane in lanes.values()]
        calls = _play(plant, began, minutes=minutes, rate=rate, say=say)
        played_at = time.time()
        faults = [happened for lane in running for happened in lane.result()]
    report, settled, took = _settle(plant, calls, say)
    watcher.stop()
    faults.sort(key=lambda one: one.began)
    course = felt(faults, plant.box.status()["felt"])
    return Course(began_at, played_at, course, calls, settled, took, report)


def _play(plant: Plant, began: float, *, minutes: float, rate: float, say: Callable[[str], None]) -> int:
    """Have calls played some seconds ahead, so that no chunk is long in dealing; give how many there were."""
    calls, played_to = 0, 0.0
    while played_to < 60 * minutes:
        count = round((played_to + CHUNK_SECONDS) * rate) - calls
        if count:
            plant.box.play(count, rate=count / CHUNK_SECONDS, speed=1.0)
        calls += count
        played_to += CHUNK_SECONDS
        time.sleep(max(0.0, began + played_to - time.monotonic()))
        if int(played_to) % 60 == 0:
            say(f"{played_to / 60:g} min: {calls} calls played, {len(plant.reader.events)} events published")
    return calls


def _lane(plant: Plant, lane: list[Planned], began: float, say: Callable[[str], None]) -> list[Happened]:
    happened = []
    for one in lane:
        time.sleep(max(0.0, began + one.at - time.monotonic()))
        happened.append(_happen(plant, one))
        if happened[-1].failure:
            say(f"{one.name}: {happened[-1].failure}")
    return happened


def _happen(plant: Plant, one: Planned) -> Happened:
    """Let one fault happen and be over. Another lane may have taken away what it needs."""
    at, chance = time.time(), Random(f"{one.at} {one.name}")  # noqa: S311 - a plan
    simulated = FAULTS[one.name].simulated
    felt_before = plant.box.status()["felt"].get(simulated, 0) if simulated else None
    failure = ""
    try:
        undo = FAULTS[one.name].begin(plant, chance, one.seconds)
    except (OSError, RedisError) as error:
        undo, failure = None, f"{type(error).__name__}: {error}"
    time.sleep(max(0.0, at + one.seconds - time.time()))
    if undo is not None:
        try:
            undo()
        except (OSError, RedisError) as error:
            failure = f"{type(error).__name__}: {error}"
    return Happened(one.name, at, time.time(), failure, felt_before)


def felt(faults: Sequence[Happened], counted: Mapping[str, int]) -> tuple[Happened, ...]:
    """Say of each fault how often it was felt: what was counted when it began, and when the next of its kind did."""
    told, then = [], dict(counted)
    for one in reversed(faults):
        name, before = FAULTS[one.name].simulated, one.felt
        if before is None:
            told.append(one)
        else:
            told.append(msgspec.structs.replace(one, felt=then.get(name, 0) - before))
            then[name] = before
    return tuple(reversed(told))


def _settle(plant: Plant, calls: int, say: Callable[[str], None]) -> tuple[Report, bool, float]:
    """Wait until every call has its right outcome, the last record was looked at again, and all is delivered."""
    began = time.monotonic()
    redriven = 0.0
    stop = threading.Event()
    while True:
        took = time.monotonic() - began
        expected = plant.box.truths_as(Truth)
        report = judge(expected, plant.reader.known(), heard=heard_of(expected))
        right = report.all_right and len(report.judgements) >= calls
        if took - redriven > _REDRIVE_SECONDS:
            redriven = took
            redrive(plant.patient, plant.destination, Redrive(per_second=1000), dry_run=False)
        behind = backlog.status(plant.patient, plant.destination).backlog
        again = plant.patient.zcard(keys.rereads(DEFAULT_ACCOUNT))
        settled = right and not behind and not again
        if settled or took > SETTLE_SECONDS:
            return report, settled, took
        if int(took) % 10 == 0:
            wrong = sum(one.said is None or bool(one.differing) for one in report.judgements)
            say(f"settling for {took:.0f} s: {wrong} calls not right yet, {behind} events to deliver")
        stop.wait(_LOOK_SECONDS)
