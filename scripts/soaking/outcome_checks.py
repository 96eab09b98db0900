"""What was published: every call's right outcome, once, each revision for a reason, and all of it read by others."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec

from runtime import keys, streams
from scripts.soaking.driving import Course
from scripts.soaking.findings import Finding, finding
from scripts.soaking.plant import Plant
from scripts.supervisor.summary import OUTCOME, Data, Truth, Verdict, heard_of

_OF_RINGOUT: Final = "ringout_second"
_NO_NEWS: Final = frozenset({"revision", "trigger", "changed", "timing", "explanation", "rulesVersion"})
"""Fields of an event in which a revision may differ though nothing about the call has changed."""

_TRIGGER: Final = "trigger"
"""Named as changed by the one revision that may say nothing else: it takes back what evidence had linked."""


MOST_WITHOUT_END: Final = 0.1
"""Of the calls all of whose notifications were taken: the call log may tell of one before its end was read."""


class Recorded(msgspec.Struct, frozen=True, rename="camel"):
    """Whether RingCentral has listed a recording of a call."""

    telephony_session_id: str
    recorded: bool


class Published(msgspec.Struct, frozen=True):
    """An event as it stands in the outcome log."""

    id: str
    subject: str
    data: dict[str, Any]

    @property
    def revision(self) -> int:
        """The number of the revision; 0 of the end."""
        return int(self.data["revision"])


def published(plant: Plant) -> Iterator[tuple[bytes, Published]]:
    """Give all events of the outcome log with their places in it."""
    for place, fields in streams.entries(plant.patient, keys.OUTCOMES):
        yield place, msgspec.json.decode(fields[b"event"], type=Published)


def outcomes(_: Plant, course: Course) -> Finding:
    """Hold each call's newest outcome against what RingCentral in a box knows."""
    report = course.report
    wrong = [
        f"{one.truth.telephony_session_id} ({one.truth.scenario}) is {one.verdict} {one.differing or ''}".rstrip()
        for one in report.judgements
        if one.verdict is not Verdict.RIGHT
    ]
    missing = [f"{course.calls - len(report.judgements)} calls are unknown"] * (len(report.judgements) < course.calls)
    return finding(
        "every call has the outcome RingCentral in a box knows to be right",
        [*wrong, *missing],
        f"{report.count(Verdict.RIGHT):,} of {len(report.judgements):,}",
    )


def once(plant: Plant, _course: Course) -> Finding:
    """Look for ids that stand in the log more than once."""
    times = Counter(event.id for _, event in published(plant))
    twice = (f"{event_id} {count} times" for event_id, count in times.items() if count > 1)
    return finding("nothing is published twice", twice, f"{len(times):,} events")


def news(plant: Plant, _course: Course) -> Finding:
    """Compare each outcome with the one before it: the same fact under another id is published twice as well."""
    before: dict[str, Published] = {}
    faults, further = [], 0
    for _, event in published(plant):
        earlier = before.get(event.subject)
        if earlier is not None and event.revision <= earlier.revision:
            faults.append(f"{event.id} was published after {earlier.id}")
        elif earlier is not None and earlier.revision:
            further += 1
            faults += _no_news(earlier, event)
        before[event.subject] = event
    return finding("every revision is later and says what changed", faults, f"{further:,} further revisions")


def _no_news(before: Published, after: Published) -> Iterator[str]:
    """Say what is wrong with a revision that changed nothing, or something else than it says."""
    names = (before.data.keys() | after.data.keys()) - _NO_NEWS
    changed = {name for name in names if before.data.get(name) != after.data.get(name)}
    said = set(after.data.get("changed") or ())
    if not changed and _TRIGGER not in said:
        yield f"{after.id} says what {before.id} said"
    elif said - {_TRIGGER} != changed:
        yield f"{after.id} calls {sorted(said)} changed, and it was {sorted(changed)}"


def ends(plant: Plant, _: Course) -> Finding:
    """Look for the event that tells of the end of each call all of whose notifications were taken."""
    heard = heard_of(plant.box.truths_as(Truth))
    told = {event.subject for _, event in published(plant) if not event.revision}
    missing = sorted(heard - told)
    faults = [f"{one} has none" for one in missing] if len(missing) > MOST_WITHOUT_END * len(heard) else []
    good = f"{len(heard - set(missing)):,} of {len(heard):,}; of the others their outcome was told first"
    return finding("the end of a call is told from its notifications", faults, good)


def recordings(plant: Plant, _: Course) -> Finding:
    """Look for recordings, which come after the record, in the last that was published of their calls."""
    last = {event.subject: event for _, event in published(plant) if event.revision}
    told = {call for call, event in last.items() if event.data.get("recordings")}
    there = {one.telephony_session_id for one in plant.box.truths_as(Recorded) if one.recorded}
    faults = [f"{one} has one that nobody was told of" for one in sorted(there - told)]
    faults += [f"{one} has none and was said to have one" for one in sorted(told - there)]
    return finding("a recording that comes later is told of", faults, f"{len(told):,} calls have one")


def heard_by_a_group(plant: Plant, _: Course) -> Finding:
    """Hold what a consumer group has read against the log."""
    log = {place: event.id for place, event in published(plant)}
    seen = {place: event.id for place, event in plant.reader.events.items()}
    faults = [f"{log[place]} was never read" for place in log.keys() - seen.keys()]
    faults += [f"{seen[place]} was read and is not in the log" for place in seen.keys() - log.keys()]
    return finding("a consumer group has read exactly the outcome log", faults, f"{len(seen):,} events")


def links(plant: Plant, _: Course) -> Finding:
    """Look for sessions that a later revision does not link any more; only a RingOut's links may have been guesses."""
    calls: dict[str, list[Data]] = {}
    for event in plant.reader.known():
        calls.setdefault(event.subject, []).append(event.data)
    faults = []
    for call, revisions in calls.items():
        revisions.sort(key=lambda one: one.revision)
        for before, after in pairwise(revisions):
            lost = set(before.linked_sessions) - set(after.linked_sessions)
            role = after.conversation and after.conversation.role
            if lost and after.caller_status is None and role != _OF_RINGOUT:
                faults.append(f"{call} has lost {sorted(lost)} in revision {after.revision}")
    return finding("sessions that were linked stay so", faults, f"{len(calls):,} calls")


def first_outcomes(plant: Plant) -> list[float]:
    """Say when outcomes were published (seconds since 1970), the earliest first."""
    told = plant.reader.events
    return sorted(streams.added_at(place.decode()) for place, event in told.items() if event.type == OUTCOME)
