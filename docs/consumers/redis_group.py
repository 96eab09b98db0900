"""Read outcomes from the Redis stream as a consumer group: any number of readers share the work, none is lost.

pip install redis
REDIS_URL=redis://127.0.0.1:6379/0 python redis_group.py my-crm reader-1

What is read is kept in the same Redis, or in that of STORE_URL.
"""

import json
import os
import sys
import time
from typing import Any

from redis import Redis, exceptions

STREAM = "legwork:outcomes"
OF_A_CALL = {"legwork.call.ended", "legwork.call.outcome"}
BEGINNING = "0"  # "$": only what is published from now on
BATCH = 100
WAIT_MS = 5000
ABANDONED_MS = 60_000
RETRY_SECONDS = 1.0
AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError)
"""Raised after redis-py has tried for some seconds, and by a server that another has taken the place of."""
GONE = ("NOGROUP", "UNBLOCKED")  # how errors begin that say that the group, or what was waited for, is there no more

KEEP_THE_NEWEST = """
-- Keep an event of a call unless a later revision is there. KEYS: hash of calls. ARGV: call, revision, event.
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept and cjson.decode(kept).data.revision >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


def read(redis: Redis, group: str, reader: str, *, store: Redis, once: bool = False) -> None:
    """Keep the newest revision of each call, for ever, or with `once` until there is nothing more.

    An entry is acknowledged only after it was kept. What a reader that died had not acknowledged is taken over by
    another after a minute; so an entry may come twice, and entries of one call out of order. A Redis that is away is
    waited for. Where it comes back without the group, as from an older snapshot, all that it holds is read anew.
    """
    is_declared = False
    while True:
        try:
            if not is_declared:
                declare(redis, group)
                is_declared = True
            entries = abandoned(redis, group, reader) or fresh(redis, group, reader, wait_ms=None if once else WAIT_MS)
            for entry_id, fields in entries:
                if fields:  # None: trimmed since it was handed out
                    keep(store, group, json.loads(fields[b"event"]), fields[b"event"])
                redis.xack(STREAM, group, entry_id)
        except AWAY as error:
            print(f"waiting for Redis: {error}", flush=True)
            for one in (redis, store):
                one.connection_pool.disconnect()  # its address may lead to another server by now
            time.sleep(RETRY_SECONDS)
            continue
        except exceptions.ResponseError as error:
            if not str(error).startswith(GONE):
                raise
            is_declared = False
            continue
        if once and not entries:
            return


def connect(url: str) -> Redis:
    """Connect, with more patience than we wait for entries: else redis-py takes the silence for a broken connection."""
    return Redis.from_url(url, socket_timeout=2 * WAIT_MS / 1000)


def declare(redis: Redis, group: str) -> None:
    """Make the group, unless it is there."""
    try:
        redis.xgroup_create(STREAM, group, id=BEGINNING, mkstream=True)
    except exceptions.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def fresh(redis: Redis, group: str, reader: str, *, wait_ms: int | None) -> list[Any]:
    """Take what nobody of the group has yet."""
    answer: Any = redis.xreadgroup(group, reader, {STREAM: ">"}, count=BATCH, block=wait_ms)
    return [entry for _, entries in answer or () for entry in entries]


def abandoned(redis: Redis, group: str, reader: str) -> list[Any]:
    """Take over what another reader took a minute ago and never acknowledged."""
    answer: Any = redis.xautoclaim(STREAM, group, reader, min_idle_time=ABANDONED_MS, count=BATCH)
    return list(answer[1])


def keep(store: Redis, group: str, event: dict[str, Any], document: bytes) -> None:
    """Keep an event of a type that we know; in your own reader this writes to the CRM's database."""
    if event["type"] not in OF_A_CALL:
        return
    call, revision = event["subject"], event["data"]["revision"]
    if store.eval(KEEP_THE_NEWEST, 1, f"{group}:calls", call, revision, document):
        print(f"kept {call} revision {revision}", flush=True)


if __name__ == "__main__":
    url = os.environ["REDIS_URL"]
    read(connect(url), sys.argv[1], sys.argv[2], store=connect(os.environ.get("STORE_URL", url)))
