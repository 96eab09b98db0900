"""What the person at the terminal sees, while there is one."""

import os
import sys
from io import StringIO
from pathlib import Path

import pytest

from scripts.supervisor import console
from scripts.supervisor.console import Console

FULL = Path("/dev/full")


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    terminal, side = os.openpty()
    with os.fdopen(side, "w") as stream:
        console = Console(stream, coloured=False)
        os.close(terminal)

        console.say("stopping")
        console.show("the summary")
        console.close()


def test_a_reader_who_stands_still_keeps_nobody_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LOOK_SECONDS", 0)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"), os.fdopen(writing, "w") as stream:
        stopping = Console(stream, stopping=lambda: True)

        for _ in range(100):  # a pipe takes some 64 KiB
            stopping.show("a line of a summary\n" * 100)
        stopping.close()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_disk_stops_nothing() -> None:
    with FULL.open("w") as stream:
        console = Console(stream)

        console.say("stopping")
        console.close()


def test_a_run_whose_output_was_closed_before_it_began_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    console = Console()
    console.say("to nobody")
    console.close()


def test_what_a_process_prints_does_nothing_to_the_terminal() -> None:
    screen = StringIO()

    Console(screen, coloured=False).say("of \x1b]0;mine\x07\x9b2J\ta stranger", name="web")

    told = screen.getvalue()
    assert told.startswith("web     | of ")
    assert told.removesuffix("\n").isprintable()
    assert told.endswith("a stranger\n")
