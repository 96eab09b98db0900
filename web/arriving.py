"""Read a body that arrives on the event loop: as slowly as it may, but not for ever, and never more than is wanted."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

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
    async with asyncio.timeout(BODY_SECONDS):
        try:
            body = bytes(await protocol()) if length is not None else await _counted(protocol)
        except (OSError, RuntimeError) as error:  # granian's own are RuntimeErrors
            raise BrokenBody from error
    if length is not None and len(body) < length:
        raise BrokenBody
    return body


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
