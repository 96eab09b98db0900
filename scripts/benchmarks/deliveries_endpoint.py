"""An endpoint that takes every delivery at once, in a process of its own, so that its CPU is not the sender's."""

import asyncio
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final, cast

_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END: Final = b"\r\n\r\n"


@contextmanager
def running() -> Iterator[int]:
    """Serve while the block runs; gives the port on 127.0.0.1."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join()


def serve(parent: Connection) -> None:
    """Tell the parent the port, and serve until it closes its end, or is no more."""
    asyncio.run(_serve(parent))


async def _serve(parent: Connection) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(parent.fileno(), over.set)
    server = await loop.create_server(_Taker, "127.0.0.1", 0)
    parent.send(server.sockets[0].getsockname()[1])
    await over.wait()
    loop.remove_reader(parent.fileno())
    server.close()


class _Taker(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(_END)
        length = _LENGTH.search(head)
        if end and length and len(rest) >= int(length[1]):
            self._received = b""
            self._transport.write(_TAKEN)
