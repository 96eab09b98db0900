"""The product, or the baseline, running for a benchmark: real processes on an embedded server of their own."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from redis import Redis

from runtime.redis_client import WORK, connect
from scripts.benchmarks import cpu, time_scale
from scripts.benchmarks.box_client import Box
from scripts.supervisor.box import wait_until_up
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.environment import FOR_THE_BOX, free_port
from scripts.supervisor.group import Group
from scripts.supervisor.procfile import Entry, process, processes
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import PROGRAMS, ROOT

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 4.0
REDIS: Final = "redis"
VERIFICATION_TOKEN: Final = "benchmark"  # noqa: S105 - opens nothing but this run
CREDENTIALS: Final = {name: value for name, value in FOR_THE_BOX.items() if name.startswith("RC_")}


class ProcessEnded(Exception):
    """A process ended in the middle of a measurement, which is therefore worth nothing."""


class Installation:
    """What runs: its processes by name, its server, and where notifications go."""

    def __init__(self, groups: Mapping[str, Group], redis: Redis, web_url: str, data: Path, redis_url: str) -> None:
        self.redis = redis
        self.redis_url = redis_url
        self.web_url = web_url
        self._groups = groups
        self._data = data
        self._pids: dict[str, int] = {}

    @property
    def web_address(self) -> tuple[str, int]:
        """Where `web` listens."""
        return "127.0.0.1", urlsplit(self.web_url).port or 0

    def count_server(self, server: EmbeddedRedis) -> None:
        """Take the server's CPU into account as well."""
        self._pids = {**{name: group.pid for name, group in self._groups.items()}, REDIS: server.pid}

    def cpu(self) -> dict[str, float]:
        """Give the CPU seconds so far by what a process does: `resolve_spare` counts as `resolve`.

        Raises ProcessEnded when one of them has gone.
        """
        for name, group in self._groups.items():
            if group.exit_code() is not None:
                raise ProcessEnded(f"{name} ended:\n{self._last_words(name)}")
        seconds: defaultdict[str, float] = defaultdict(float)
        for name, spent in cpu.spent(self._pids).items():
            seconds[name.partition("_")[0]] += spent
        return dict(seconds)

    def _last_words(self, name: str) -> str:
        return "\n".join(_log(self._data, name).read_text(errors="replace").splitlines()[-20:])


@contextmanager
def installed(entries: Sequence[Entry], environ: Mapping[str, str], watchdog: Watchdog) -> Iterator[Installation]:
    """Run `entries`, of which `web` answers on `$PORT`, while the block runs. Nothing of it is left afterwards."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="legwork-benchmark-")))
        server = stack.enter_context(EmbeddedRedis(data / "redis", watchdog=watchdog))
        port = environ.get("PORT") or str(free_port())
        given = {
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PORT": port,
            "REDIS_URL": server.url,
            "RC_VERIFICATION_TOKEN": VERIFICATION_TOKEN,
            **environ,
        }
        groups = {entry.name: _start(stack, entry, given, data, watchdog) for entry in entries}
        web_url = f"http://127.0.0.1:{port}"
        made = Installation(groups, stack.enter_context(connect(server.url, WORK)), web_url, data, server.url)
        made.count_server(server)
        wait_until_up(f"{web_url}/healthz", seconds=START_SECONDS, stop=StopRequest())
        yield made


@contextmanager
def beside_web(other: Callable[[int], Entry], watchdog: Watchdog, **more: str) -> Iterator[tuple[Installation, int]]:
    """Run `web` as the Procfile has it, and beside it what `other` gives for a port; that port is given as well."""
    port = free_port()
    with installed((process("web"), other(port)), more, watchdog) as product:
        wait_until_up(f"http://127.0.0.1:{port}/healthz", seconds=START_SECONDS, stop=StopRequest())
        yield product, port


def _start(stack: ExitStack, entry: Entry, environ: Mapping[str, str], data: Path, watchdog: Watchdog) -> Group:
    """Start one process. Its log goes to a file, as a deployment's would."""
    with _log(data, entry.name).open("wb") as log:
        command = ("/bin/sh", "-c", f"exec {entry.command}")
        group = Group(command, watchdog=watchdog, stdout=log, env=environ, cwd=ROOT)
    stack.callback(group.stop, grace=STOP_SECONDS)
    return group


def _log(data: Path, name: str) -> Path:
    return data / f"{name}.log"


@contextmanager
def legwork(boxes: Sequence[Box], speed: float, watchdog: Watchdog, **more: str) -> Iterator[Installation]:
    """Run Legwork's own Procfile for these accounts, every wait divided by `speed`, and subscribe it to all of them."""
    with unsubscribed(boxes, speed, watchdog, **more) as product:
        for number, box in enumerate(boxes):
            address = f"{product.web_url}/webhooks/ringcentral/{name_of(number)}"
            box.subscribe(address, verification_token=VERIFICATION_TOKEN)
        yield product


@contextmanager
def unsubscribed(boxes: Sequence[Box], speed: float, watchdog: Watchdog, **more: str) -> Iterator[Installation]:
    """Do the same, but have no account tell it anything."""
    with tempfile.TemporaryDirectory(prefix="legwork-benchmark-") as folder:
        file = Path(folder) / "accounts.toml"
        file.write_text("".join(_account(number, box) for number, box in enumerate(boxes)))
        environ = {**time_scale.settings(speed), "ACCOUNTS_FILE": str(file), "ADMIN_TOKEN": "benchmark", **more}
        with installed(processes(), environ, watchdog) as product:
            yield product


def name_of(number: int) -> str:
    """Name the account of the box with this number."""
    return f"account-{number}"


def _account(number: int, box: Box) -> str:
    rows = {
        "name": name_of(number),
        "rc_server_url": box.url,
        "rc_verification_token": VERIFICATION_TOKEN,
        **{name.lower(): value for name, value in CREDENTIALS.items()},
    }
    return "[[accounts]]\n" + "".join(f"{name} = {msgspec.json.encode(text).decode()}\n" for name, text in rows.items())
