"""One sweep of the call log: carry out the planned requests, and sort the records by the session they belong to."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from runtime.asking import Asking
from runtime.budget import Share
from runtime.logs import log
from telephony.call_log import CallLogPage, NoToken, SyncPage
from telephony.fetch_plan import PAGE, Feed, Lane, LookUp, Request, Wanted, Window, fullest, is_shown
from telephony.narrowing import Narrowing
from telephony.records import CallLogRecord
from telephony.times import LONG_AGO, NEVER
from workers.resolving.older_ids import session_of
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    RingCentralError,
    Unavailable,
)
from workers.ringcentral.feeds import MOST, CallLogFeed, StaleToken

ALWAYS: Final = Window(LONG_AGO, NEVER)

_NOT_OFFERED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED})

MANY: Final = PAGE // 20
"""Records that tell how many there are at other times."""


class Sweep(msgspec.Struct):
    """What a sweep brought: records by session, what was asked to the end, and what stopped it, if something did.

    `past_stopped_by` is what RingCentral said of a stretch of the past for which it will not answer; it stopped nothing
    else. Neither error knows where it was raised: those frames hold the sweep, and with it thousands of records would
    stay in memory until the collector of cycles comes by. `unanswered` is what calls were waiting for and RingCentral,
    which was there, would or could not answer; `past_unanswered` the same of what nobody waits for.
    """

    asking: Asking
    records: dict[str, list[CallLogRecord]] = msgspec.field(default_factory=dict)
    answered: list[Request] = msgspec.field(default_factory=list)
    unanswered: list[Request] = msgspec.field(default_factory=list)
    past_unanswered: list[Request] = msgspec.field(default_factory=list)
    malformed: int = 0
    stopped_by: RingCentralError | None = None
    past_stopped_by: RingCentralError | None = None

    @property
    def is_answered(self) -> bool:
        """Whether RingCentral gave any usable answer, be it a page of a feed that was not read to its end."""
        return bool(self.answered or self.records)

    def has_asked_about(self, wanted: Wanted) -> bool:
        """Say whether the sweep would have brought the records of this call, had there been any."""
        return self._was_fed(wanted) or self.has_listed(wanted.telephony_session_id or "", wanted.started_at)

    def has_listed(self, telephony_session_id: str, started_at: datetime, ended_at: datetime | None = None) -> bool:
        """Say whether the sweep brought all records of this call, and not only those that changed.

        Without `ended_at`, whether it brought the one that began with the call: another may begin as long as it is on.
        """
        return any(_lists(request, telephony_session_id, started_at, ended_at) for request in self.answered)

    def has_no_answer_about(self, wanted: Wanted) -> bool:
        """Say whether this call was asked about, and RingCentral gave no usable answer."""
        name, start = wanted.telephony_session_id or "", wanted.started_at
        return not self.has_asked_about(wanted) and any(_lists(one, name, start) for one in self.unanswered)

    def asked(self) -> Iterator[Window]:
        """Give the stretches of time of which the sweep brought whatever records are new in them."""
        for request in self.answered:
            if isinstance(request, Window):
                yield request
            elif isinstance(request, Feed):
                yield Window(self.asking.shown_since or ALWAYS.date_from, ALWAYS.date_to)

    def _was_fed(self, wanted: Wanted) -> bool:
        """Say whether a feed was read to its end that shows this call."""
        since = self.asking.shown_since
        return is_shown(wanted, since) and any(isinstance(request, Feed) for request in self.answered)


class Sweeper:
    """Carries out requests for one account; the result is in `found`."""

    def __init__(
        self,
        call_log: CallLog,
        feed: CallLogFeed,
        asking: Asking,
        session_by_older_id: Callable[[CallLogRecord], str | None],
    ) -> None:
        """Sort records that name no session by `session_by_older_id`, which may know one by their `sessionId`."""
        self._call_log = call_log
        self._feed = feed
        self._session_by_older_id = session_by_older_id
        self.found = Sweep(asking)

    def carry_out(self, requests: Sequence[tuple[Request, Share]], *, since: datetime, now: float) -> Iterator[None]:
        """Carry out one request after the other, pausing after each answer for the caller to keep its lease.

        A feed without a token begins at `since`. A request that fails ends the sweep; what came before stays. One that
        the past must wait for, because the budget is needed for the present, is no failure. Where RingCentral cannot
        answer for a stretch of the past, all of that rests for a while: the present must not wait for it.
        """
        try:
            for request, share in requests:
                yield from self._carry_out(request, share, since=since, now=now)
        except RingCentralError as error:
            self.found.stopped_by = _bare(error)

    def _carry_out(self, request: Request, share: Share, *, since: datetime, now: float) -> Iterator[None]:
        if share is Share.LIVE and not isinstance(request, Feed):  # who waits has had a turn, whatever is answered
            self.found.asking = msgspec.structs.replace(self.found.asking, behind=False)
        try:
            if isinstance(request, Feed):
                yield from self._poll(request, share, since=since, now=now)
            elif isinstance(request, LookUp):
                yield from self._look_up(request, share)
            else:
                yield from self._list(request, share, now=now)
                if share is not Share.LIVE:
                    self.found.asking = self.found.asking.after_past()
        except RateLimited:
            if share is Share.LIVE:
                raise
        except (Refused, Forbidden, NotFound, Unavailable) as error:
            self._note_failure(request, share, error, now=now)
            if share is Share.LIVE or not was_there(error) or not isinstance(request, Window):
                raise
            log.warning("call_log.past_not_answered", status=error.status, codes=error.codes)
            density = self._density_after(request, share, now=now)
            self.found.asking = self.found.asking.after_past_failure(now=now, density=density)
            if isinstance(error, Unavailable):  # the others are left alone for a moment, too
                raise
            self.found.past_stopped_by = _bare(error)

    def _note_failure(self, request: Request, share: Share, error: RingCentralError, *, now: float) -> None:
        """Remember for what RingCentral, which was there, had no answer, and whether that was too much for it."""
        if was_there(error):
            (self.found.unanswered if share is Share.LIVE else self.found.past_unanswered).append(request)
            if share is Share.LIVE and not isinstance(request, Feed):
                self.found.asking = self.found.asking.without_turns(now=now)
        if isinstance(request, Window) and error.late:
            density = self._density_after(request, share, now=now)
            self.found.asking = self.found.asking.after_late(density, share, now=now)

    def _poll(self, request: Feed, share: Share, *, since: datetime, now: float) -> Iterator[None]:
        """Read a feed to its end. One that is refused, is broken or stands still is left alone from now on."""
        more = True
        try:
            while more:
                token = self.found.asking.token_of(request.lane)
                page = self._next(request.lane, since, share, now)
                yield from self._take(page)
                more = page.newer_records_exist
                self.found.asking = msgspec.structs.replace(self.found.asking, behind=more)
                if more and page.sync_token == token:  # it would say so for ever
                    log.warning("call_log.feed_stands_still", lane=request.lane)
                    self.found.asking = self.found.asking.after_failure(request.lane, now=now)
                    return
        except (Forbidden, NotFound, Refused):
            self.found.asking = self.found.asking.without(request.lane, now=now)
            return
        except Unavailable as error:
            if _is_not_offered(error):
                self.found.asking = self.found.asking.broken(request.lane, now=now)
            elif was_there(error):  # where nobody is, the other lanes would not answer either
                self.found.asking = self.found.asking.after_failure(request.lane, now=now)
            raise
        asking = self.found.asking
        if not asking.has_gap:
            asking = msgspec.structs.replace(asking, compared_to=now, narrowing=Narrowing())
        self.found.asking = msgspec.structs.replace(asking, failures=0)
        self.found.answered.append(request)

    def _next(self, lane: Lane, since: datetime, share: Share, now: float) -> SyncPage:
        """Ask for the next page; anew from `since` where there is no token, or none that RingCentral goes on from.

        That counts as a failure until the feed is read to its end: a feed of several pages never is if it goes on from
        none of its tokens.
        """
        token, behind = self.found.asking.token_of(lane), self.found.asking.has_gap
        if token is not None:
            try:
                page = self._feed.go_on(lane, token, share=share)
            except StaleToken:
                self.found.asking = self.found.asking.without_token().after_failure(lane, now=now)
            else:
                self.found.asking = msgspec.structs.replace(self.found.asking, token=page.sync_token)
                return page
        page = self._feed.begin(lane, since, share=share)
        self.found.asking = _begun(self.found.asking, lane, page, since, behind=behind)
        return page

    def _look_up(self, request: LookUp, share: Share) -> Iterator[None]:
        try:
            page = self._call_log.by_telephony_session_id(request.telephony_session_id, request.date_from, share=share)
        except NotFound:  # not there yet: an answer like an empty page
            page = CallLogPage(())
        except Refused as error:  # for ever; the others must not wait for that, nor this one for its deadline
            log.warning("call_log.look_up_refused", session=request.telephony_session_id, codes=error.codes)
            page = CallLogPage(())
        yield from self._take(page)
        self.found.answered.append(request)

    def _list(self, window: Window, share: Share, *, now: float) -> Iterator[None]:
        """Read a window page by page, newest first; what is read counts as asked even if the rest cannot be."""
        oldest, newest, count = window.date_to, window.date_from, 0
        for page in self._call_log.pages(window.date_from, window.date_to, share=share):
            starts = [record.start_time for record in page.records if record.start_time]
            oldest, newest, count = min([oldest, *starts]), max([newest, *starts]), count + len(starts)
            self.found.answered.append(Window(oldest if page.next_page else window.date_from, window.date_to))
            if count >= MANY and newest > oldest:
                self._note_density(count / (newest - oldest).total_seconds(), share)
            elif page.next_page and not count:  # full of what cannot be read: the next window is half as long
                self._note_density(2 * fullest(window), share)
            yield from self._take(page)
        known = self.found.asking.density_for(share, now=now)
        if count < MANY and known:  # so few tell nothing, but that the next window may be longer
            self._note_density(known / 2, share)

    def _density_after(self, window: Window, share: Share, *, now: float) -> float:
        """Say how many records per second to reckon with after a window that was too much.

        By it the next one is half as long, or shorter where the pages that came before it failed have told so.
        """
        return max(2 * fullest(window), self.found.asking.density_for(share, now=now) or 0.0)

    def _note_density(self, density: float, share: Share) -> None:
        self.found.asking = self.found.asking.with_density(density, share)

    def _take(self, page: CallLogPage | SyncPage) -> Iterator[None]:
        self.found.malformed += len(page.malformed)
        for record in page.records:
            self.found.records.setdefault(session_of(record, self._session_by_older_id), []).append(record)
        yield


def _lists(request: Request, telephony_session_id: str, started_at: datetime, ended_at: datetime | None = None) -> bool:
    """Say whether a request of the list is for this call, and for whatever of it began until `ended_at`."""
    if isinstance(request, Window):
        return request.covers(started_at) and (ended_at is None or request.covers(ended_at))
    return isinstance(request, LookUp) and request.telephony_session_id == telephony_session_id


def was_there(error: RingCentralError) -> bool:
    """Say whether RingCentral answered, or took longer than is waited: another request may fare better.

    What was not sent for want of an access token, which nobody gets whose credentials are not accepted, got no answer,
    whatever was said to the request for that.
    """
    is_unheard = isinstance(error, NotSent | BrokenConfiguration)
    return not is_unheard and (error.status is not None or error.late)


def _is_not_offered(error: Unavailable) -> bool:
    """Say whether there is no such lane, going by a status in whosever words, or an answer that is of another one."""
    return was_there(error) and (error.status in _NOT_OFFERED or isinstance(error.__cause__, NoToken))


def _bare(error: RingCentralError) -> RingCentralError:
    """Take from an error where it was raised."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def _begun(asking: Asking, lane: Lane, page: SyncPage, since: datetime, *, behind: bool) -> Asking:
    """Say how far a feed reaches that began anew with `page`.

    The smaller feed begins with the newest calls only and never shows those that began before the oldest of them. What
    it leaves out of the time since `since` is compared with the list; where that is still going on, it goes on.
    """
    if lane is not Lane.SYNC:
        return asking.begun(lane, page.sync_token)
    if len(page.records) + len(page.malformed) < MOST[lane]:
        return asking.begun(lane, page.sync_token, since=since.timestamp())
    oldest = min((record.start_time for record in page.records if record.start_time), default=since)
    begun = asking.begun(lane, page.sync_token, since=oldest.timestamp())
    return begun if behind else msgspec.structs.replace(begun, compared_to=since.timestamp())
