"""Where RingCentral in a box of a running `./scripts/run` is, for the commands that ask RingCentral themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.supervisor.environment import read_dotenv

BOX_FILE: Final = "box.env"
TOLD: Final = ("RC_SERVER_URL", "PUBLIC_URL", "RC_VERIFICATION_TOKEN")
"""What a run makes up anew each time."""


@contextmanager
def box_told(home: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Leave word in `home`, the run's own directory, while the block runs, for nobody but ourselves to read."""
    file = home / BOX_FILE
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={environ[name]}\n" for name in TOLD))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def told_last(data: Path) -> Path | None:
    """Give the directory in `data` in which word was left last, if any was."""
    files = sorted(data.glob(f"*/{BOX_FILE}"), key=lambda file: file.stat().st_mtime)
    return files[-1].parent if files else None


def read_box(home: Path) -> dict[str, str]:
    """Read the word that was left; nothing where no box runs."""
    try:
        return read_dotenv((home / BOX_FILE).read_text().splitlines())
    except OSError:
        return {}
