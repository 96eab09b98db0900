"""A real server process, and a client that says exactly what the test wants said, byte for byte."""

import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from runtime import keys
from runtime.settings import DEFAULT_ACCOUNT
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.environment import free_port
from scripts.supervisor.group import Group
from scripts.supervisor.procfile import process
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from tests.simulator.waiting import is_listening, wait_until
from tests.web.posting import BODY, PATH, TOKEN

PATIENCE = 3.0
"""How long RingCentral waits for an answer, in seconds."""

CUT_OFF = b""


class Served(NamedTuple):
    """The web process as the Procfile starts it."""

    port: int
    server: EmbeddedRedis
    leader: int

    def connect(self) -> socket.socket:
        """Open a connection on which an answer is waited for as long as RingCentral does."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def send(self, *parts: bytes) -> bytes:
        """Send one request on a connection of its own and give the whole reply, headers and all."""
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server has heard enough; its answer is there all the same
            return b"".join(iter(lambda: connection.recv(65536), CUT_OFF))

    def stored(self) -> int:
        """Count what is in the inbox."""
        with Redis.from_url(self.server.url) as redis:
            return int(redis.xlen(keys.inbox(DEFAULT_ACCOUNT)))


def request(body: bytes = BODY, *headers: str, token: str | None = TOKEN) -> bytes:
    """Write a request whose reply ends with the connection; a header of the test's replaces ours of that name."""
    ours = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body))}
    if token is not None:
        ours["Verification-Token"] = token
    given = dict(header.split(": ", 1) for header in headers)
    if "Transfer-Encoding" in given:
        del ours["Content-Length"]
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in (ours | given).items()), "", ""]
    return "\r\n".join(lines).encode() + body


def status(reply: bytes) -> int:
    """Read the status of a reply."""
    return int(reply.split(b" ", 2)[1])


@contextmanager
def serve(server: EmbeddedRedis, folder: Path, watchdog: Watchdog, **more: str) -> Iterator[Served]:
    """Run the Procfile's web process; `more` are variables of its environment."""
    port = free_port()
    command = process("web").command
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "REDIS_URL": server.url,
        "RC_VERIFICATION_TOKEN": TOKEN,
        **more,
    }
    argv = shlex.split(command.replace("$PORT", str(port)))
    with (folder / "web.log").open("wb") as log:
        group = Group(["env", *argv], watchdog=watchdog, stdout=log, env=environ, cwd=ROOT)
    try:
        wait_until(lambda: is_listening(port), seconds=30)
        yield Served(port, server, group.pid)
    finally:
        group.stop(grace=10)
