"""Open dashboards, without the browsers: each has *Now* open and is told what changes, as live.js is.

Run as a process of its own: `python -m scripts.benchmarks.dashboards URL REDIS_URL TOKEN COUNT EVENTS`. It publishes so
many events a second, too, for there to be something to watch, and says `watching` once every dashboard was told
something. Ended by SIGTERM, it says how often the one that was told least was told.
"""

import asyncio
import os
import signal
import sys
from itertools import count
from typing import Final
from urllib.parse import urlsplit

from runtime import outcome_log
from runtime.leases import lease
from runtime.redis_client import WORK, connect
from runtime.settings import DEFAULT_ACCOUNT
from scripts.benchmarks.watched_call import event
from scripts.supervisor.box import local_session

AGAIN_SECONDS: Final = 1.0
_TOLD: Final = b"event: told\n"
_POLITE: Final = 10


class Dashboard:
    """One browser with the page *Now* open."""

    def __init__(self, url: str, token: str) -> None:
        self._url = urlsplit(url)
        with local_session() as http:
            answer = http.post(f"{url}/login", {"password": token}, allow_redirects=False, timeout=30)
        self._cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.told = 0
        self.was_told = asyncio.Event()

    async def run(self) -> None:
        """Watch for ever; a stream that broke is opened again, as browsers do."""
        while True:
            reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
            lines = ("GET /live?parts HTTP/1.1", f"Host: {self._url.netloc}", f"Cookie: {self._cookie}", "", "")
            writer.write("\r\n".join(lines).encode())
            while part := await reader.read(1 << 16):
                self.told += part.count(_TOLD)
                if self.told:
                    self.was_told.set()
            writer.close()
            await asyncio.sleep(AGAIN_SECONDS)


async def watch(url: str, redis_url: str, token: str, dashboards: int, events: float) -> int:
    """Open them, and publish, until SIGTERM; then give how often the one that was told least was told."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    opened = [Dashboard(url, token) for _ in range(dashboards)]
    working = [asyncio.create_task(one.run()) for one in opened]
    working.append(asyncio.create_task(_publish(redis_url, pause=1 / events)))
    for one in opened:
        await one.was_told.wait()
    print("watching", flush=True)
    before = [one.told for one in opened]
    await stopped.wait()
    for task in working:
        task.cancel()
    return min((one.told - told for one, told in zip(opened, before, strict=True)), default=0)


def _stand_back() -> None:
    """Run only where nobody else would: they stand for other people's machines, and must not take time from ours."""
    if hasattr(os, "SCHED_IDLE"):  # Linux; a lower priority alone still keeps others waiting for a few milliseconds
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(_POLITE)


async def _publish(redis_url: str, *, pause: float) -> None:
    redis = connect(redis_url, WORK)

    def publish(number: int) -> None:
        with lease(redis, DEFAULT_ACCOUNT, "resolve") as held:
            held.commit([outcome_log.published(DEFAULT_ACCOUNT, event(number), retention=600)])

    for number in count():
        await asyncio.to_thread(publish, number)
        await asyncio.sleep(pause)


def main() -> None:
    """Do as the command line says."""
    url, redis_url, token, dashboards, events = sys.argv[1:]
    _stand_back()
    print(asyncio.run(watch(url, redis_url, token, int(dashboards), float(events))), flush=True)


if __name__ == "__main__":
    main()
