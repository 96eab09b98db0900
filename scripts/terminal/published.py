"""Read what was and is being published: the outcome log for machines, and the live channels for who watches."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final

import msgspec
from redis import Redis
from redis.client import PubSub

from runtime import keys, outcome_log
from telephony.events import CallEvent
from telephony.live_events import UPDATED, LiveEvent

BATCH: Final = 500
WAIT_MS: Final = 250
BEGINNING: Final = "0-0"


class Told(msgspec.Struct, frozen=True):
    """One event: the account's name, the event, and its JSON document word for word."""

    account: str
    event: CallEvent | LiveEvent
    document: bytes


class Wanted(msgspec.Struct, frozen=True):
    """Which events are asked for; None or nothing stands for all."""

    account: str | None = None
    outcomes: frozenset[str] = frozenset()

    def includes(self, told: Told) -> bool:
        """Say whether `told` was asked for. News of a call that is on has no outcome."""
        if self.account not in {None, told.account}:
            return False
        return not self.outcomes or (isinstance(told.event, CallEvent) and told.event.data.outcome in self.outcomes)


class OutcomeLog:
    """The outcome log from some place on. `place` moves with what was read, so that reading on loses nothing."""

    def __init__(self, redis: Redis, wanted: Wanted) -> None:
        self._redis = redis
        self._wanted = wanted
        self.place = BEGINNING

    def last(self, count: int) -> list[Told]:
        """Read the last `count` that are wanted, oldest first, and stand at the end."""
        entries = outcome_log.newest_first(self._redis)
        newest = next(entries, None)
        if newest is None:
            return []
        self.place = newest.place
        return list(islice(self._wanted_of(chain((newest,), entries)), count))[::-1]

    def stand_at(self, when: datetime) -> None:
        """Stand before the first event that was published at `when` or later."""
        milliseconds = int(when.timestamp() * 1000)
        self.place = f"{milliseconds - 1}-{2**64 - 1}" if milliseconds > 0 else BEGINNING

    def to_the_end(self) -> Iterator[Told]:
        """Read on, as far as there is something."""
        while entries := self._read():
            yield from self._wanted_of(entries)

    def wait(self) -> list[Told]:
        """Read what comes next; nothing after a quarter of a second in which nothing came."""
        return list(self._wanted_of(self._read(wait_ms=WAIT_MS)))

    def _read(self, wait_ms: int | None = None) -> list[outcome_log.Entry]:
        entries = outcome_log.after(self._redis, self.place, most=BATCH, wait_ms=wait_ms)
        if entries:
            self.place = entries[-1].place
        return entries

    def _wanted_of(self, entries: Iterable[outcome_log.Entry]) -> Iterator[Told]:
        return (told for entry in entries if (told := _told(entry)) and self._wanted.includes(told))


class LiveChannels:
    """What happens in calls that are on, from now on. What nobody listens to is gone."""

    def __init__(self, redis: Redis, wanted: Wanted) -> None:
        self._channels: PubSub = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._wanted = wanted
        # The channel tells the account, which the document does not. A user of Redis may listen to the very pattern of
        # its list and to no narrower one: docs/ops/acl/users.acl has this.
        self._channels.psubscribe(f"{keys.LIVE}*")

    def drain(self) -> Iterator[Told]:
        """Give what has come since the last time."""
        while (message := self._channels.get_message(timeout=0)) is not None:
            told = _told_live(message)
            if told is not None and self._wanted.includes(told):
                yield told

    def close(self) -> None:
        """Hang up."""
        self._channels.close()


def _told(entry: outcome_log.Entry) -> Told | None:
    event = outcome_log.event_of(entry.document)
    return None if event is None else Told(entry.account, event, entry.document)


def _told_live(message: dict[str, Any]) -> Told | None:
    """Read a message of an account's own channel; that of all, and those of its extensions, say the same once more.

    None for what is no event: anybody may publish on a channel, a later version among them.
    """
    account = message["channel"].decode(errors="replace").removeprefix(keys.live(""))
    document = message["data"]
    try:
        if ":" in account or outcome_log.type_of(document) != UPDATED:
            return None
        return Told(account, _LIVE.decode(document), document)
    except (ValueError, RecursionError):
        return None


_LIVE: Final = msgspec.json.Decoder(LiveEvent)
