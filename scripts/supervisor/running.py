"""One run of the product: its parts put together, and taken apart again in the right order."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from redis import Redis

from runtime import audit
from runtime.clocks import redis_time
from runtime.completeness import sentence
from runtime.redis_client import Profile, connect
from runtime.settings import load
from scripts.supervisor.box import Box
from scripts.supervisor.box_file import box_told
from scripts.supervisor.console import Console
from scripts.supervisor.demo import Demonstration, Play
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.follow import Follower, line
from scripts.supervisor.preparation import Prepared
from scripts.supervisor.process import Process
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.supervision import keep_running, stop_all
from scripts.supervisor.watchdog import Watchdog

DAY: Final = 86400.0
FOLLOWING = Profile(timeout=5, connect_timeout=2, retries=0, longest_pause=0)  # the follower tries again by itself


def run(prepared: Prepared, play: Play, *, console: Console, stop: StopRequest, root: Path, data: Path) -> bool:
    """Run until asked to stop, or until all calls of a check are reported; say whether all went well."""
    home = data / _name(prepared, play)
    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog())
        redis_url, revive = prepared.redis_url, lambda: None  # a server that is not ours is not ours to revive
        if redis_url is None:
            server = stack.enter_context(_embedded_server(home, play, watchdog, stop))
            redis_url, revive = server.url, server.revive
        environ = {**prepared.environ, "REDIS_URL": redis_url}
        if prepared.box_url is not None:
            stack.enter_context(box_told(home, environ))
        redis = stack.enter_context(connect(redis_url, FOLLOWING))
        follower = Follower(
            redis, on_event=lambda event: console.say(line(event, now=datetime.now(UTC))), keep=play.check
        )
        processes = [
            Process(entry, env=environ, cwd=root, watchdog=watchdog, console=console) for entry in prepared.entries
        ]
        for remark in prepared.remarks:
            console.say(remark)
        threads = stack.enter_context(ThreadPoolExecutor())
        following = threads.submit(follower.follow, stop)
        verdict = threads.submit(_demonstrate, prepared, play, follower, redis, console=console, stop=stop)
        for thread in (following, verdict):
            thread.add_done_callback(lambda done: stop.request() if done.exception() else None)
        try:
            keep_running(processes, stop=stop, also=revive)
        finally:
            stop.request()
            console.say("stopping" if play.check else "stopping; Ctrl-C once more stops at once")
            stop_all(processes, stop=stop)
        following.result()
        return verdict.result()


def _name(prepared: Prepared, play: Play) -> str:
    """Name the directory of the data: real calls, played ones and those of a check never mix."""
    if play.check:
        return "check"
    return "demo" if prepared.box_url else "redis"


def _embedded_server(home: Path, play: Play, watchdog: Watchdog, stop: StopRequest) -> EmbeddedRedis:
    """Give the server of the run; a check begins with no data."""
    server = EmbeddedRedis(home, watchdog=watchdog, given_up=stop.is_wanted)
    if play.check:
        server.empty()
    return server


def _demonstrate(
    prepared: Prepared, play: Play, follower: Follower, redis: Redis, *, console: Console, stop: StopRequest
) -> bool:
    if prepared.box_url is None:
        return True
    with closing(Box(prepared.box_url)) as box:
        demonstration = Demonstration(
            box, play, stop=stop, show=console.show, completeness=lambda: _completeness(redis, prepared)
        )
        return demonstration.run(follower, web_url=prepared.web_url, verification_token=prepared.verification_token)


def _completeness(redis: Redis, prepared: Prepared) -> str:
    """Count the calls of the last day, as `scripts/audit.py` does."""
    now = redis_time(redis)
    names = [account.name for account in load({"REDIS_URL": "unix://embedded", **prepared.environ}).accounts]
    counted = (audit.hours(redis, name, since=now - DAY, until=now, fresh=True) for name in names)
    return sentence(audit.total(itertools.chain.from_iterable(counted)))
