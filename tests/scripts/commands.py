"""Run a command for people as people do: by its own name, from anywhere; or here, where a process adds nothing."""

import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


def run(name: str, *arguments: str, redis_url: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `scripts/NAME` to its end."""
    return subprocess.run(
        [SCRIPTS / name, *arguments],
        env=_environ(redis_url),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def run_here(name: str, *arguments: str, redis_url: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `scripts/NAME` as `run` does, without the half second of work that the start of a process is.

    `more` are further settings.
    """
    script, said, complained = str(SCRIPTS / name), StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(said), redirect_stderr(complained):
        patched.setattr(sys, "argv", [script, *arguments])
        patched.setattr(sys, "path", list(sys.path))
        patched.setattr(os, "environ", _environ(redis_url) | more)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(script, run_name="__main__")
    assert isinstance(ended.value.code, int), ended.value.code
    return subprocess.CompletedProcess([script, *arguments], ended.value.code, said.getvalue(), complained.getvalue())


def _environ(redis_url: str) -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_URL": redis_url}
