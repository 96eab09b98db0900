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
    command = "true & echo $!; sleep 1000 & echo $!; exec sleep 1001"
    with subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        zombie, child = (int(parent.stdout.readline()) for _ in range(2))
        family = {parent.pid: (os.getpid(), "sleep 1001"), child: (parent.pid, "sleep 1000")}
        try:
            wait_until(lambda: those_of(zombie, child, parent.pid) == family)
        finally:
            os.kill(child, signal.SIGKILL)
            parent.kill()


def those_of(*pids: int) -> dict[int, tuple[int, str]]:
    """Give what is seen of these among all that we have started: by whom, and the command."""
    return {one.pid: (one.parent, one.command) for one in processes.descendants(os.getpid()) if one.pid in pids}
