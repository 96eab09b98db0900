"""The call log: records by id, by session, by start, and in the order they were last changed."""

import bisect
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from scripts.simulator.moments import read


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a record, kept as the JSON that is sent, and what it can be searched by."""

    id: str
    start: float
    telephony_session_id: str
    session_id: str
    direction: str
    type: str
    result: str
    numbers: frozenset[str]
    extension_ids: frozenset[str]
    change: int  # place in the order of changes
    detailed: bytes

    def shown(self, view: str) -> msgspec.Raw:
        """Give the record's JSON as a view shows it. The simple view lacks the legs and the billing."""
        if view == "Detailed":
            return msgspec.Raw(self.detailed)
        document = msgspec.json.decode(self.detailed)
        uri = document["uri"].replace("view=Detailed", "view=Simple")
        simple = {key: value for key, value in document.items() if key not in {"legs", "billing"}}
        return msgspec.Raw(msgspec.json.encode(simple | {"uri": uri}))


class CallLog:
    """All records of the account. Looking something up never walks over all of them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_session: dict[str, list[str]] = {}
        self._by_start: list[tuple[float, str]] = []
        self._changes: list[tuple[float, str]] = []  # when, which record; a rewritten record is listed again
        self._lock = threading.Lock()
        self.generation = 0  # raised when the platform forgets every sync token it gave out

    def __len__(self) -> int:
        """Count the records."""
        return len(self._entries)

    def put(self, document: dict[str, Any], *, now: float) -> None:
        """Add a record, or rewrite the one with its id."""
        with self._lock:
            entry = _entry(document, len(self._changes))
            before = self._entries.get(entry.id)
            if before is None:
                for key in {entry.telephony_session_id, entry.session_id}:
                    self._by_session.setdefault(key, []).append(entry.id)
            else:
                del self._by_start[bisect.bisect_left(self._by_start, (before.start, before.id))]
            bisect.insort(self._by_start, (entry.start, entry.id))
            # In this order: whoever reads the changes meanwhile finds each record at its latest one.
            self._entries[entry.id] = entry
            self._changes.append((now, entry.id))

    def forget(self, record_ids: Iterable[str]) -> None:
        """Forget records, as the platform does with old ones."""
        with self._lock:
            for entry in filter(None, (self._entries.pop(record_id, None) for record_id in record_ids)):
                del self._by_start[bisect.bisect_left(self._by_start, (entry.start, entry.id))]
                for key in {entry.telephony_session_id, entry.session_id}:
                    self._by_session.pop(key, None)

    def get(self, record_id: str) -> Entry | None:
        """Give a record by its id."""
        return self._entries.get(record_id)

    def of_session(self, session_id: str) -> list[Entry]:
        """List the records of a session, of either kind of id, newest first."""
        with self._lock:
            entries = [self._entries[record_id] for record_id in self._by_session.get(session_id, ())]
        return sorted(entries, key=lambda entry: (entry.start, entry.id), reverse=True)

    def started_between(self, earliest: float, latest: float) -> Iterator[Entry]:
        """Go through the records of calls started in a window, newest first."""
        with self._lock:
            first = bisect.bisect_left(self._by_start, (earliest, ""))
            last = bisect.bisect_right(self._by_start, (latest, "\uffff"))
            keys = self._by_start[first:last]
        return (self._entries[record_id] for _, record_id in reversed(keys) if record_id in self._entries)

    def changed_between(self, first: int, end: int) -> Iterator[Entry]:
        """Go through the records changed from one place in the order of changes up to another, oldest first.

        A record changed several times comes once, as it is now, at its latest change;
        if that is later than `end`, not at all.
        """
        for place in range(first, end):
            entry = self._entries.get(self._changes[place][1])
            if entry is not None and entry.change == place:
                yield entry

    def first_change_at(self, moment: float) -> int:
        """Give the place of the first change not before a moment."""
        return bisect.bisect_left(self._changes, (moment, ""))

    @property
    def changes(self) -> int:
        """Count the changes so far: the place the next one will have."""
        return len(self._changes)


def _entry(document: dict[str, Any], change: int) -> Entry:
    parts = [document, *document["legs"]]
    ends = [part[end] for part in parts for end in ("from", "to")]
    extensions = {str(part["extension"]["id"]) for part in parts if "extension" in part}
    return Entry(
        id=document["id"],
        start=read(document["startTime"]),
        telephony_session_id=document["telephonySessionId"],
        session_id=document["sessionId"],
        direction=document["direction"],
        type=document["type"],
        result=document["result"],
        numbers=frozenset(end["phoneNumber"].lstrip("+") for end in ends),
        extension_ids=frozenset(extensions),
        change=change,
        detailed=msgspec.json.encode(document),
    )
