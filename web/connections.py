"""What the system lets the server's connections cost: how many may be open."""

import resource
from typing import Final

OPEN_FILES: Final = 4096
"""Twice as many as the Procfile allows a process in connections; many systems give a process 1,024."""


def allow_many() -> None:
    """Let this process have that many files open, or as many as may be: who finds none free is not even heard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
