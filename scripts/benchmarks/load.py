"""Have calls played, and watch what becomes of them."""

import math
import time
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from scripts.benchmarks import cpu, time_scale
from scripts.benchmarks.box_client import Box
from scripts.benchmarks.installation import Installation
from scripts.benchmarks.observation import Observation
from scripts.benchmarks.published import Published, from_outcome_log
from scripts.simulator.configuration import LIMITS, Configuration

FEEDS = ("call-log-extract-sync", "call-log-sync")
NO_LIMIT = 1_000_000


class Load(Struct, frozen=True, kw_only=True):
    """Calls of one account. Times are simulated seconds; at `speed` 1 they are real ones.

    `lead_in` lets calls begin until as many end as begin, `window` is measured, `rest` goes on as before so that the
    last calls of the window get their outcome. Every record is listed mid-call already and rewritten at the end; a
    quarter of the recordable ones are rewritten again when their recording comes.
    """

    per_minute: float
    mean_call: float | None = None
    shortest_call: float = 2.0
    longest_call: float | None = None
    lag: tuple[float, float] = (8.0, 12.0)
    speed: float = 1.0
    lead_in: float
    window: float
    rest: float = 30.0
    feeds: bool = True
    limited: bool = True
    seed: int = 1

    def configuration(self) -> Configuration:
        """Choose the simulator for it."""
        return Configuration(
            seed=self.seed,
            shortest_call=self.shortest_call,
            longest_call=self.longest_call,
            mean_call=self.mean_call,
            lag=self.lag,
            provisional_share=1.0,
            limits=dict(LIMITS) if self.limited else dict.fromkeys(LIMITS, NO_LIMIT),
            minute_seconds=time_scale.minute_seconds(self.speed),
        )

    @property
    def calls(self) -> int:
        """Say how many calls begin in the whole of it."""
        return math.ceil((self.lead_in + self.window + self.rest) * self.per_minute / 60)

    @property
    def real_seconds(self) -> float:
        """Say how long it takes."""
        return (self.lead_in + self.window + self.rest) / self.speed


def begin(load: Load, box: Box) -> None:
    """Have its calls played, over the lanes it allows."""
    if not load.feeds:
        for feed in FEEDS:
            box.fault("forbid", endpoint=feed)
    box.play(load.calls, rate=load.per_minute * load.speed / 60, speed=load.speed)


def begin_in_turn(loads: Sequence[Load], boxes: Sequence[Box], *, pause: float) -> None:
    """Have the calls of several accounts begin, each account's so many seconds after those of the one before."""
    for load, box in zip(loads, boxes, strict=True):
        begin(load, box)
        time.sleep(pause)


def observe(load: Load, box: Box, product: Installation, read: Callable[[], Mapping[str, Published]]) -> Observation:
    """Play the load against what is installed and subscribed already; `read` tells what was published in the end."""
    begin(load, box)
    time.sleep(load.lead_in / load.speed)
    before, machine_before, begun = product.cpu(), cpu.machine(), time.time()
    time.sleep(load.window / load.speed)
    after, machine_after, ended = product.cpu(), cpu.machine(), time.time()
    time.sleep(load.rest / load.speed)
    worked, idled = (after - before for before, after in zip(machine_before, machine_after, strict=True))
    until = time.time()
    return Observation(
        speed=load.speed,
        begin=begun,
        end=ended,
        until=until,
        cpu={name: after[name] - before[name] for name in after},
        machine_busy=100 * worked / ((worked + idled) or 1.0),
        truths=box.truths(),
        requests=box.requests(),
        published=read(),
    )


def looked_at(
    boxes: Sequence[Box], product: Installation, *, speed: float, begin: float, end: float
) -> tuple[Observation, ...]:
    """Give what several accounts have shown by now; the figures are about what happened from `begin` to `end`."""
    published, until = from_outcome_log(product.redis), time.time()
    return tuple(
        Observation(
            speed=speed,
            begin=begin,
            end=end,
            until=until,
            truths=box.truths(),
            requests=box.requests(),
            published=published,
        )
        for box in boxes
    )
