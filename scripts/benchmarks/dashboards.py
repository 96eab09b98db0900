"""Open dashboards, without the browsers: each follows the stream and asks for its parts again, as live.js does.

Run as a process of its own: `python -m scripts.benchmarks.dashboards URL REDIS_URL TOKEN COUNT EVENTS`. It publishes so
many events a second, too, for there to be something to watch, and says `watching` once every dashboard was answered.
"""

import os
import random
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Final
from urllib.parse import urlencode, urlsplit

from redis import Redis

from runtime import outcome_log
from runtime.leases import lease
from runtime.redis_client import WORK, connect
from runtime.settings import DEFAULT_ACCOUNT
from scripts.benchmarks.watched_call import event

PARTS_SECONDS: Final = 1.5
WITHOUT_STREAM_SECONDS: Final = 1.8
STREAM_AGAIN_SECONDS: Final = 60.0
_POLITE: Final = 10


class Dashboard:
    """One browser with the page *Now* open."""

    def __init__(self, url: str, token: str) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Cookie": _log_in(self._host, token)}
        self._place = ""
        self._retry = 1.0
        self._asked_at = 0.0
        self._asking = HTTPConnection(self._host, timeout=10)
        self.seen = threading.Event()

    def run(self) -> None:
        """Watch for ever; a broken connection is opened again, as browsers do."""
        while True:
            with suppress(OSError, HTTPException):
                self._watch()
            time.sleep(self._retry)

    def _watch(self) -> None:
        connection = HTTPConnection(self._host, timeout=90)
        resumed = {"Last-Event-ID": self._place} if self._place else {}
        connection.request("GET", "/api/v1/stream", headers=self._headers | resumed)
        answer = connection.getresponse()
        while line := answer.readline().decode():
            name, _, value = line.strip().partition(": ")
            if name == "retry":
                self._retry = int(value) / 1000
                self.seen.set()
            elif name == "id":
                self._place = value
            elif (name, value) == ("event", "legwork.stream.full"):
                break
            elif name == "data":
                self._ask()
        else:
            connection.close()
            return
        connection.close()
        self._poll()

    def _poll(self) -> None:
        """Ask by the clock, as the stream is full; each at its own time, for people do not open pages all at once."""
        time.sleep(WITHOUT_STREAM_SECONDS * random.random())  # noqa: S311 - no secret
        for _ in range(int(STREAM_AGAIN_SECONDS / WITHOUT_STREAM_SECONDS)):
            time.sleep(WITHOUT_STREAM_SECONDS)
            self._ask()

    def _ask(self) -> None:
        """Ask for the parts, unless that was just done; over the same connection as long as it lasts."""
        if time.monotonic() - self._asked_at < PARTS_SECONDS:
            return
        self._asked_at = time.monotonic()
        try:
            self._asking.request("GET", "/", headers=self._headers | {"X-Parts": "1"})
            self._asking.getresponse().read()
        except (OSError, HTTPException):
            self._asking.close()
            raise


def main() -> None:
    """Open them, and publish, until somebody ends this process."""
    url, redis_url, token, dashboards, events = sys.argv[1:]
    _stand_back()
    opened = [Dashboard(url, token) for _ in range(int(dashboards))]
    for one in opened:
        threading.Thread(target=one.run, daemon=True).start()
    for one in opened:
        one.seen.wait()
    time.sleep(WITHOUT_STREAM_SECONDS)
    print("watching", flush=True)
    _publish(connect(redis_url, WORK), pause=1 / float(events))


def _stand_back() -> None:
    """Run only where nobody else would: they stand for other people's machines, and must not take time from ours."""
    if hasattr(os, "SCHED_IDLE"):  # Linux; a lower priority alone still keeps others waiting for a few milliseconds
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(_POLITE)


def _publish(redis: "Redis", *, pause: float) -> None:
    for number in count():
        with lease(redis, DEFAULT_ACCOUNT, "resolve") as held:
            held.commit([outcome_log.published(DEFAULT_ACCOUNT, event(number), retention=600)])
        time.sleep(pause)


def _log_in(host: str, token: str) -> str:
    connection = HTTPConnection(host, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", urlencode({"password": token}), headers=form)
    cookie = connection.getresponse().headers["Set-Cookie"].partition(";")[0]
    connection.close()
    return cookie


if __name__ == "__main__":
    main()
