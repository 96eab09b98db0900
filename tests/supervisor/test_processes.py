"""Both ways of looking at this machine's processes tell the same."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from scripts.supervisor import processes
from scripts.supervisor.processes import Living
from tests.simulator.waiting import wait_until

PS = Path("/bin/ps")


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(processes._from_proc, marks=pytest.mark.skipif(not processes._PROC.exists(), reason="no /proc")),
        pytest.param(processes._from_ps, marks=pytest.mark.skipif(not PS.exists(), reason="no ps is installed")),
    ],
)
def test_a_process_is_found_with_all_it_has_started_but_for_what_has_ended(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[], Iterable[Living]]
) -> None:
    monkeypatch.setattr(processes, "_from_proc", look)
    monkeypatch.setattr(processes, "_from_ps", look)
    command = "true & sleep 1000 & echo $!; exec sleep 1001"  # which leaves a zombie
    with subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        found = [Living(child, parent.pid, "sleep 1000")]
        try:
            wait_until(lambda: processes.descendants(parent.pid) == found)
            wait_until(lambda: Living(parent.pid, os.getpid(), "sleep 1001") in processes.living())
        finally:
            os.kill(child, signal.SIGKILL)
            parent.kill()
