"""What holds for every command at the terminal: however it ends and whatever the terminal can show, no traceback."""

import subprocess
import sys

import pytest

from scripts.terminal.command import at_the_terminal
from tests.scripts.commands import SCRIPTS

PROGRAM = """
import sys
from scripts.terminal.command import at_the_terminal

def main():
    print("\u2192" * {count})
    return 0

sys.exit(at_the_terminal(main))
"""


def started(*, count: int, encoding: str) -> "subprocess.Popen[bytes]":
    """Start a command that writes so many arrows."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(count=count)],
        cwd=SCRIPTS.parent,
        env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("count", [1, 100_000], ids=["at the last flush", "while it writes"])
def test_who_has_read_enough_is_told_nothing_more(count: int) -> None:
    with started(count=count, encoding="utf-8") as command:
        assert command.stdout is not None
        command.stdout.close()
        complaint = command.stderr and command.stderr.read()

    assert (command.returncode, complaint) == (1, b"")


def test_a_sign_that_the_terminal_does_not_have_is_written_as_its_number() -> None:
    with started(count=1, encoding="latin-1") as command:
        told, complaint = command.communicate()

    assert (told, complaint, command.returncode) == (b"\\u2192\n", b"", 0)


def test_a_command_whose_output_was_closed_ends_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert at_the_terminal(lambda: 0) == 0


def test_ctrl_c_ends_a_command_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise KeyboardInterrupt

    assert at_the_terminal(main) == 1
    assert capsys.readouterr() == ("", "")
