"""Where RingCentral in a box of a running `./scripts/run` is, for the commands that ask RingCentral themselves."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.supervisor.environment import read_dotenv

BOX_FILE: Final = "box.env"
TOLD: Final = ("RC_SERVER_URL", "PUBLIC_URL", "RC_VERIFICATION_TOKEN")
"""What a run makes up anew each time."""

REDIS: Final = "REDIS"
"""By what name the file says of which Redis the run is, as a digest: an address may have a password in it."""


@contextmanager
def box_told(home: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Leave word in `home`, the run's own directory, while the block runs, for nobody but ourselves to read."""
    file = home / BOX_FILE
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    told = {name: environ[name] for name in TOLD} | {REDIS: _digest(environ["REDIS_URL"])}
    file.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def told_last(data: Path, redis_url: str) -> Path | None:
    """Give the directory in `data` in which a run with this Redis left word last, if any did.

    One with another Redis may be a demonstration beside what this one is of.
    """
    files = sorted(data.glob(f"*/{BOX_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    ours = (file.parent for file in files if _read(file.parent).get(REDIS) == _digest(redis_url))
    return next(ours, None)


def read_box(home: Path) -> dict[str, str]:
    """Read the word that was left; nothing where no box runs."""
    return {name: value for name, value in _read(home).items() if name in TOLD}


def _read(home: Path) -> dict[str, str]:
    try:
        return read_dotenv((home / BOX_FILE).read_text().splitlines())
    except OSError:
        return {}


def _digest(redis_url: str) -> str:
    return hashlib.blake2b(redis_url.encode(), digest_size=16).hexdigest()
