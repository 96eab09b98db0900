"""Logs: whatever goes wrong, no phone number is on a line, in either form."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from runtime.logs import takes_colours
from scripts.venv import ROOT

PROGRAM = """
import logging
from threading import Thread

from runtime.logs import configure, log
configure(level="info", form={form!r}, process="track")
try:
    raise ValueError("cannot read +16505550101 of (650) 555-0102")
except ValueError:
    log.exception("call.put_aside", session="s-a0d17930c96bdz18b67acb764z37759330000", account="acme")
log.warning("notification.refused", why="+442079460018 said 650-555-0103", id="60200101", at="09:00:41+00:00")
try:
    raise KeyError("+16505550104")
except KeyError:
    logging.getLogger("rq.worker").exception("job failed\\nforged line")
beside = Thread(target=log.warning, args=("access.refused",))
beside.start()
beside.join()
"""


def written(form: str) -> str:
    program = PROGRAM.format(form=form)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_number_is_on_a_line_and_all_else_is(form: str) -> None:
    told = written(form)

    assert "\x1b" not in told
    assert not [number for number in ("5550101", "555-0102", "79460018", "555-0103", "5550104") if number in told]
    assert all(
        word in told
        for word in ("s-a0d17930c96bdz18b67acb764z37759330000", "60200101", "ValueError", "<number>", "+00:00", "track")
    )


def test_every_line_is_json_and_tells_its_process_whoever_writes_it() -> None:
    lines = [json.loads(line) for line in written("json").splitlines()]

    assert [one["event"] for one in lines] == [
        "call.put_aside",
        "notification.refused",
        "job failed\nforged line",
        "access.refused",
    ]
    assert {one["process"] for one in lines} == {"track"}
    assert (lines[2]["logger"], lines[2]["level"]) == ("rq.worker", "error")
    assert lines[2]["exception"].endswith("KeyError: '<number>'")


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_cannot_be_written_ends_no_work(form: str) -> None:
    program = f"import sys\n{PROGRAM.format(form=form)}\nprint('went on', file=sys.stderr)"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert "went on" in done.stderr


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_sign_that_the_encoding_does_not_have_ends_no_work(form: str) -> None:
    program = f"""
import logging
from runtime.logs import configure, log
configure(level="info", form={form!r}, process="track")
log.warning("call.put_aside", why="\\u2192 \\ud800")
logging.getLogger("rq.worker").error("\\u2192 \\ud800")
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stderr == ""
    assert [line.count("ud800") for line in told.stdout.splitlines()] == [1, 1]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_process_whose_output_was_closed_before_it_began_works(form: str) -> None:
    program = f"import sys\n{PROGRAM.format(form=form)}\nprint('went on', file=sys.stderr)"
    closed = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", program]

    assert subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=True).stderr == "went on\n"


class Terminal(StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_who_looks_and_has_not_declined_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert (takes_colours(Terminal()), takes_colours(StringIO())) == (True, False)

    monkeypatch.setenv("NO_COLOR", "1")
    assert not takes_colours(Terminal())


def test_a_terminal_that_shows_none_is_sent_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "dumb")

    assert not takes_colours(Terminal())
