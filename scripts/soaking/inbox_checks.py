"""What came of notifications: what was answered 200 is stored, what is stored has been read, no call of it is nowhere.

No outcome shows that one was lost: the call log heals every call. So they are looked for one by one.
"""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, cast

from msgspec import Struct
from redis import Redis

from runtime import audit, keys, ledger, streams
from runtime.inbox import tracked_to
from runtime.ledger import Tracked
from runtime.settings import DEFAULT_ACCOUNT
from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from telephony.completeness import Standing
from telephony.notifications import Kind, Malformed, Notification, read
from telephony.sessions import Session, fold

MOST_LATE: Final = 0.01
"""Of all notifications: so few may wait for more than a second for their answer, whatever goes on."""


class Acknowledged(Struct, frozen=True, rename="camel"):
    """The notifications of a call that RingCentral was answered 200 for, by their sequences."""

    telephony_session_id: str
    acknowledged: tuple[int, ...]


def answered_soon(plant: Plant, _: Course) -> Finding:
    """Say how many notifications were not answered for a second, or not at all in it."""
    told = plant.box.status()["webhooks"]
    late, sent = told["late"], told["sent"] + told["failed"]
    good = f"all but {late:,} of {sent:,}"
    return finding(
        "notifications are answered within a second", [f"not {late:,} of {sent:,}"] * (late > MOST_LATE * sent), good
    )


def stored(plant: Plant, _: Course) -> Finding:
    """Look in the inbox for each notification that RingCentral was answered 200 for."""
    there = {
        (item.telephony_session_id, item.sequence)
        for _, items in _entries(plant.patient)
        for item in items
        if isinstance(item, Notification)
    }
    told = plant.box.truths_as(Acknowledged)
    missing = [
        f"notification {sequence} of {one.telephony_session_id} is not there"
        for one in told
        for sequence in one.acknowledged
        if (one.telephony_session_id, sequence) not in there
    ]
    good = f"{sum(len(one.acknowledged) for one in told):,} of calls"
    return finding("every notification that was answered 200 is stored", missing, good)


def read_whole(plant: Plant, _: Course) -> Finding:
    """Hold what was made of the inbox against what it holds."""
    count = plant.patient.xlen(keys.quarantine(DEFAULT_ACCOUNT))
    good = f"sessions are what theirs make of them, {count:,} bodies are in quarantine"
    return finding("every notification that is stored was read", unread(plant.patient), good)


def unread(redis: Redis) -> list[str]:
    """Read the whole inbox again, and say where what comes of it is not what ledger and quarantine have."""
    sessions: dict[str, Session] = {}
    unreadable: Counter[str] = Counter()
    for place, items in _entries(redis):
        for item in items:
            if isinstance(item, Malformed):
                unreadable[place] = 1
            elif item.kind is Kind.TELEPHONY_SESSION and item.telephony_session_id is not None:
                sessions[item.telephony_session_id] = fold(sessions.get(item.telephony_session_id), item)
    known = ledger.tracked(redis, DEFAULT_ACCOUNT, list(sessions))
    faults = [fault for one in sessions.values() if (fault := _otherwise(one, known.get(one.id)))]
    rows = streams.entries(redis, keys.quarantine(DEFAULT_ACCOUNT))
    aside = Counter(fields[b"inboxId"].decode() for _, fields in rows)
    faults += [f"{place} cannot be read and is not in quarantine" for place in unreadable - aside]
    return faults + [f"{place} is in quarantine without need" for place in aside - unreadable]


def _otherwise(session: Session, known: Tracked | None) -> str | None:
    """Say in what a session is not what its notifications make of it."""
    if known is None:
        return f"{session.id} is not in the ledger"
    if known.session == session:
        return None
    if known.session.heard == session.heard:
        return f"{session.id} is not what its notifications make of it"
    return f"{session.id} has notifications {_runs(session)}, and was made of {_runs(known.session)}"


def _runs(session: Session) -> str:
    return ", ".join(f"{first} to {last}" for first, last in session.heard)


def left_behind(plant: Plant, course: Course) -> Finding:
    """Hold the cursor of track against the end of the inbox, and look for played calls that still wait for something.

    Hostile bodies invent sessions, which wait for their deadline as they should.
    """
    place = tracked_to(plant.patient, DEFAULT_ACCOUNT)
    rest = cast("list[Any]", plant.patient.xrange(keys.inbox(DEFAULT_ACCOUNT), min=f"({place}", count=1))
    unread = ["the inbox holds what was never folded"] * bool(rest)
    played = {one.truth.telephony_session_id.encode() for one in course.report.judgements}
    for name in (keys.due(DEFAULT_ACCOUNT), keys.quiet(DEFAULT_ACCOUNT)):
        left = played.intersection(cast("list[bytes]", plant.patient.zrange(name, 0, -1)))
        unread += [f"{len(left)} sessions still wait in {name}"] * bool(left)
    count = plant.patient.xlen(keys.inbox(DEFAULT_ACCOUNT))
    return finding("nothing accepted is left behind", unread, f"{count:,} notifications, all folded")


def conserved(plant: Plant, course: Course) -> Finding:
    """Ask the product's own completeness ledger: every call it knows of is somewhere, and all played ones published."""
    hours = audit.hours(plant.patient, DEFAULT_ACCOUNT, since=course.began - audit.HOUR, until=time.time(), fresh=True)
    counted = audit.total(hours)
    published = counted.count(Standing.PUBLISHED)
    faults = [f"{one.telephony_session_id}: {one.because}" for one in counted.unexplained]
    faults += [f"only {published} of {course.calls} are published"] * (published < course.calls)
    good = f"{published:,} published, {counted.known - published} elsewhere, none unexplained"
    return finding("the completeness ledger accounts for every call", faults, good)


def _entries(redis: Redis) -> Iterator[tuple[str, tuple[Notification | Malformed, ...]]]:
    """Read the inbox from end to end: where each body is, and what it says."""
    for place, fields in streams.entries(redis, keys.inbox(DEFAULT_ACCOUNT)):
        yield place.decode(), read(fields[b"body"])
