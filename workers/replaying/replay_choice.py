"""Choose the calls of a replay: those named by nothing but their ids, or those that match, a page at a time.

Going by when calls began, each is judged by the newest that was published of it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from runtime import keys, ledger, outcome_log, replays
from runtime.deliveries import attempts, destinations
from runtime.replays import Level, Progress, State
from runtime.showing import calls
from runtime.showing.call_filter import Filter
from telephony.destinations import wants
from telephony.events import CallEvent
from telephony.selection import Selection, began, takes
from workers.replaying.replay_errand import Errand, Step

PAGE: Final = 500

UNKNOWN: Final = 0.0
"""When a call began of which nothing is known but its id."""


def step(errand: Errand, now: float) -> Step:
    """Choose some calls; with the last of them the replay begins to look at them."""
    selection = errand.replay.asked.selection
    if selection.is_by_id_alone:
        errand.note(replays.chosen(errand.replay, _rows(errand, selection.calls, selection)))
        return Step(_running(errand), again_at=now)
    return _page(errand, selection, now)


def _running(errand: Errand) -> Progress:
    total = errand.redis.zcard(keys.replay_calls(errand.account, errand.replay.id))
    return msgspec.structs.replace(errand.replay.progress, state=State.RUNNING, total=total)


def _page(errand: Errand, selection: Selection, now: float) -> Step:
    """Look through the next page of the calls that the index finds."""
    asked = Filter(
        number=selection.number,
        extension=selection.extension,
        outcome=selection.outcomes[0] if len(selection.outcomes) == 1 else None,
        since=selection.since,
        until=selection.until,
        calls=_named(errand, selection),
    )
    page = calls.search(errand.redis, [errand.account], asked, after=errand.replay.progress.place, limit=PAGE)
    ids = [row.call.telephony_session_id for row in page.items]
    errand.note(replays.chosen(errand.replay, _rows(errand, ids, selection)))
    if page.next is None:
        return Step(_running(errand), again_at=now)
    return Step(msgspec.structs.replace(errand.replay.progress, place=page.next), again_at=now)


def _rows(errand: Errand, ids: Sequence[str], selection: Selection) -> Iterator[tuple[str, float]]:
    """Give those of these calls that are meant, and when each began."""
    newest = outcome_log.newest_of(errand.redis, errand.account, ids)
    tracked = ledger.tracked(errand.redis, errand.account, ids)
    listed = errand.redis.zmscore(keys.calls(errand.account), list(ids)) if ids else []
    only_told = selection.asks_how_it_ended or errand.replay.asked.level is Level.DELIVER
    for one, at in zip(ids, listed, strict=True):
        entry, known = newest.get(one), tracked.get(one)
        start = known.session.started_at.timestamp() if known and known.session.started_at else at
        if entry is None:
            if selection.is_by_id_alone or not only_told:  # whoever knows its id may know it better than we do
                yield one, start or UNKNOWN
            continue
        event = outcome_log.event_of(entry.document)
        if event is None:
            continue
        if takes(selection, event.data) and _is_wanted(errand, selection, event):
            yield one, start or began(event.data) or UNKNOWN


def _is_wanted(errand: Errand, selection: Selection, event: CallEvent) -> bool:
    if selection.destination is None:
        return True
    destination = destinations.get(errand.redis, selection.destination)
    return destination is not None and wants(destination, errand.account, event)


def _named(errand: Errand, selection: Selection) -> frozenset[str] | None:
    """Give the calls that are meant by their ids, by what a destination never took, or by both; None means any."""
    if not selection.failed:
        return frozenset(selection.calls) or None
    failed = frozenset(_failed(errand, selection))
    return failed & frozenset(selection.calls) if selection.calls else failed


def _failed(errand: Errand, selection: Selection) -> Iterator[str]:
    """Give the calls of the account that are dead letters of a destination."""
    for destination in destinations.all(errand.redis):
        if selection.destination in {None, destination.id}:
            letters = attempts.dead_letters(errand.redis, destination.id)
            yield from (letter.call for letter in letters if letter.account == errand.account)
