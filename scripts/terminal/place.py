"""What commands that read settings work on: this installation's Redis, and its settings as ./scripts/run would read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from redis import Redis

from runtime import settings
from runtime.settings import Settings
from scripts.supervisor.box_file import read_box
from scripts.supervisor.environment import FOR_THE_BOX, gather, wants_box
from scripts.terminal.redis_server import find_url, open_redis

NOWHERE: Final = "http://127.0.0.1:1"
"""Where the box is when none runs: the credentials that are made up for it are never shown to the real RingCentral."""


class Place(NamedTuple):
    """This installation."""

    redis: Redis
    settings: Settings


@contextmanager
def open_place(*, root: Path, data: Path) -> Iterator[Place]:
    """Read the settings, those of RingCentral in a box included where it stands in, and connect while the block runs.

    Raises NoRedis, SettingsError.
    """
    environ = gather(os.environ, root=root)
    beneath = {**FOR_THE_BOX, "RC_SERVER_URL": NOWHERE, **read_box(data)} if wants_box(environ) else {}
    ours = settings.load({**beneath, **environ, "REDIS_URL": find_url(os.environ, root=root, data=data)})
    with open_redis(root=root, data=data) as redis:
        yield Place(redis, ours)
