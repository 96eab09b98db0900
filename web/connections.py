"""What the system lets connections cost: how many may be open, and for how long one takes nothing of what it is sent.

granian keeps what it is given to send until it is taken, and tells nobody how much that is.
"""

import os
import resource
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

OPEN_FILES: Final = 4096
"""Twice as many as the Procfile allows a process in connections; many systems give a process 1,024."""

UNTAKEN_SECONDS: Final = 30
"""After these the connection of who takes nothing is cut off, and what was kept for it is gone."""


def allow_many() -> None:
    """Let this process have that many files open, or as many as may be: who finds none free is not even heard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def cut_off_who_takes_nothing() -> None:
    """Have the system do so with whatever is accepted from now on by a socket of this process; only Linux can.

    An option of the socket that listens, which what it accepts inherits: granian gives its sockets to nobody.
    https://man7.org/linux/man-pages/man7/tcp.7.html (TCP_USER_TIMEOUT)
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        for listener in _listening():
            listener.setsockopt(socket.IPPROTO_TCP, option, UNTAKEN_SECONDS * 1000)


def _listening() -> Iterator[socket.socket]:
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the one by which the folder was read is closed
            number = int(path.name)
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as one:
                    if one.family != socket.AF_UNIX and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        yield one
