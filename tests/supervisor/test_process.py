import io
import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.supervisor import watchdog as watching
from scripts.supervisor.console import Console
from scripts.supervisor.process import Process, pause_before_restart
from scripts.supervisor.procfile import Entry
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.supervision import stages, stop_all
from scripts.supervisor.watchdog import Watchdog, watched


class Workshop:
    """Makes processes in a directory and ends them all afterwards. A FIFO tells when the last writer is gone."""

    def __init__(self, directory: Path, watchdog: Watchdog) -> None:
        self.directory = directory
        self.fifo = directory / "alive"
        os.mkfifo(self.fifo)
        self.screen = io.StringIO()
        self._watchdog = watchdog
        self._made: list[Process] = []

    def process(self, command: str, name: str = "worker", *, watchdog: Watchdog | None = None) -> Process:
        environ = {"PATH": os.defpath, "GREETING": "hello"}
        made = Process(
            Entry(name, command),
            env=environ,
            cwd=self.directory,
            watchdog=watchdog or self._watchdog,
            console=Console(self.screen, coloured=False),
        )
        self._made.append(made)
        return made

    def wait_for(self, text: str) -> None:
        while text not in self.screen.getvalue():
            time.sleep(0.01)

    def close(self) -> None:
        for process in self._made:
            process.kill()


@pytest.fixture
def workshop(tmp_path: Path, watchdog: Watchdog) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path, watchdog)
    yield workshop
    workshop.close()


def with_child(fifo: Path) -> str:
    """Be a process that, like a server, has a child; both hold the FIFO open."""
    return f"""sh -c 'sleep 1000 & echo up; wait' > {fifo}"""


def runs(process: Process) -> bool:
    return process.group is not None


@pytest.mark.parametrize(
    ("previous", "uptime", "pause"),
    [(None, 0, 0.2), (0.2, 1, 0.4), (0.4, 9.9, 0.8), (6.4, 0, 10), (10, 0, 10), (10, 10, 0.2), (10, 3600, 0.2)],
)
def test_the_pause_doubles_until_a_process_stays_up(previous: float | None, uptime: float, pause: float) -> None:
    assert pause_before_restart(previous, uptime=uptime) == pytest.approx(pause)


def test_a_process_is_started_again_however_it_ended(workshop: Workshop) -> None:
    process = workshop.process("sh -c 'echo up; exit 0'")

    now = 0
    while workshop.screen.getvalue().count("exit code 0") < 2:
        process.look_after(now=(now := now + 1))


def test_a_process_is_started_again_after_its_pause_and_no_sooner(workshop: Workshop) -> None:
    process = workshop.process("true")
    for started, ended, pause in ((0.0, 9.0, 0.2), (9.2, 10.0, 0.4), (10.4, 20.5, 0.2)):
        process.look_after(now=started - 0.01)
        assert not runs(process)

        process.look_after(now=started)
        assert runs(process)
        while runs(process):
            process.look_after(now=ended)

        assert workshop.screen.getvalue().endswith(f"ended (exit code 0); starts again in {pause} s\n")


def test_a_command_sees_its_environment_and_its_lines_bear_its_name_whatever_is_in_them(workshop: Workshop) -> None:
    workshop.process(r"printf '%s from %s \377\n' $GREETING ${PWD##*/} >&2", name="greeter").look_after(now=0)

    workshop.wait_for(f"greeter | hello from {workshop.directory.name} \N{REPLACEMENT CHARACTER}\n")


def test_children_of_a_killed_process_go_before_it_starts_again(workshop: Workshop) -> None:
    process = workshop.process(with_child(workshop.fifo))
    process.look_after(now=0)
    with workshop.fifo.open() as alive:
        assert alive.readline() == "up\n"
        leader = process.group
        assert leader is not None
        os.kill(leader.pid, signal.SIGKILL)
        while process.group is leader:
            process.look_after(now=1)

        assert alive.read() == ""
    workshop.wait_for("ended (killed by SIGKILL); starts again in 0.2 s")


