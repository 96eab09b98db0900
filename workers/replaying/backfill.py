"""Backfill: the history of an account, from RingCentral's call log into outcomes.

The log is read backwards in full pages: each request asks for what began before the oldest call the last one showed,
so that no page is half empty and none shifts, and the only position is that moment. It moves on with the last calls of
a page; a page whose runner was killed is asked for once more, and changes nothing twice. One for which RingCentral
takes longer than is waited is asked for with half as many records, and those behind it with more again as time goes by:
that one with fewer was answered says nothing of how much RingCentral can bear. One for which it has no answer for
minutes, and for the usual comparison it has, is made smaller likewise; the smallest is passed over, and told of.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from runtime import asking, faults
from runtime.asking import LATE_SECONDS
from runtime.budget import Share
from runtime.ledger import Tracked
from runtime.logs import log
from runtime.metrics import MALFORMED_RECORDS
from runtime.replays import Progress, State, Unanswered
from telephony.call_log import CallLogPage
from telephony.events import Trigger
from telephony.records import CallLogRecord
from telephony.times import iso_ms_at, moment_at
from workers.replaying.replay_errand import Errand, Step
from workers.resolving import casebook
from workers.resolving.cases import Case
from workers.resolving.older_ids import OlderIds, session_of
from workers.resolving.pacing import PARKED_SECONDS
from workers.resolving.sweep import was_there
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import NotFound, RateLimited, Refused, Unavailable

BOUNDARY: Final = timedelta(minutes=10)
"""A call that began so near to the end of a page may have another record on the next."""

MOST_HALVINGS: Final = 3

STUCK_SECONDS: Final = 180.0
"""How long the same page is asked for in vain before it is made smaller, or passed over."""

MOST_NAMED: Final = 5

_TICK: Final = timedelta(milliseconds=1)
_NONE: Final[dict[str, Tracked]] = {}


class Backfill:
    """Reads one page of history, and judges its calls."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        selection = errand.replay.asked.selection
        self._since = moment_at(selection.since or 0.0)
        place = errand.replay.progress.place or str(selection.until or errand.replay.asked_at)
        self._until, self._page = _read(place)

    def step(self, now: float) -> Step:
        """Take the next page all the way."""
        errand, progress = self._errand, self._errand.replay.progress
        if self._until <= self._since:
            return Step(msgspec.structs.replace(progress, state=State.DONE, finished_at=now, why=passed(progress)))
        try:
            page = self._ask()
        except RateLimited:
            return Step(msgspec.structs.replace(progress, why="budget"), again_at=now + errand.pause(Share.BACKFILL))
        except Unavailable as error:
            after = self._after(progress, error, now)
            is_same = (after.place, after.halvings) == (progress.place, progress.halvings)
            rest = PARKED_SECONDS if is_same and was_there(error) else 0.0
            return Step(after, error=error, again_at=now + rest)
        except (NotFound, Refused):
            if not _is_passing(progress):
                raise
            page = CallLogPage(())  # there is nothing behind what was passed over
        faults.point("replay.asked")
        errand.keep()
        begins, after = self._judge(page), self._moved_on(progress, page)
        asked = msgspec.structs.replace(
            after,
            requests=progress.requests + 1,
            total=(progress.total or 0) + self._count(begins, after.place),
            unanswered=self._told(progress, page),
            why=None,
        )
        return Step(_with_more(asked, now), again_at=now)

    def _ask(self) -> CallLogPage:
        client = self._errand.made.ringcentral(self._errand.made.account(self._errand.account))
        halvings = self._errand.replay.progress.halvings
        log = CallLog(client)
        return next(log.pages(self._since, self._until, share=Share.BACKFILL, first=self._page, halvings=halvings))

    def _judge(self, page: CallLogPage) -> list[datetime]:
        """Judge all calls of a page; give when each began."""
        errand = self._errand
        older_ids = OlderIds(errand.redis, errand.account, _NONE)
        found: dict[str, list[CallLogRecord]] = {}
        for record in page.records:
            found.setdefault(session_of(record, older_ids.session_of), []).append(record)
        if page.malformed:
            errand.made.recorder.count(MALFORMED_RECORDS, errand.account, by=len(page.malformed))
        begins = {one: _oldest(records, self._until) for one, records in found.items()}
        oldest = _oldest(page.records, self._until)
        near = {one for one, begin in begins.items() if begin < oldest + BOUNDARY}

        def cases(ids: Sequence[str]) -> list[Case]:
            return casebook.cases(
                errand.redis,
                errand.account,
                ids,
                found,
                by=Trigger.BACKFILL,
                deliver=errand.replay.asked.deliver,
                remembered=near,
            )

        errand.judge(list(found), cases, lambda _cases, _judged: [])
        return list(begins.values())

    def _count(self, begins: Sequence[datetime], place: str) -> int:
        """Count the calls of a page that neither the one before has shown nor the next one, from `place`, shows again.

        Pages overlap by a moment, and any number of calls may have begun in it: they count where it is looked through.
        """
        reached, page = _read(place)
        is_first = not self._errand.replay.progress.place
        return sum((reached <= begin or page > 1) and (begin < self._until or is_first) for begin in begins)

    def _moved_on(self, progress: Progress, page: CallLogPage) -> Progress:
        """Go on with what began before the oldest call of this page; where all began at once, with the next page."""
        if not page.next_page:
            return msgspec.structs.replace(progress, place=str(self._since.timestamp()))
        oldest = _oldest(page.records, self._until) + _TICK
        if oldest < self._until:
            return msgspec.structs.replace(progress, place=f"{oldest.timestamp():.3f}")
        return msgspec.structs.replace(progress, place=self._at(self._page + 1))

    def _after(self, progress: Progress, error: Unavailable, now: float) -> Progress:
        """Go on after a page without an answer: with the same one, with half of it, or in the end with the next."""
        if error.late:
            progress = msgspec.structs.replace(progress, late=(0.0, now))
        if progress.halvings < MOST_HALVINGS and error.late:
            return self._halved(progress)
        if not was_there(error) or not self._is_stuck(progress, now):
            return progress
        return self._halved(progress) if progress.halvings < MOST_HALVINGS else self._past(progress)

    def _is_stuck(self, progress: Progress, now: float) -> bool:
        """Say whether RingCentral has had no answer for a page for minutes, and one for what has just happened."""
        since = progress.stuck_since
        if since is None or now < since + STUCK_SECONDS:
            return False
        return (asking.load(self._errand.redis, self._errand.account).compared_to or 0.0) > since

    def _halved(self, progress: Progress) -> Progress:
        """Have the same records begin the next page, with half as many on it."""
        return msgspec.structs.replace(
            progress, place=self._at(2 * self._page - 1), halvings=progress.halvings + 1, stuck_since=None
        )

    def _past(self, progress: Progress) -> Progress:
        """Pass a page over; what began in which time is on it, the page behind it will tell."""
        replay = self._errand.replay
        log.warning("replay.passed_over", account=replay.account, replay=replay.id, place=progress.place)
        noted = progress.unanswered
        if not _is_passing(progress):
            noted = (*noted, Unanswered(end=self._until.timestamp()))
        return msgspec.structs.replace(progress, place=self._at(self._page + 1), unanswered=noted, stuck_since=None)

    def _told(self, progress: Progress, page: CallLogPage) -> tuple[Unanswered, ...]:
        """Say when what was passed over just before this page began."""
        if not _is_passing(progress):
            return progress.unanswered
        *before, last = progress.unanswered
        newest = max((record.start_time for record in page.records if record.start_time), default=self._since)
        return (*before, msgspec.structs.replace(last, begin=newest.timestamp()))

    def _at(self, page: int) -> str:
        return f"{self._until.timestamp():.3f}#{page}"


