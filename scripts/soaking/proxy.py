"""A TCP proxy that misbehaves when told to: it cuts, stalls, refuses, and loses answers to what was carried out.

It stands between two parties that know nothing of it, and does to them what networks do.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

_CHUNK: Final = 256 * 1024
_STOP_SECONDS: Final = 5.0


class Proxy:
    """Passes on connections from a port of its own to `port` of this machine. Safe to tell from any thread."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._loop = asyncio.new_event_loop()
        self._ends: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._loses_answer = False
        self.answers_lost = 0
        self.port = 0

    @property
    def connections(self) -> int:
        """How many are open, counting either side."""
        return len(self._ends)

    def cut(self) -> None:
        """Reset every connection there is; new ones are welcome."""
        self._tell(self._cut())

    def stall(self) -> None:
        """Pass nothing on, in either direction, until `resume`; as a firewall that drops packets."""
        self._tell(self._set_flowing(on=False))

    def resume(self) -> None:
        """Pass on what waits, and take new connections again."""
        self._tell(self._set_flowing(on=True))

    def refuse(self) -> None:
        """Reset every connection, new ones too, until `resume`; as a partition that answers."""
        self._refusing = True
        self.cut()

    def lead_to(self, port: int) -> None:
        """Pass new connections on to another port, and leave those there are: as a name that is given to another."""
        self._upstream = port

    def lose_answer(self) -> None:
        """Let the next request through and reset the connection in place of its answer."""
        self._loses_answer = True

    def start(self) -> None:
        """Listen."""
        self._flowing = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.port = self._tell(self._listen())

    def stop(self) -> None:
        """End all connections and listen no more."""
        self._refusing = True
        self._tell(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _tell(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_STOP_SECONDS)

    async def _listen(self) -> int:
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK, backlog=512)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        self._flowing.set()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _cut(self) -> None:
        for end in tuple(self._ends):
            end.transport.abort()

    async def _set_flowing(self, *, on: bool) -> None:
        self._refusing = False
        if on:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this in a task
        self._serving.add(task)
        try:
            with suppress(asyncio.CancelledError):  # the proxy is told to stop
                await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            return
        await self._flowing.wait()
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._upstream, limit=_CHUNK)
        except OSError:
            return
        ends = {writer, their_writer}
        self._ends |= ends
        try:
            await asyncio.gather(
                self._pump(reader, their_writer, is_answer=False), self._pump(their_reader, writer, is_answer=True)
            )
        finally:
            self._ends -= ends
            their_writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._flowing.wait()
                if is_answer and self._loses_answer:
                    self._loses_answer = False
                    self.answers_lost += 1
                    target.transport.abort()
                    return
                target.write(data)
                await target.drain()
            if not target.transport.is_closing():
                target.write_eof()


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """Stand before `port` while the block runs."""
    proxy = Proxy(port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