def test_a_stop_leaves_time_for_a_good_end(workshop: Workshop) -> None:
    process = workshop.process("""sh -c 'trap "echo done; exit" TERM; echo up; while :; do sleep 0.01; done'""")
    process.look_after(now=0)
    workshop.wait_for("up")

    stop_all([process, workshop.process("true", name="to be started")], stop=StopRequest())

    workshop.wait_for("done")
    assert process.has_ended()


def test_a_program_is_given_its_time_to_end_and_how_it_ended_is_told(workshop: Workshop) -> None:
    process = workshop.process("""sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.01; done'""")
    process.look_after(now=0)
    workshop.wait_for("up")
    assert process.group is not None

    assert process.group.stop(grace=60) == 7


@pytest.mark.parametrize(("signals", "grace"), [(0, 0.1), (2, 3600.0)], ids=["in time", "at once"])
def test_who_does_not_stop_in_time_or_at_once_where_that_is_asked_for_is_killed_with_all_children(
    workshop: Workshop, signals: int, grace: float
) -> None:
    process = workshop.process(f"""sh -c 'trap "" TERM; sleep 1000 & echo up; wait; sleep 1000' > {workshop.fifo}""")
    process.look_after(now=0)
    stop = StopRequest()
    for _ in range(signals):
        stop._count(signal.SIGINT, None)
    with workshop.fifo.open() as alive:
        alive.readline()

        stop_all([process], stop=stop, grace=grace)

        assert alive.read() == ""


def test_a_number_that_is_free_again_is_signalled_no_more_neither_by_us_nor_by_the_watchdog(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, signalled = [], []
    monkeypatch.setattr(Watchdog, "_tell", lambda _, line: told.append(line))
    process = workshop.process("sleep 1000")
    process.look_after(now=0)
    group = process.group
    assert group is not None
    group.kill()

    monkeypatch.setattr(os, "killpg", lambda *which: signalled.append(which))
    group.send(signal.SIGCONT)
    group.kill()

    assert signalled == []
    assert told == [f"+{group.pid}\n", f"-{group.pid}\n"]


def test_the_watchdog_asks_first_and_kills_who_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    polite, stubborn = 1001, 1002
    sent: list[tuple[int, int]] = []

    def killpg(group: int, number: int) -> None:
        if group == polite and sent.count((group, signal.SIGTERM)):
            raise ProcessLookupError
        sent.append((group, number))

    seconds = itertools.count()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"+{polite}\n+{stubborn}\n"))
    monkeypatch.setattr(watching, "os", SimpleNamespace(killpg=killpg))
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: next(seconds), sleep=lambda _: None))

    watching.main()

    asked = [(polite, signal.SIGTERM), (stubborn, signal.SIGTERM)]
    assert [one for one in sent if one[1]] == [*asked, (stubborn, signal.SIGKILL)]
    assert sent.count((stubborn, 0)) > 1


def test_all_is_stopped_though_the_watchdog_was_killed(workshop: Workshop) -> None:
    with Watchdog() as watchdog:
        processes = [workshop.process("sleep 1000", watchdog=watchdog) for _ in range(2)]
        for process in processes:
            process.look_after(now=0)
        watchdog._process.kill()
        watchdog._process.wait()

        stop_all(processes, stop=StopRequest())

        assert all(process.has_ended() for process in processes)


def test_calls_stop_first_then_what_takes_them_in_then_the_rest(workshop: Workshop) -> None:
    processes = [workshop.process("true", name=name) for name in ("clock", "web", "track", "box")]

    order = [[process.name for process in stage] for stage in stages(processes)]

    assert order == [["box"], ["web"], ["clock", "track"]]


def test_the_watchdog_ends_only_what_was_not_ended_already() -> None:
    assert watched(["+1\n", "+2\n", "-1\n", "+3\n", "-2\n"]) == [3]
    assert watched(["+1\n", "-1\n", "+1\n"]) == [1]
