"""Watch the processes of a soak: how often each ended, what memory it takes, and what its command line gives away."""

import os
import threading
import time
from typing import Final

from scripts.simulator.world import CLIENT_SECRET, USER_JWT
from scripts.soaking.plant import ADMIN_TOKEN, OTHER_TOKEN, TOKEN, Plant
from scripts.supervisor.processes import descendants, megabytes

SAMPLE_SECONDS: Final = 2.0
SECRETS: Final = (TOKEN, OTHER_TOKEN, ADMIN_TOKEN, CLIENT_SECRET, USER_JWT, "whsec_")


class Watcher:
    """Samples every two seconds. Memory is read from /proc, so on Linux only."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._pids: dict[str, int] = {}
        self._families: dict[str, frozenset[int]] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for one in descendants(os.getpid()):
                if any(secret in one.command for secret in SECRETS):
                    self._plant.on_command_lines.add(one.command.partition(" ")[0])
            self._plant.looks += 1
            for process in self._plant.processes:
                group = process.group
                if group is None:
                    continue
                if self._pids.get(process.name, group.pid) != group.pid:
                    self._plant.starts[process.name] = self._plant.starts.get(process.name, 0) + 1
                self._pids[process.name] = group.pid
                family = frozenset((group.pid, *(one.pid for one in descendants(group.pid))))
                if family - self._families.get(process.name, family):
                    self._plant.anew.setdefault(process.name, []).append(time.time())
                self._families[process.name] = family
                self._plant.megabytes.setdefault(process.name, []).append(sum(map(megabytes, family)))
