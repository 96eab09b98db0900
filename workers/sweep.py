"""One sweep of the call log: carry out the planned requests, and sort the records by the session they belong to."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from runtime.asking import Asking
from runtime.budget import Share
from telephony.call_log import CallLogPage, SyncPage
from telephony.fetch_plan import PAGE, Feed, Lane, LookUp, Request, Window
from telephony.records import CallLogRecord
from workers.ringcentral.call_log import CallLog
from workers.ringcentral.errors import Forbidden, RateLimited, Refused, RingCentralError
from workers.ringcentral.feeds import MOST, CallLogFeed, StaleToken


class Sweep(msgspec.Struct):
    """What a sweep brought: records by session, what was asked to the end, and what stopped it, if something did."""

    asking: Asking
    records: dict[str, list[CallLogRecord]] = msgspec.field(default_factory=dict)
    answered: list[Request] = msgspec.field(default_factory=list)
    malformed: int = 0
    stopped_by: RingCentralError | None = None

    def has_asked_about(self, telephony_session_id: str, started_at: datetime) -> bool:
        """Say whether the sweep would have brought the records of this call, had there been any."""
        return self.caught_up or self.has_listed(telephony_session_id, started_at)

    def has_listed(self, telephony_session_id: str, started_at: datetime) -> bool:
        """Say whether the sweep brought all records of this call, and not only those that changed."""
        return any(
            request.covers(started_at)
            if isinstance(request, Window)
            else isinstance(request, LookUp) and request.telephony_session_id == telephony_session_id
            for request in self.answered
        )

    @property
    def caught_up(self) -> bool:
        """Whether a feed was read to its end."""
        return any(isinstance(request, Feed) for request in self.answered)


class Sweeper:
    """Carries out requests for one account; the result is in `found`."""

    def __init__(self, call_log: CallLog, feed: CallLogFeed, asking: Asking, sessions: Mapping[str, str]) -> None:
        """Sort records by `sessions` (RingCentral's `sessionId` to our session) where they name no session."""
        self._call_log = call_log
        self._feed = feed
        self._sessions = sessions
        self.found = Sweep(asking)

    def carry_out(self, requests: Sequence[tuple[Request, Share]], *, since: datetime, now: float) -> Iterator[None]:
        """Carry out one request after the other, pausing after each answer for the caller to keep its lease.

        A feed without a token begins at `since`. A request that fails ends the sweep; what came before stays. One that
        the past must wait for, because the budget is needed for the present, is no failure.
        """
        share = Share.LIVE
        try:
            for request, share in requests:
                if isinstance(request, Feed):
                    yield from self._poll(request, share, since=since, now=now)
                elif isinstance(request, LookUp):
                    found = self._call_log.by_telephony_session_id(
                        request.telephony_session_id, request.date_from, share=share
                    )
                    yield from self._take(found)
                    self.found.answered.append(request)
                else:
                    yield from self._list(request, share)
        except RingCentralError as error:
            if not (isinstance(error, RateLimited) and share is Share.BACKFILL):
                self.found.stopped_by = error

    def _poll(self, request: Feed, share: Share, *, since: datetime, now: float) -> Iterator[None]:
        lane, begun = request.lane, False
        try:
            while True:
                token = self.found.asking.token_of(lane)
                begun = begun or token is None
                page = self._next(lane, token, since, share)
                if page is None:
                    continue
                self.found.asking = msgspec.structs.replace(self.found.asking, token=page.sync_token, token_lane=lane)
                yield from self._take(page)
                if not page.newer_records_exist:
                    break
        except (Forbidden, Refused):
            self.found.asking = self.found.asking.without(lane, now=now)
            return
        self.found.answered.append(request)
        if not (begun and lane is Lane.SYNC and len(page.records) >= MOST[lane]):  # such a beginning may lack some
            self.found.asking = msgspec.structs.replace(self.found.asking, compared_to=now)

    def _next(self, lane: Lane, token: str | None, since: datetime, share: Share) -> SyncPage | None:
        """Ask for the next page; None when the token was refused, and forgotten."""
        if token is None:
            return self._feed.begin(lane, since, share=share)
        try:
            return self._feed.go_on(lane, token, share=share)
        except StaleToken:
            self.found.asking = msgspec.structs.replace(self.found.asking, token=None)
            return None

    def _list(self, window: Window, share: Share) -> Iterator[None]:
        """Read a window page by page, newest first; what is read counts as asked even if the rest cannot be."""
        oldest, newest, count = window.date_to, window.date_from, 0
        for page in self._call_log.pages(window.date_from, window.date_to, share=share):
            starts = [record.start_time for record in page.records if record.start_time]
            oldest, newest, count = min([oldest, *starts]), max([newest, *starts]), count + len(starts)
            self.found.answered.append(Window(oldest if page.next_page else window.date_from, window.date_to))
            self._note_density(oldest, newest, count)
            yield from self._take(page)

    def _note_density(self, oldest: datetime, newest: datetime, count: int) -> None:
        seconds = (newest - oldest).total_seconds()
        if seconds > 0 and count > PAGE / 20:
            self.found.asking = msgspec.structs.replace(self.found.asking, density=count / seconds)

    def _take(self, page: CallLogPage | SyncPage) -> Iterator[None]:
        self.found.malformed += len(page.malformed)
        for record in page.records:
            self.found.records.setdefault(self._session_of(record), []).append(record)
        yield

    def _session_of(self, record: CallLogRecord) -> str:
        """Name the session of a record: as it says itself, else the one we know by its older id, else that id."""
        if record.telephony_session_id:
            return record.telephony_session_id
        session_id = record.session_id or ""
        return self._sessions.get(session_id) or session_id or record.id or "unknown"
