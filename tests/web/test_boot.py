"""The web process does not start when it could not be safe."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def boot(**environ: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from web.wsgi import app; app()"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RC_")}
    return subprocess.run(
        program, cwd=ROOT, env={**plain, "REDIS_URL": "", **environ}, capture_output=True, text=True, check=False
    )


def test_the_web_process_does_not_start_without_a_token() -> None:
    ended = boot(REDIS_URL="redis://127.0.0.1:1/0")

    assert ended.returncode == 1
    assert ended.stderr == "RC_VERIFICATION_TOKEN is not set (without it anybody could post notifications)\n"


def test_all_faults_are_told_at_once() -> None:
    ended = boot(RC_VERIFICATION_TOKEN=" , ", PORT="none")

    assert ended.returncode == 1
    assert [line.split()[0] for line in sorted(ended.stderr.splitlines())] == [
        "PORT",
        "RC_VERIFICATION_TOKEN",
        "REDIS_URL",
    ]


def test_the_web_process_starts_before_redis_does() -> None:
    assert boot(REDIS_URL="redis://127.0.0.1:1/0", RC_VERIFICATION_TOKEN="token").returncode == 0
