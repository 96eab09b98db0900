"""Run a command for people as people do: by its own name, from anywhere."""

import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


def run(name: str, *arguments: str, redis_url: str = "", cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run `scripts/NAME` to its end."""
    return subprocess.run(
        [SCRIPTS / name, *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_URL": redis_url},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
