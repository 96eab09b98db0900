"""A client of Redis that loses one answer: the server has carried the command out, and redis-py sends it again."""

from typing import Any

import redis

from runtime.redis_client import WORK, connect


def losing(url: str, word: bytes) -> redis.Redis:
    """Connect as workers do; the first answer to what is sent with `word` in it, and is not refused, is lost."""
    client = connect(url, WORK)
    pool: Any = client.connection_pool
    lost: list[bytes] = []

    class Losing(pool.connection_class):  # type: ignore[misc]  # whatever kind this address takes
        def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - as redis-py has it
            super().send_packed_command(command, check_health)
            if not lost and word in b"".join(command):
                self.read_response()
                lost.append(word)
                self.disconnect()
                raise redis.ConnectionError("the answer was lost")

    pool.connection_class = Losing
    return client
