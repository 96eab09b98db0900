"""Read a body that arrives on the event loop: as slowly as it may, but not for ever, and never more than is wanted."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Final, cast

from web.body import MAX_BODY, BrokenBody, OversizedBody, told_length

BODY_SECONDS: Final = 10.0
"""How long a body may take. RingCentral itself gives up after three."""


async def read_arriving(environ: Mapping[str, Any], protocol: Any) -> bytes:
    """Give the body of at most `MAX_BODY` bytes. Raises OversizedBody, BrokenBody, and TimeoutError.

    One that says it is too long is not read at all; one that does not tell its length is counted as it comes.
    """
    length = told_length(environ)
    if length is not None and length > MAX_BODY:
        raise OversizedBody
    body = bytes(await _in_time(protocol() if length is not None else _counted(protocol)))
    if length is not None and len(body) < length:
        raise BrokenBody
    return body


async def _in_time(arriving: Awaitable[bytes]) -> bytes:
    """Wait for a body for `BODY_SECONDS`. Raises TimeoutError, as asyncio.timeout would with several times the work."""
    reader, is_late = cast("asyncio.Task[Any]", asyncio.current_task()), False

    def give_up() -> None:
        nonlocal is_late
        is_late = True
        reader.cancel()

    timer = asyncio.get_running_loop().call_later(BODY_SECONDS, give_up)
    try:
        return await arriving
    except asyncio.CancelledError as error:
        if is_late and not reader.uncancel():  # else it was somebody else
            raise TimeoutError from error
        raise
    except (OSError, RuntimeError) as error:  # granian's own are RuntimeErrors
        raise BrokenBody from error
    finally:
        timer.cancel()


async def _counted(protocol: Any) -> bytes:
    """Read what tells no length. granian ends it with an empty part, and gives one more where the sender has gone.

    Also for trailers, whatever they say, which nobody sends with a notification: such a body is refused as well.
    """
    body, empty = bytearray(), 0  # a list of parts may take thirty times their room: a stranger sends two bytes in each
    async for part in protocol:
        body += part
        empty += not part
        if len(body) > MAX_BODY:
            raise OversizedBody
    if empty > 1:
        raise BrokenBody
    return bytes(body)
