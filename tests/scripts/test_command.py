"""What holds for every command at the terminal: however it ends and whatever the terminal can show, no traceback."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from itertools import takewhile
from pathlib import Path

import pytest
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from scripts.set_up import VENV
from scripts.soaking.plant import DATA
from scripts.terminal.command import at_the_terminal
from scripts.terminal.installation import named
from scripts.venv import ROOT
from tests.scripts.commands import SCRIPTS, run, run_here

A_COMMAND = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import redis

print(sys.prefix)
"""

PROGRAM = """
import sys
from scripts.terminal.command import at_the_terminal

def main():
    print("\u2192" * {count})
    return 0

sys.exit(at_the_terminal(main))
"""

HELPFUL = """
import argparse
import sys
from scripts.terminal.command import at_the_terminal

sys.exit(at_the_terminal(lambda: argparse.ArgumentParser().parse_args(["--help"])))
"""

TAIL_IN_OUR_ENVIRONMENT = """
import os, runpy, sys
del os.environ["PYTHONPATH"]  # what it led to stays
sys.argv[:] = ["scripts/tail.py"]
runpy.run_path("scripts/tail.py", run_name="__main__")
"""

COMMANDS = sorted(one.name for one in SCRIPTS.glob("*.py") if os.access(one, os.X_OK))
FULL = Path("/dev/full")

OF_AN_ACCOUNT = (
    ("audit.py",),
    ("backfill.py", "--since", "1d"),
    ("reconcile.py",),
    ("replay.py", "--since", "1d"),
    ("replay.py", "--list"),
    ("ringout.py", "cancel", "ro-1"),
    ("ringout.py", "follow", "s-1"),
    ("ringout.py", "list"),
    ("ringout.py", "watch", "ro-1"),
    ("subscribe.py", "list"),
)

WITHOUT_SETTINGS = (("tail.py", "--once"), ("tail.py",), ("explain.py", "s-1"))
"""Commands that know of accounts from Redis alone."""


def started(program: str, *, encoding: str) -> subprocess.Popen[bytes]:
    """Start a command."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=SCRIPTS.parent,
        env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    "program",
    [PROGRAM.format(count=1), PROGRAM.format(count=100_000), HELPFUL],
    ids=["at the last flush", "while it writes", "help"],
)
def test_who_has_read_enough_is_told_nothing_more(program: str) -> None:
    with started(program, encoding="utf-8") as command:
        assert command.stdout is not None
        command.stdout.close()
        complaint = command.stderr and command.stderr.read()

    assert (command.returncode, complaint) == (1, b"")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("count", [1, 100_000], ids=["at the last flush", "while it writes"])
def test_a_full_disk_is_said_in_one_line(count: int) -> None:
    with FULL.open("wb") as full:
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(count=count)],
            cwd=SCRIPTS.parent,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert told.returncode == 1
    assert told.stderr.endswith(b"No space left on device\n")
    assert told.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_ends_like_this(name: str) -> None:
    assert "sys.exit(at_the_terminal(main" in (SCRIPTS / name).read_text()


NEWER_NAMES = {"UTC", "StrEnum", "Self", "assert_never", "assert_type", "batched", "override", "tomllib"}
"""What of Python's own library one may want at the head of a command that Python 3.9 does not have."""


@pytest.mark.parametrize("name", ["venv.py", *COMMANDS])
def test_a_command_finds_its_own_python_from_whatever_python_a_machine_calls_python3(name: str) -> None:
    read = ast.parse((SCRIPTS / name).read_text(), feature_version=(3, 9))  # newer words are a SyntaxError

    lines = takewhile(lambda line: ast.unparse(line) != "reexec_in_venv()", read.body)
    imported = [line for line in lines if isinstance(line, (ast.Import, ast.ImportFrom))]
    assert {one.name for line in imported for one in line.names}.isdisjoint(NEWER_NAMES)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_for_machines_is_written_down(name: str) -> None:
    page = (ROOT / "docs/ops/README.md").read_text()
    written = {one for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for one in re.findall(r"`(.+?)`", row)}

    told = run_here(name, "--help", redis_url="").stdout
    assert (name in written) is bool(re.search(r"--json(?! FILE)", told))


@pytest.mark.parametrize(
    ("words", "imported"),
    [
        (("-m", "scripts.supervisor"), "redis"),
        (("-m", "scripts.benchmarks"), "msgspec"),
        (("-c", TAIL_IN_OUR_ENVIRONMENT), "redis"),
        (("scripts/set_up.py",), "argparse"),
        (("-c", VENV, "--clear", ".venv-of-a-test"), "venv"),
    ],
    ids=["run", "bench", "tail", "install", "venv"],
)
def test_ctrl_c_ends_a_command_without_a_word_while_it_still_imports(
    tmp_path: Path, words: tuple[str, ...], imported: str
) -> None:
    (tmp_path / f"{imported}.py").write_text("import os, time\nos.write(1, b'up')\ntime.sleep(1000)\n")

    with subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        assert command.stdout.read(2) == b"up"
        command.send_signal(signal.SIGINT)
        _, complaint = command.communicate(timeout=60)

    assert (command.returncode, complaint) == (-signal.SIGINT, b"")


