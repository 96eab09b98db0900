"""A whole run in a process of its own, ended in every way a run can end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog

RUN = """
import sys
from pathlib import Path
from scripts.supervisor.console import Console
from scripts.supervisor.demo import Play
from scripts.supervisor.preparation import Prepared
from scripts.supervisor.procfile import processes
from scripts.supervisor.running import run
from scripts.supervisor.stopping import StopRequest

root = Path(sys.argv[1])
stop = StopRequest()
stop.listen()
prepared = Prepared({"PATH": "/usr/bin:/bin"}, processes(root), "http://127.0.0.1:9", None, ("a remark",))
run(prepared, Play(None, 1, 1, False, None), console=Console(), stop=stop, root=root, data=root)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a product of one process with a child, both of which hold a FIFO open while they live."""
    os.mkfifo(tmp_path / "alive")
    command = "echo hello; sleep 1000 & echo $REDIS_URL; wait"
    (tmp_path / "Procfile").write_text(f"worker: sh -c '{command}' > {tmp_path}/alive\n")
    return tmp_path


@pytest.fixture
def running(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", RUN, root], stdout=subprocess.DEVNULL) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_a_run_ends(
    ending: signal.Signals, root: Path, running: subprocess.Popen[bytes], watchdog: Watchdog
) -> None:
    with (root / "alive").open() as alive:
        assert alive.readline() == "hello\n"
        assert alive.readline().startswith("unix://")

        running.send_signal(ending)

        assert alive.read() == ""
    assert running.wait() == (-ending if ending is signal.SIGKILL else 0)
    with EmbeddedRedis(root / "redis", watchdog=watchdog):
        pass  # it starts, so the one of the run is gone and its data is whole


def test_what_is_said_first_stands_in_line_with_what_longer_names_say_later(root: Path) -> None:
    (root / "Procfile").write_text("resolve_spare: sh -c 'echo hello; sleep 1000'\n")

    with subprocess.Popen([sys.executable, "-u", "-c", RUN, root], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = [running.stdout.readline() for _ in range(2)]
        running.send_signal(signal.SIGINT)

    assert said == ["legwork       | a remark\n", "resolve_spare | hello\n"]
