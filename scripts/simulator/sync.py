"""The call log's change feeds: what changed since a token, without walking over everything else.

`call-log-sync` shows what changed among recent calls, at most 250 records at a time, and
refuses the token when there is more. `call-log-extract-sync` shows whatever changed, page
by page. The first request of either is an FSync; ISync goes on from its token. The view is
each request's own: nothing in today's reference says that a token remembers it.
"""

import base64
from itertools import islice

import msgspec

from scripts.simulator.call_log import CallLog, Entry
from scripts.simulator.problems import ApiError

MOST_PER_SYNC = 250
MOST_PER_EXTRACT = 1000
DEFAULT_PER_EXTRACT = 250
MISSED = frozenset({"Missed", "Voicemail", "Abandoned", "Hang Up"})


class SyncToken(msgspec.Struct, frozen=True, array_like=True):
    """Where a client stands. To the client it is a word without meaning."""

    feed: str
    generation: int
    change: int  # the first change not yet seen
    count: int
    frame_start: float = 0.0  # of the oldest call the sync is about
    missed_only: bool = False
    extension: str | None = None

    def written(self) -> str:
        """Write it as it is handed out."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()

    def wants(self, entry: Entry) -> bool:
        """Say whether a record belongs to what is being synchronised."""
        return (
            entry.start >= self.frame_start
            and (self.extension is None or self.extension in entry.extension_ids)
            and (not self.missed_only or (entry.direction == "Inbound" and entry.result in MISSED))
        )


class Page(msgspec.Struct, frozen=True):
    """What a sync request is answered with."""

    entries: list[Entry]
    token: SyncToken
    more: bool = False


def read_token(text: str | None, feed: str, call_log: CallLog) -> SyncToken:
    """Read a token handed out before; raise ApiError for one made up, of the other feed, or forgotten."""
    try:
        token = msgspec.json.decode(base64.urlsafe_b64decode(text or ""), type=SyncToken)
    except ValueError as fault:  # msgspec's and base64's errors are ValueErrors
        raise ApiError("sync_token_invalid") from fault
    if token.feed != feed:
        raise ApiError("sync_token_invalid")
    if token.generation != call_log.generation:
        raise ApiError("sync_token_expired")
    return token


def full_sync(call_log: CallLog, token: SyncToken, *, now: float) -> Page:
    """Show the newest calls, and give a token that covers the time since the oldest of them."""
    change = call_log.changes
    entries = list(islice(filter(token.wants, call_log.started_between(token.frame_start, now)), token.count))
    frame_start = entries[-1].start if len(entries) == token.count else token.frame_start
    return Page(entries, msgspec.structs.replace(token, change=change, frame_start=frame_start))


def incremental_sync(call_log: CallLog, token: SyncToken) -> Page:
    """Show every record changed since the token; raise ApiError when there are more than the feed carries."""
    end = call_log.changes
    changed = filter(token.wants, call_log.changed_between(token.change, end))
    entries = list(islice(changed, MOST_PER_SYNC + 1))
    if len(entries) > MOST_PER_SYNC:
        raise ApiError("sync_overflow")
    entries.sort(key=lambda entry: (entry.start, entry.id), reverse=True)
    return Page(entries, msgspec.structs.replace(token, change=end))


def extract(call_log: CallLog, token: SyncToken) -> Page:
    """Show the next records in the order they were changed."""
    end = call_log.changes
    entries = list(islice(call_log.changed_between(token.change, end), token.count + 1))
    more = len(entries) > token.count
    change = entries[token.count].change if more else end
    return Page(entries[: token.count], msgspec.structs.replace(token, change=change), more)