def _read(place: str) -> tuple[datetime, int]:
    """Read down to which moment the log was looked through, and which page of what began before it is next."""
    moment, _, page = place.partition("#")
    return moment_at(float(moment)), int(page or 1)


def _with_more(progress: Progress, now: float) -> Progress:
    """Have the next page hold twice as many records, if none took too long lately, nor was made so much larger.

    Not one that begins where a page as small did: there is no such page of another size.
    """
    _, since = progress.late or (0.0, 0.0)
    if not progress.halvings or "#" in progress.place or since <= now < since + LATE_SECONDS:
        return progress
    return msgspec.structs.replace(progress, halvings=progress.halvings - 1, late=(0.0, now))


def _is_passing(progress: Progress) -> bool:
    """Say whether the page before was passed over, and nobody knows yet how far back it reached."""
    return bool(progress.unanswered) and not progress.unanswered[-1].begin


def passed(progress: Progress) -> str | None:
    """Say what was passed over, if anything."""
    spans = [_span(one) for one in progress.unanswered]
    more = f", and {len(spans) - MOST_NAMED} more" if len(spans) > MOST_NAMED else ""
    return f"RingCentral has no answer for {', '.join(spans[:MOST_NAMED])}{more}" if spans else None


def _span(one: Unanswered) -> str:
    """Name a time; where a backfill ended just behind it, nobody knows when that began."""
    end = iso_ms_at(one.end)
    return f"{iso_ms_at(one.begin)} to {end}" if one.begin else f"what began before {end}"


def _oldest(records: Sequence[CallLogRecord], otherwise: datetime) -> datetime:
    return min((record.start_time for record in records if record.start_time), default=otherwise)
