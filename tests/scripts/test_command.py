"""What holds for every command at the terminal: however it ends and whatever the terminal can show, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terminal.command import at_the_terminal
from tests.scripts.commands import SCRIPTS, run, run_here

PROGRAM = """
import sys
from scripts.terminal.command import at_the_terminal

def main():
    print("\u2192" * {count})
    return 0

sys.exit(at_the_terminal(main))
"""

OF_AN_ACCOUNT = (
    ("audit.py",),
    ("backfill.py", "--since", "1d"),
    ("reconcile.py",),
    ("replay.py", "--since", "1d"),
    ("ringout.py", "cancel", "ro-1"),
    ("ringout.py", "follow", "s-1"),
    ("ringout.py", "list"),
    ("ringout.py", "watch", "ro-1"),
    ("subscribe.py", "list"),
)


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


@pytest.mark.parametrize(
    "words",
    [
        ("reconcile.py", "--timeout", "nan"),
        ("ringout.py", "watch", "ro-1", "--wait", "-1"),
        ("simulate.py", "--heavy-limit", "0"),
        ("simulate.py", "--blacklist-after", "-1"),
    ],
    ids=" ".join,
)
def test_a_number_that_makes_no_sense_is_a_usage_error(words: tuple[str, ...]) -> None:
    told = run_here(*words, redis_url="redis://127.0.0.1:1/0")

    assert (told.returncode, "or more" in told.stderr) == (2, True)


def test_the_results_of_benchmarks_go_where_their_file_is_seen_from(tmp_path: Path) -> None:
    told = run("bench", "--json", "results.json", "none-of-the-benchmarks", cwd=tmp_path)

    assert told.returncode == 2
    assert (tmp_path / "results.json").exists()


@pytest.mark.parametrize("command", OF_AN_ACCOUNT, ids=" ".join)
def test_an_account_that_is_not_there_is_said_to_be_so(redis_url: str, command: tuple[str, ...]) -> None:
    done = run_here(*command, "--account", "nobody", redis_url=redis_url)

    assert (done.returncode, "no account 'nobody'" in done.stderr) == (1, True), done.stderr
