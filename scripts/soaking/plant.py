"""The product as a deployment runs it, with a proxy wherever something could be cut, and everything it talks to."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from redis import Redis

from runtime.deliveries import destinations
from runtime.redis_client import WORK, Profile, connect
from scripts.benchmarks.box_client import Box, played
from scripts.simulator.configuration import LIMITS, Configuration
from scripts.soaking.canary import Canary, canary
from scripts.soaking.consumer import Consumer, consuming
from scripts.soaking.proxy import Proxy, proxied
from scripts.soaking.reader import GroupReader
from scripts.supervisor import box as supervised
from scripts.supervisor.box import wait_until_up
from scripts.supervisor.console import Console
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.environment import FOR_THE_BOX, free_port
from scripts.supervisor.group import Group
from scripts.supervisor.process import Process
from scripts.supervisor.procfile import processes
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.supervision import keep_running, stop_all
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import PROGRAMS, ROOT
from telephony.destinations import Draft, Include
from telephony.words import Outcome

TOKEN: Final = "soak-verification-token-7f3a"  # noqa: S105 - opens nothing but this run
OTHER_TOKEN: Final = "soak-verification-token-b60e"  # noqa: S105 - as above; the two take turns in being the newest
ADMIN_TOKEN: Final = "soak-admin-token-91c2"  # noqa: S105 - as above
DATA: Final = "redis"
"""Where, in the directory of a soak, the server's data is."""

START_SECONDS: Final = 60.0
MINUTE_SECONDS: Final = 6.0
"""RingCentral's minute, a tenth of a real one, as are most waits: a soak of ten minutes is a hundred minutes long."""

BLACKLIST_SECONDS: Final = 90.0
"""RingCentral is said to wait ten minutes. Here it is less patient, but would bear a minute without Redis."""

HASTE: Final = {
    "QUIET_SECONDS": "1",
    "SETTLE_SECONDS": "1",
    "FETCH_INTERVAL_SECONDS": "1",
    "REREAD_SECONDS": "4,8,16",
    "RECONCILE_SECONDS": "10",
    "SILENCE_SECONDS": "60",
    "HEAVY_LIMIT": "100",
}
IMPATIENT: Final = Profile(timeout=2, connect_timeout=1, retries=0, longest_pause=0)


class Plant:
    """Everything that runs, and the handles by which it can be hurt."""

    def __init__(self, *, server: EmbeddedRedis, box: Box, consumer: Consumer, bird: Canary, data: Path) -> None:
        self.server = server
        self.box = box
        self.consumer = consumer
        self.canary = bird
        self.data = data
        self.redis: Redis = connect(server.url, IMPATIENT)
        self.patient: Redis = connect(server.url, WORK)
        self.reader = GroupReader(self.redis)
        self.ends_meant: dict[str, int] = {}
        self.starts: dict[str, int] = {}
        self.anew: dict[str, list[float]] = {}
        self.megabytes: dict[str, list[float]] = {}
        self.web_url = ""
        self.destination = ""
        self.trap = ""
        self.trapped = Outcome.FAX_RECEIVED
        self.proxies: dict[str, Proxy] = {}
        self.processes: tuple[Process, ...] = ()
        self.environs: list[dict[str, str]] = []
        self.tokens: tuple[str, str] = (TOKEN, OTHER_TOKEN)
        self.on_command_lines: set[str] = set()
        self.looks = 0
        self.answers: Counter[tuple[str, int]] = Counter()
        self.forged = 0
        self._reviving = threading.Event()
        self._reviving.set()

    @property
    def log(self) -> Path:
        """What all processes printed."""
        return self.data / "log"

    @property
    def webhook(self) -> str:
        """Where notifications are posted."""
        return f"{self.web_url}/webhooks/ringcentral"

    def group(self, name: str) -> Group | None:
        """Give the running process group of one of the Procfile's processes."""
        return next(process for process in self.processes if process.name == name).group

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to all of a process's family; to the leader alone where it is to stop in good order."""
        group = self.group(name)
        if group is None:
            return
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self.ends_meant[name] = self.ends_meant.get(name, 0) + 1
        if number == signal.SIGTERM:
            group.ask_to_stop()
        else:
            group.send(number)

    def rotate_tokens(self) -> None:
        """Have every process that is started from now on take the other verification token for the newest."""
        self.tokens = self.tokens[::-1]
        for environ in self.environs:
            environ["RC_VERIFICATION_TOKEN"] = ",".join(self.tokens)

    def kill_server(self) -> None:
        """End Redis as a power cut would, and keep it down until `revive_server`."""
        self._reviving.clear()
        self.server.kill()

    def revive_server(self) -> None:
        """Start Redis again on its data."""
        self.server.start()
        self._reviving.set()

    def revive(self) -> None:
        """Start Redis again if it ended by itself."""
        if self._reviving.is_set():
            self.server.revive()


