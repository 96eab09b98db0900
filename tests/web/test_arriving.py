"""A body that arrives on the event loop: whole, in time, and not too large, or not at all."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.web.looping import run_on_a_loop
from web import arriving
from web.arriving import read_arriving
from web.body import MAX_BODY, BrokenBody, OversizedBody

CHUNKED: Mapping[str, Any] = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}


class Sender:
    """Sends parts as granian hands them over, then keeps silent for a while."""

    def __init__(self, *parts: bytes, silent: float = 0.0) -> None:
        self.parts = parts
        self.silent = silent
        self.taken = 0

    async def __call__(self) -> bytes:
        await asyncio.sleep(self.silent)
        return b"".join(self.parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.taken += 1
            yield part
        await asyncio.sleep(self.silent)


class Vanished(Sender):
    """Is gone before its body is whole; granian says so with an error of its own."""

    async def __call__(self) -> bytes:
        raise RuntimeError("transport closed")


def read(environ: Mapping[str, Any], sender: Sender) -> bytes:
    return run_on_a_loop(read_arriving(environ, sender))


def announced(length: int) -> Mapping[str, Any]:
    return {"CONTENT_LENGTH": str(length)}


def test_a_body_is_given_whole_however_it_comes() -> None:
    assert read(announced(4), Sender(b"body")) == b"body"
    assert read(CHUNKED, Sender(b"bo", b"dy")) == b"body"


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    with pytest.raises(OversizedBody):
        read(announced(MAX_BODY + 1), Sender(silent=60))


@pytest.mark.parametrize("environ", [CHUNKED, {**CHUNKED, "CONTENT_LENGTH": "4"}], ids=["chunked", "and announced"])
def test_a_body_that_grows_too_large_is_read_no_further(environ: Mapping[str, Any]) -> None:
    sender = Sender(*[b"x" * MAX_BODY] * 10)

    with pytest.raises(OversizedBody):
        read(environ, sender)
    assert sender.taken == 2


def test_a_body_in_very_many_parts_takes_no_more_room_than_another() -> None:
    class Crumbling(Sender):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for number in range(20_000):
                yield number.to_bytes(2)

    tracemalloc.start()
    try:
        body = read(CHUNKED, Crumbling())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body) == 40_000
    assert most < 10 * len(body)


def test_half_a_body_is_none() -> None:
    with pytest.raises(BrokenBody):
        read(announced(100), Sender(b"half"))
    with pytest.raises(BrokenBody):
        read(announced(100), Vanished())


def test_half_a_body_that_told_no_length_is_none_either() -> None:
    assert read(CHUNKED, Sender(b"whole", b"")) == b"whole"
    with pytest.raises(BrokenBody):
        read(CHUNKED, Sender(b"half", b"", b""))


@pytest.mark.parametrize("environ", [announced(4), CHUNKED], ids=["announced", "chunked"])
def test_a_body_that_does_not_come_is_not_waited_for_for_ever(
    environ: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "BODY_SECONDS", 0.02)

    with pytest.raises(TimeoutError):
        read(environ, Sender(b"b", silent=60))


async def read_and_go_on(sender: Sender) -> bytes:
    body = await read_arriving(announced(4), sender)
    await asyncio.sleep(0.05)  # as when it is stored by a slow Redis
    return body


def test_the_deadline_of_a_body_that_came_ends_nothing_of_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "BODY_SECONDS", 0.02)

    assert run_on_a_loop(read_and_go_on(Sender(b"body"))) == b"body"


async def read_till_cut_off() -> None:
    reading = asyncio.create_task(read_arriving(announced(4), Sender(silent=60)))
    await asyncio.sleep(0.01)
    reading.cancel()
    await reading


def test_who_is_cut_off_while_a_body_is_awaited_is_not_told_that_it_came_too_late() -> None:
    with pytest.raises(asyncio.CancelledError):
        run_on_a_loop(read_till_cut_off())


async def read_late_and_go_on() -> int:
    with pytest.raises(TimeoutError):
        await read_arriving(announced(4), Sender(silent=60))
    reader = asyncio.current_task()
    return reader.cancelling() if reader else -1


def test_who_was_late_is_answered_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "BODY_SECONDS", 0.02)

    assert run_on_a_loop(read_late_and_go_on()) == 0
