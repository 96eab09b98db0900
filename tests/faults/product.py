"""The whole product in processes of its own, as `./scripts/run` starts it, for tests that hurt it."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import requests
from redis import Redis, RedisError

from runtime.keys import OUTCOMES
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, RunningSimulator
from scripts.supervisor.environment import free_port, read_dotenv
from scripts.supervisor.group import Group
from scripts.supervisor.processes import descendants
from scripts.supervisor.summary import Event
from scripts.supervisor.watchdog import Watchdog
from scripts.terminal.redis_server import NoRedis, find_url
from scripts.venv import ROOT
from tests.simulator.waiting import wait_until

TOKEN = "what-only-ringcentral-knows"

# The kinds of processes, by what stands in their commands.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "web": "granian",
        "track": "workers track",
        "resolve": "workers resolve",
        "upkeep": "workers upkeep",
        "deliver": "workers deliver",
        "replay": "workers replay",
        "ringout": "workers ringout",
        "clock": "workers clock",
        "redis": "-server ",
    }
)
HASTE: Mapping[str, str] = MappingProxyType(
    {
        "QUIET_SECONDS": "1",
        "SETTLE_SECONDS": "1",
        "FETCH_INTERVAL_SECONDS": "1",
        "RECONCILE_SECONDS": "5",
        "HEAVY_LIMIT": "60",
    }
)
SHORT_CALLS = "--max-duration 5 --lag 0.5,2 --heavy-limit 60"


def account_of(simulator: RunningSimulator) -> dict[str, str]:
    """Give the settings that make a simulator the product's RingCentral; it outlives the product then."""
    return {
        "RC_SERVER_URL": simulator.url,
        "RC_APP_CLIENT_ID": CLIENT_ID,
        "RC_APP_CLIENT_SECRET": CLIENT_SECRET,
        "RC_USER_JWT": USER_JWT,
    }


class Product:
    """A run of the product that can be watched from outside, and hurt."""

    def __init__(self, group: Group, *, web_url: str, data: Path, redis_url: str | None) -> None:
        self._group = group
        self.data = data
        self._redis_url = redis_url
        self.url = f"{web_url}/webhooks/ringcentral"
        self._web_url = web_url

    @property
    def output(self) -> str:
        """All that was printed."""
        return (self.data / "output").read_text(errors="replace")

    def wait_until_up(self) -> None:
        """Return when it accepts notifications and its workers serve."""
        wait_until(lambda: self._is_up() and all(self.pids_of(name) for name in ("track", "resolve")), 60)

    def pids_of(self, name: str) -> list[int]:
        """Find its processes of one kind, parents first; none while they are down."""
        return [one.pid for one in descendants(self._group.pid) if COMMANDS[name] in one.command]

    def kill(self, name: str) -> bool:
        """End its processes of one kind as a power cut would; False when they are down just now."""
        pids = self.pids_of(name)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # it went with the one before
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask for the end, wait for it, and give the exit code."""
        os.kill(self._group.pid, number)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Wait for the end and give the exit code."""
        wait_until(lambda: self._group.exit_code() is not None, seconds)
        code = self._group.exit_code()
        assert code is not None
        return code

    def family(self) -> set[int]:
        """List the ids of all its processes."""
        return {self._group.pid, *(one.pid for one in descendants(self._group.pid))}

    def redis(self) -> Redis:
        """Connect to its server."""
        return Redis.from_url(self._redis_url or find_url({}, self.data, root=self.data))

    def events(self, event_type: str | None = None) -> list[Event]:
        """Read what it has published (of one type), oldest first; nothing while its server is down."""
        try:
            with self.redis() as redis:
                entries: Any = redis.xrange(OUTCOMES)
        except (NoRedis, RedisError):
            return []
        events = [msgspec.json.decode(fields[b"event"], type=Event) for _, fields in entries]
        return [event for event in events if event_type in {None, event.type}]

    def post(self, body: bytes) -> int:
        """Post a notification as RingCentral does, and give the answer's status code; 0 when there is none."""
        try:
            return requests.post(self.url, body, headers={"Verification-Token": TOKEN}, timeout=3).status_code
        except requests.RequestException:
            return 0

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self._web_url}/readyz", timeout=3).ok
        except requests.RequestException:
            return False


@contextmanager
def running(data: Path, *arguments: str, watchdog: Watchdog, **settings: str) -> Iterator[Product]:
    """Run the product on `data` until the block is left. The developer's own .env plays no part."""
    dotenv = ROOT / ".env"
    blanked = dict.fromkeys(read_dotenv(dotenv.read_text().splitlines()) if dotenv.is_file() else (), "")
    port = str(free_port())
    environ = {"PATH": os.environ["PATH"], "PORT": port, "RC_VERIFICATION_TOKEN": TOKEN, **HASTE, **settings}
    data.mkdir(exist_ok=True)
    with (data / "output").open("ab") as output:
        group = Group(
            [sys.executable, "-m", "scripts.supervisor", "--data", str(data), *arguments],
            watchdog=watchdog,
            stdout=output,
            env={**blanked, **environ},
            cwd=ROOT,
        )
    product = Product(group, web_url=f"http://127.0.0.1:{port}", data=data, redis_url=settings.get("REDIS_URL"))
    try:
        yield product
    finally:
        if group.exit_code() is None:
            group.stop(grace=20)
