"""What commands that read settings work on: this installation's Redis, and its settings as ./scripts/run would read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from runtime import settings
from runtime.settings import Settings, SettingsError
from scripts.supervisor.box_file import read_box, told_last
from scripts.supervisor.environment import FOR_THE_BOX, gather, wants_box
from scripts.terminal.command import Refused
from scripts.terminal.redis_server import find_url, open_redis, running_server
from scripts.venv import ROOT


class Place(NamedTuple):
    """This installation."""

    redis: Redis
    settings: Settings


class Surroundings(NamedTuple):
    """The environment as `./scripts/run` would have it, and whether RingCentral in a box stands in there."""

    environ: Mapping[str, str]
    in_a_box: bool


@contextmanager
def open_place(data: Path, *, root: Path = ROOT) -> Iterator[Place]:
    """Read the settings and connect while the block runs. Raises Refused."""
    try:
        environ, _ = surroundings(data, root=root)
        ours = settings.load({**environ, "REDIS_URL": find_url(os.environ, data, root=root)})
    except SettingsError as fault:
        raise Refused(str(fault)) from fault
    with open_redis(data, root=root) as redis:
        yield Place(redis, ours)


def surroundings(data: Path, *, root: Path = ROOT) -> Surroundings:
    """Gather the settings. Those of RingCentral in a box come along where one runs, and outweigh the others then.

    So what is made up for the box is never shown to the real RingCentral, nor takes effect on a real installation:
    a process that is given no credentials is not therefore one of a demonstration.
    """
    environ = gather(os.environ, root=root)
    home = _home(environ, data) if wants_box(environ) else None
    box = read_box(home) if home else {}
    return Surroundings({**FOR_THE_BOX, **environ, **box} if box else environ, bool(box))


def _home(environ: Mapping[str, str], data: Path) -> Path | None:
    """Give the directory of the run whose Redis is asked, of several with one Redis of the last."""
    if "REDIS_URL" in environ:
        return told_last(data, environ["REDIS_URL"])
    server = running_server(data)
    return server.home if server else None
