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
    between = "sleep 1000 & echo $!; wait"
    command = f"true & sh -c '{between}' & exec sleep 1001"  # the first of them is a zombie then
    with subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        grandchild = int(parent.stdout.readline())
        family = [f"sh -c {between}", "sleep 1000"]
        try:
            wait_until(lambda: [one.command for one in processes.descendants(parent.pid)] == family)
            child, last = processes.descendants(parent.pid)
            assert (child.parent, last.parent, last.pid) == (parent.pid, child.pid, grandchild)
            wait_until(lambda: Living(parent.pid, os.getpid(), "sleep 1001") in processes.living())
        finally:
            os.kill(grandchild, signal.SIGKILL)
            parent.kill()
