"""Run the baseline, `straightforward`, on the same kind of server and against the same simulator as the product."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from scripts.benchmarks.box_client import Box, played
from scripts.benchmarks.installation import CREDENTIALS, VERIFICATION_TOKEN, Installation, installed
from scripts.benchmarks.load import Load, observe
from scripts.benchmarks.observation import Observation
from scripts.benchmarks.published import Listener
from scripts.benchmarks.straightforward.jobs import CALL_LOG, CHANNEL, NOTIFICATIONS
from scripts.supervisor.procfile import Entry
from scripts.supervisor.watchdog import Watchdog

_GRANIAN: Final = (
    "granian --interface wsgi --factory --host 0.0.0.0 --port $PORT --workers 2 --blocking-threads 8 --no-ws "
    "--log-level error scripts.benchmarks.straightforward.web:create_app"
)
WORKERS: Final = (NOTIFICATIONS, CALL_LOG)


@contextmanager
def straightforward(box: Box, speed: float, watchdog: Watchdog, *, fork: bool = False) -> Iterator[Installation]:
    """Run the baseline and subscribe it; `fork` has every job run in a process of its own, which is RQ's default."""
    environ: Mapping[str, str] = {**CREDENTIALS, "RC_SERVER_URL": box.url, "SPEED": f"{speed:g}"}
    with installed(entries(fork=fork), environ, watchdog) as product:
        box.subscribe(f"{product.web_url}/webhooks/ringcentral", verification_token=VERIFICATION_TOKEN)
        yield product


def entries(*, fork: bool) -> tuple[Entry, ...]:
    """List its processes: the same web server as the product's, and one worker for each queue."""
    flag = " --fork" if fork else ""
    workers = (Entry(one, f"python -m scripts.benchmarks.straightforward.worker {one}{flag}") for one in WORKERS)
    return (Entry("web", _GRANIAN), *workers)


def measure(load: Load, watchdog: Watchdog, *, fork: bool = False) -> Observation:
    """Play a load against the baseline."""
    with (
        played([load.configuration()], watchdog) as (box,),
        straightforward(box, load.speed, watchdog, fork=fork) as product,
    ):
        listener = Listener(product.redis, CHANNEL)
        try:
            return observe(load, box, product, listener.heard)
        finally:
            listener.close()