@pytest.mark.parametrize("begun_in", ["foreign", "ours/.venv"])
def test_nothing_is_taken_from_another_project_neither_its_environment_nor_its_path(
    tmp_path: Path, begun_in: str
) -> None:
    project, theirs = tmp_path / "ours", tmp_path / "theirs"
    (project / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPTS / "venv.py", project / "scripts")
    (project / "scripts" / "a_command.py").write_text(A_COMMAND)
    with_packages(project / ".venv", "ours.pth", "\n".join(one for one in sys.path if one != str(ROOT)))
    with_packages(tmp_path / "foreign", "msgspec.py")  # some of what is needed
    theirs.mkdir()
    (theirs / "redis.py").write_text("raise ImportError('of another project')")

    told = subprocess.run(
        [tmp_path / begun_in / "bin" / "python", project / "scripts" / "a_command.py"],
        env={"PATH": os.defpath, "PYTHONPATH": str(theirs)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == f"{project / '.venv'}\n"


def with_packages(environment: Path, file: str, text: str = "") -> None:
    """Make an environment in which this file lies among the packages."""
    venv.create(environment, symlinks=True)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / file).write_text(text)


def test_a_benchmark_runs_with_our_libraries_whatever_is_on_the_path_of_another_project(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("raise ImportError('of another project')")

    told = subprocess.run(
        [SCRIPTS / "bench", "--help"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")


def test_a_sign_that_the_terminal_does_not_have_is_written_as_its_number() -> None:
    with started(PROGRAM.format(count=1), encoding="latin-1") as command:
        told, complaint = command.communicate()

    assert (told, complaint, command.returncode) == (b"\\u2192\n", b"", 0)


@pytest.mark.parametrize(
    "words",
    [
        ("explain.py", "s-\udcff"),
        ("replay.py", "--extension", "\udcff", "--no-follow"),
        ("destinations.py", "add", "https://93.184.215.14/hook", "--description", "M\udcfcller"),
        ("tail.py", "--once", "--account", "\udcff"),
    ],
    ids=lambda words: words[0],
)
def test_what_is_no_text_in_the_encoding_of_the_terminal_is_a_usage_error(
    redis: Redis, redis_url: str, words: tuple[str, ...]
) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, "acme"): 0})

    told = run_here(*words, redis_url=redis_url)

    assert (told.returncode, "no text in the encoding" in told.stderr) == (2, True)
    assert redis.keys() == [keys.BELLS.encode()]


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


@pytest.mark.parametrize("words", [("--outcomes", "x"), ("--seconds", "x"), ("--rates", "60,0")], ids=" ".join)
def test_a_number_that_no_benchmark_takes_is_refused_in_words(words: tuple[str, ...]) -> None:
    told = run("bench", *words)

    assert (told.returncode, f"argument {words[0]}: must be " in told.stderr) == (2, True), told.stderr


def test_the_results_of_benchmarks_go_where_their_file_is_seen_from(tmp_path: Path) -> None:
    told = run("bench", "--json", "results.json", "none-of-the-benchmarks", cwd=tmp_path)

    assert told.returncode == 2
    assert (tmp_path / "results.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--only", "gremlins"), "no fault"),
        (("--only", "away for long", "--minutes", "1"), "no fault"),
        (("--json", "/nowhere/report.json"), "cannot be written"),
        (("--markdown", "/nowhere/report.md"), "cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_soak_that_would_be_for_nothing_does_not_begin(words: tuple[str, ...], told: str) -> None:
    done = run_here("soak.py", *words, redis_url="")

    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_soak_does_not_begin_with_the_data_of_another(tmp_path: Path) -> None:
    (tmp_path / DATA).mkdir()

    done = run_here("soak.py", "--keep", str(tmp_path), redis_url="")

    assert (done.returncode, "holds what another soak has kept" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("command", OF_AN_ACCOUNT, ids=" ".join)
def test_an_account_that_is_not_there_is_said_to_be_so(redis_url: str, command: tuple[str, ...]) -> None:
    done = run_here(*command, "--account", "nobody", redis_url=redis_url)

    assert (done.returncode, "no account 'nobody'" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("command", WITHOUT_SETTINGS, ids=" ".join)
def test_an_account_that_no_clock_rings_for_is_said_not_to_be_there(
    redis: Redis, redis_url: str, command: tuple[str, ...]
) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, "acme"): 0})

    done = run_here(*command, "--account", "nobody", redis_url=redis_url)

    assert (done.returncode, "no account 'nobody', but acme" in done.stderr) == (1, True), done.stderr


def test_an_account_that_was_taken_out_of_the_settings_is_still_told_of(redis: Redis, redis_url: str) -> None:
    redis.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, "acme"): 0})
    redis.zadd(keys.calls("globex"), {"s-1": 0})

    assert run_here("tail.py", "--once", "--account", "globex", redis_url=redis_url).returncode == 0


def test_of_very_many_accounts_those_are_named_whose_names_are_alike() -> None:
    names = [f"acct-{number:04}" for number in range(1000)] + ["globex"]

    assert named(names, like="globx") == "globex and 1,000 others"
    assert named(names).startswith("acct-0000, acct-0001,")
    assert named(names).endswith(" and 991 others")