@contextmanager
def plant(data: Path, *, seed: int, watchdog: Watchdog) -> Iterator[Plant]:
    """Run everything while the block runs; calls begin when the box is told to play."""
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedRedis(data / DATA, watchdog=watchdog, port=free_port()))
        (box,) = stack.enter_context(played([_account(seed)], watchdog))
        bird = stack.enter_context(canary())
        consumer = stack.enter_context(consuming(bird.url))
        made = Plant(server=server, box=box, consumer=consumer, bird=bird, data=data)
        ports = {"web": server.port, "workers": server.port, "ringcentral": urlsplit(box.url).port}
        made.proxies = {name: stack.enter_context(proxied(port or 0)) for name, port in ports.items()}
        made.destination = destinations.create(made.patient, Draft(url=consumer.url, include=Include.BOTH), keys=())[
            0
        ].id
        trap = Draft(url=bird.url, outcomes=(made.trapped,))  # written past the API, which would refuse it
        made.trap = destinations.create(made.patient, trap, keys=())[0].id
        port = free_port()
        made.web_url = f"http://127.0.0.1:{port}"
        made.reader.start()
        stack.callback(made.reader.stop)
        stack.enter_context(_running(made, _environ(made, port), watchdog))
        wait_until_up(f"{made.web_url}/readyz", seconds=START_SECONDS, stop=StopRequest())
        with closing(supervised.Box(box.url)) as subscriber:
            subscriber.subscribe(made.webhook, verification_token=TOKEN)
        yield made


def _account(seed: int) -> Configuration:
    """Choose RingCentral's account: short calls, records that come late and are rewritten, limits that bite."""
    return Configuration(
        seed=seed,
        shortest_call=1.0,
        longest_call=6.0,
        lag=(0.5, 4.0),
        limits=dict(LIMITS),
        minute_seconds=MINUTE_SECONDS,
        blacklist_seconds=BLACKLIST_SECONDS,
    )


def _environ(made: Plant, port: int) -> dict[str, str]:
    return {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PORT": str(port),
        "PUBLIC_URL": made.web_url,
        "LOG_LEVEL": "info",
        "PYTHONUNBUFFERED": "1",
        "RC_VERIFICATION_TOKEN": TOKEN,
        "ADMIN_TOKEN": ADMIN_TOKEN,
        "ALLOW_PRIVATE_DESTINATIONS": "127.0.0.1/32",
        **{name: value for name, value in FOR_THE_BOX.items() if name.startswith("RC_")},
        "RC_SERVER_URL": f"http://127.0.0.1:{made.proxies['ringcentral'].port}",
        **HASTE,
    }


@contextmanager
def _running(made: Plant, environ: dict[str, str], watchdog: Watchdog) -> Iterator[None]:
    """Keep the Procfile's processes running, each talking to Redis through a proxy, in a thread of its own."""
    stop = StopRequest()
    with made.log.open("a", encoding="utf-8") as log:
        console = Console(log, coloured=False)
        entries = processes()
        made.environs = [
            {**environ, "REDIS_URL": f"redis://127.0.0.1:{_redis_port(made, entry.name)}/0"} for entry in entries
        ]
        made.processes = tuple(
            Process(entry, env=env, cwd=ROOT, watchdog=watchdog, console=console)
            for entry, env in zip(entries, made.environs, strict=True)
        )
        keeper = threading.Thread(
            target=keep_running, args=(made.processes,), kwargs={"stop": stop, "also": made.revive}
        )
        keeper.start()
        try:
            yield
        finally:
            stop.request()
            keeper.join()
            stop_all(made.processes, stop=stop)


def _redis_port(made: Plant, name: str) -> int:
    return made.proxies["web" if name.startswith("web") else "workers"].port
